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

static const char *age_of(struct arena *arena, const char *iso)
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
        return age_of(arena, value_text(value));
    return value_to_text(arena, value);
}

/* Control characters of what a node told must not move the cursor. */
static void cell_add(struct text *line, const char *text, size_t width, bool is_last, size_t room)
{
    size_t used = text_utf8_count(text, strlen(text));
    size_t shown = is_last && room > 0 && used > room ? room - 1 : used;
    size_t offset = 0;

    for (size_t i = 0; i < shown; i++) {
        uint32_t codepoint = text_utf8_next(text, strlen(text), &offset);

        text_add_codepoint(line, codepoint < 0x20 || codepoint == 0x7f ? '?' : codepoint);
    }
    if (shown < used)
        text_add(line, "…");
    for (size_t i = used; !is_last && i < width + GAP; i++)
        text_add_char(line, ' ');
}

struct table_line {
    const char **cells;
    const size_t *widths;
    size_t count;
    int columns;
};

static void line_print(struct arena *arena, FILE *out, const struct table_line *line)
{
    struct text text = text_new(arena);
    size_t before = 0;

    for (size_t i = 0; i < line->count; i++) {
        bool is_last = i + 1 == line->count;
        size_t room = line->columns > 0 && (size_t)line->columns > before + 1 ? (size_t)line->columns - before : 1;

        cell_add(&text, line->cells[i], line->widths[i], is_last, line->columns > 0 ? room : 0);
        before += line->widths[i] + GAP;
    }
    while (text.length > 0 && text.data[text.length - 1] == ' ')
        text_truncate(&text, text.length - 1);
    fprintf(out, "%s\n", text.data);
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
    for (size_t row = 0; row <= row_count; row++)
        line_print(arena, out, &(struct table_line){ cells + row * count, widths, count, columns });
}
