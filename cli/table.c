/* SPDX-License-Identifier: Apache-2.0 */
/* Laying out rows of maps. */
#include "cli/table.h"

#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/value/value_python.h"

#define SECOND_US ((int64_t)1000000)
#define GAP 2
#define NARROWEST 4
#define READABLE 8
#define TELLING 12

const char *table_age(struct arena *arena, int64_t then_us, int64_t now_us)
{
    static const struct {
        int64_t seconds;
        const char *unit;
    } units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
    int64_t seconds = (now_us - then_us) / SECOND_US;
    const char *ahead = seconds < 0 ? "in " : "";

    seconds = seconds < 0 ? -seconds : seconds;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (seconds >= units[i].seconds)
            return arena_printf(arena, "%s%lld %s", ahead, (long long)(seconds / units[i].seconds), units[i].unit);
    }
    return "just now";
}

const char *table_age_of(struct arena *arena, const char *iso)
{
    struct tm utc = { 0 };

    if (strptime(iso, "%Y-%m-%dT%H:%M:%S", &utc) == NULL)
        return iso;
    return table_age(arena, (int64_t)timegm(&utc) * SECOND_US, clock_wall_us());
}

static const char *cell(struct arena *arena, const struct value *row, const struct table_column *column)
{
    const struct value *value = value_map_get(row, column->key);

    if (value == NULL || value_is(value, VALUE_NULL))
        return "-";
    if (column->is_time && value_text(value) != NULL)
        return table_age_of(arena, value_text(value));
    return value_to_text(arena, value);
}

static uint32_t harmless(uint32_t codepoint)
{
    return codepoint < 0x20 || (codepoint >= 0x7f && codepoint < 0xa0) ? '?' : codepoint;
}

void table_add_told(struct text *out, const char *text)
{
    size_t length = strlen(text);

    for (size_t offset = 0; offset < length;)
        text_add_codepoint(out, harmless(text_utf8_next(text, length, &offset)));
}

static void cell_add(struct text *line, const char *text, size_t width, bool is_last)
{
    size_t used = text_utf8_count(text, strlen(text));
    size_t shown = used > width ? width - 1 : used;
    size_t offset = 0;

    for (size_t i = 0; i < shown; i++)
        text_add_codepoint(line, harmless(text_utf8_next(text, strlen(text), &offset)));
    if (shown < used)
        text_add(line, "…");
    for (size_t i = used < width ? used : width; !is_last && i < width + GAP; i++)
        text_add_char(line, ' ');
}

static void line_print(struct arena *arena, FILE *out, const char **cells, const size_t *widths, size_t count)
{
    struct text text = text_new(arena);

    for (size_t i = 0; i < count; i++)
        cell_add(&text, cells[i], widths[i], i + 1 == count);
    while (text.length > 0 && text.data[text.length - 1] == ' ')
        text_truncate(&text, text.length - 1);
    fprintf(out, "%s\n", text.data);
}

/* Narrows columns, the widest first and none below `floor`; what is still too much. */
static size_t narrow(size_t *widths, size_t count, size_t floor, size_t excess)
{
    while (count > 0 && excess > 0) {
        size_t widest = 0;

        for (size_t i = 1; i < count; i++)
            widest = widths[i] >= widths[widest] ? i : widest;
        if (widths[widest] <= floor)
            break;
        widths[widest]--;
        excess--;
    }
    return excess;
}

/* The last column tells why: the others give way to it while it has less than half of the line. */
static void widths_fit(size_t *widths, size_t count, size_t columns)
{
    const size_t floors[][2] = { { columns / 2, READABLE }, { TELLING, NARROWEST }, { NARROWEST, NARROWEST } };
    size_t total = count == 0 ? 0 : GAP * (count - 1);
    size_t excess = 0;

    for (size_t i = 0; i < count; i++)
        total += widths[i];
    excess = columns > 0 && total > columns ? total - columns : 0;
    for (size_t i = 0; count > 0 && i < sizeof(floors) / sizeof(floors[0]); i++) {
        excess = narrow(widths + count - 1, 1, floors[i][0], excess);
        excess = narrow(widths, count - 1, floors[i][1], excess);
    }
}

void table_print(struct arena *arena, FILE *out, const struct value *rows, const struct table_column *layout,
                 size_t count, int columns)
{
    size_t row_count = value_count(rows);
    const char **cells = arena_new_array(arena, const char *, (row_count + 1) * count);
    size_t *widths = arena_new_array(arena, size_t, count);

    for (size_t row = 0; row <= row_count; row++) {
        for (size_t i = 0; i < count; i++) {
            const char *text = row == 0 ? layout[i].title : cell(arena, value_item(rows, row - 1), &layout[i]);
            size_t width = text_utf8_count(text, strlen(text));

            cells[row * count + i] = text;
            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
    widths_fit(widths, count, columns > 0 ? (size_t)columns : 0);
    for (size_t row = 0; row <= row_count; row++)
        line_print(arena, out, cells + row * count, widths, count);
}
