/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diffs of results as text: notes about skipped files, unified hunks with three lines around, prepared text.
 */
#include <string.h>

#include "common/json/json.h"
#include "common/value/value_python.h"
#include "engine/report/diff_match.h"
#include "engine/report/paint.h"
#include "engine/report/result_text.h"

struct diff_writer {
    struct text *out;
    const struct palette *palette;
    size_t context;
    const struct diff_lines *a, *b;
};

/* --- lines --- */

/* Length of the line end at `data` by Python's splitlines, or 0. */
static size_t line_end(const char *data, size_t left)
{
    unsigned char c = (unsigned char)data[0];

    if (c == '\r')
        return left > 1 && data[1] == '\n' ? 2 : 1;
    if (c == '\n' || c == '\v' || c == '\f' || (c >= 0x1c && c <= 0x1e))
        return 1;
    if (c == 0xC2 && left > 1 && (unsigned char)data[1] == 0x85)
        return 2;
    if (c == 0xE2 && left > 2 && (unsigned char)data[1] == 0x80 && ((unsigned char)data[2] & 0xFE) == 0xA8)
        return 3;
    return 0;
}

static void lines_add(struct arena *arena, struct diff_lines *lines, const char *data, size_t length)
{
    if (lines->count == 0 || (lines->count >= 16 && (lines->count & (lines->count - 1)) == 0)) {
        size_t room = lines->count == 0 ? 16 : lines->count * 2;

        lines->lines = arena_grow(arena, lines->lines, lines->count * sizeof(char *), room * sizeof(char *));
        lines->lengths = arena_grow(arena, lines->lengths, lines->count * sizeof(size_t), room * sizeof(size_t));
    }
    lines->lines[lines->count] = data;
    lines->lengths[lines->count++] = length;
}

static struct diff_lines lines_of(struct arena *arena, const char *data, size_t length)
{
    struct diff_lines lines = { 0 };
    size_t start = 0;

    for (size_t at = 0; at < length;) {
        size_t end = line_end(data + at, length - at);

        at += end > 0 ? end : 1;
        if (end > 0) {
            lines_add(arena, &lines, data + start, at - start);
            start = at;
        }
    }
    if (start < length)
        lines_add(arena, &lines, data + start, length - start);
    if (lines.count > 0 && lines.lines[lines.count - 1][lines.lengths[lines.count - 1] - 1] != '\n') {
        struct text last = text_new(arena);

        text_add_n(&last, lines.lines[lines.count - 1], lines.lengths[lines.count - 1]);
        text_add(&last, "\n\\ No newline at end of file\n");
        lines.lines[lines.count - 1] = last.data;
        lines.lengths[lines.count - 1] = last.length;
    }
    return lines;
}

/* --- hunks --- */

enum part_kind { PART_EQUAL, PART_DELETE, PART_INSERT, PART_REPLACE };

struct part {
    enum part_kind kind;
    size_t a_low, a_high, b_low, b_high;
};

struct parts {
    struct part *items;
    size_t count;
};

static struct parts parts_of(struct arena *arena, const struct diff_block *blocks, size_t count)
{
    struct parts parts = { arena_new_array(arena, struct part, count * 2 + 1), 0 };
    size_t a = 0, b = 0;

    for (size_t i = 0; i < count; i++) {
        const struct diff_block *block = &blocks[i];
        struct part part = { PART_EQUAL, a, block->a, b, block->b };

        if (a < block->a || b < block->b) {
            part.kind = a == block->a ? PART_INSERT : b == block->b ? PART_DELETE : PART_REPLACE;
            parts.items[parts.count++] = part;
        }
        a = block->a + block->length;
        b = block->b + block->length;
        if (block->length > 0)
            parts.items[parts.count++] = (struct part){ PART_EQUAL, block->a, a, block->b, b };
    }
    return parts;
}

static void line_write(struct diff_writer *w, char mark, const char *line, size_t length)
{
    enum paint paint = mark == '+' ? PAINT_DIFF_ADD : mark == '-' ? PAINT_DIFF_REMOVE : PAINT_NONE;
    struct text whole = text_new(w->out->arena);

    text_add_char(&whole, mark);
    text_add_n(&whole, line, length);
    paint_add(w->out, whole.data, whole.length, paint, w->palette);
}

static void range_write(struct text *out, size_t low, size_t high)
{
    if (high - low == 1)
        text_printf(out, "%zu", low + 1);
    else
        text_printf(out, "%zu,%zu", high == low ? low : low + 1, high - low);
}

static void hunk_write(struct diff_writer *w, const struct part *parts, size_t count)
{
    struct text head = text_new(w->out->arena);

    text_add(&head, "@@ -");
    range_write(&head, parts[0].a_low, parts[count - 1].a_high);
    text_add(&head, " +");
    range_write(&head, parts[0].b_low, parts[count - 1].b_high);
    text_add(&head, " @@\n");
    paint_add(w->out, head.data, head.length, PAINT_DIFF_LINES, w->palette);
    for (size_t i = 0; i < count; i++) {
        const struct part *part = &parts[i];

        for (size_t n = part->a_low; n < part->a_high; n++)
            line_write(w, part->kind == PART_EQUAL ? ' ' : '-', w->a->lines[n], w->a->lengths[n]);
        for (size_t n = part->b_low; part->kind != PART_EQUAL && n < part->b_high; n++)
            line_write(w, '+', w->b->lines[n], w->b->lengths[n]);
    }
}

static size_t at_least(size_t low, size_t value)
{
    return value > low ? value : low;
}

static void headers_write(struct diff_writer *w, const char *before, const char *after)
{
    char *line = arena_printf(w->out->arena, "--- %s\n", before);

    paint_add(w->out, line, strlen(line), PAINT_DIFF_REMOVE, w->palette);
    line = arena_printf(w->out->arena, "+++ %s\n", after);
    paint_add(w->out, line, strlen(line), PAINT_DIFF_ADD, w->palette);
}

/* Groups of changes with so many equal lines around; long equal stretches part them. */
static void hunks_write(struct diff_writer *w, const struct parts *all)
{
    struct part *group = arena_new_array(w->out->arena, struct part, all->count + 1);
    size_t count = 0, context = w->context;

    for (size_t i = 0; i < all->count; i++) {
        struct part part = all->items[i];
        bool is_last = i + 1 == all->count;

        if (part.kind == PART_EQUAL && i == 0) {
            part.a_low = at_least(part.a_low, part.a_high > context ? part.a_high - context : 0);
            part.b_low = at_least(part.b_low, part.b_high > context ? part.b_high - context : 0);
        }
        if (part.kind == PART_EQUAL && !is_last && part.a_high - part.a_low > 2 * context) {
            group[count++] =
                (struct part){ PART_EQUAL, part.a_low, part.a_low + context, part.b_low, part.b_low + context };
            hunk_write(w, group, count);
            count = 0;
            part.a_low = part.a_high - context;
            part.b_low = part.b_high - context;
        }
        if (part.kind == PART_EQUAL && is_last) {
            part.a_high = part.a_high < part.a_low + context ? part.a_high : part.a_low + context;
            part.b_high = part.b_high < part.b_low + context ? part.b_high : part.b_low + context;
        }
        group[count++] = part;
    }
    if (count > 0 && !(count == 1 && group[0].kind == PART_EQUAL))
        hunk_write(w, group, count);
}

/* --- one diff --- */

static const char *side_text(struct text *out, const struct value *side, const struct result_style *style,
                             size_t *length)
{
    struct text text = text_new(out->arena);

    if (value_is(side, VALUE_STRING)) {
        *length = side->as.string.length;
        return side->as.string.data;
    }
    if (value_is(side, VALUE_MAP)) {
        result_dump_diff(&text, side, style);
    } else if (!value_is(side, VALUE_NULL)) {
        value_str(&text, side);
    }
    *length = text.length;
    return text.length == 0 ? "" : text.data;
}

static const char *header_of(struct arena *arena, const struct value *diff, const char *key, const char *side)
{
    const struct value *header = value_map_get(diff, key);

    return header == NULL ? side : arena_printf(arena, "%s: %s", side, value_to_text(arena, header));
}

static void sides_write(struct text *out, const struct value *diff, const struct result_style *style)
{
    size_t a_length = 0, b_length = 0, count = 0;
    const char *a_text = side_text(out, value_map_get(diff, "before"), style, &a_length);
    const char *b_text = side_text(out, value_map_get(diff, "after"), style, &b_length);
    struct diff_lines a = lines_of(out->arena, a_text, a_length), b = lines_of(out->arena, b_text, b_length);
    struct diff_writer w = { out, style->palette, result_context(style), &a, &b };
    struct diff_block *blocks = diff_match(out->arena, &a, &b, &count);
    struct parts parts = parts_of(out->arena, blocks, count);

    if (parts.count == 0 || (parts.count == 1 && parts.items[0].kind == PART_EQUAL))
        return;
    headers_write(&w, header_of(out->arena, diff, "before_header", "before"),
                  header_of(out->arena, diff, "after_header", "after"));
    hunks_write(&w, &parts);
    text_add_char(out, '\n');
}

static void larger_write(struct text *out, const struct value *diff, const char *key, const char *side)
{
    const struct value *size = value_map_get(diff, key);

    if (size != NULL)
        text_printf(out, "diff skipped: %s file size is greater than %s\n", side, value_to_text(out->arena, size));
}

static void one_write(struct text *out, const struct value *diff, const struct result_style *style)
{
    if (value_map_get(diff, "dst_binary") != NULL)
        text_add(out, "diff skipped: destination file appears to be binary\n");
    if (value_map_get(diff, "src_binary") != NULL)
        text_add(out, "diff skipped: source file appears to be binary\n");
    larger_write(out, diff, "dst_larger", "destination");
    larger_write(out, diff, "src_larger", "source");
    if (value_map_get(diff, "before") != NULL && value_map_get(diff, "after") != NULL)
        sides_write(out, diff, style);
    if (value_is(value_map_get(diff, "prepared"), VALUE_STRING))
        text_add(out, value_map_text(diff, "prepared"));
}

void result_text_diff(struct text *out, const struct value *diff, const struct result_style *style)
{
    if (value_is(diff, VALUE_MAP)) {
        one_write(out, diff, style);
        return;
    }
    for (size_t i = 0; i < value_count(diff); i++)
        one_write(out, value_item(diff, i), style);
}
