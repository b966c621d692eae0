/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How text looks: escape codes, terminal columns, wrapped paragraphs.
 */
#include "engine/report/paint.h"

#include <string.h>

#include "engine/report/sinks.h"

const struct palette palette_default = { .codes = {
                                             [PAINT_NONE] = "0",
                                             [PAINT_OK] = "0;32",
                                             [PAINT_CHANGED] = "0;33",
                                             [PAINT_SKIP] = "0;36",
                                             [PAINT_ERROR] = "0;31",
                                             [PAINT_UNREACHABLE] = "1;31",
                                             [PAINT_DEBUG] = "1;30",
                                             [PAINT_VERBOSE] = "0;34",
                                             [PAINT_WARN] = "1;35",
                                             [PAINT_DEPRECATE] = "0;35",
                                             [PAINT_DIFF_ADD] = "0;32",
                                             [PAINT_DIFF_REMOVE] = "0;31",
                                             [PAINT_DIFF_LINES] = "0;36",
                                         } };

static const char *named_code(const char *name)
{
    static const struct {
        const char *name, *code;
    } colors[] = {
        { "black", "0;30" },   { "bright gray", "0;37" },    { "blue", "0;34" },      { "white", "1;37" },
        { "green", "0;32" },   { "bright blue", "1;34" },    { "cyan", "0;36" },      { "bright green", "1;32" },
        { "red", "0;31" },     { "bright cyan", "1;36" },    { "purple", "0;35" },    { "bright red", "1;31" },
        { "yellow", "0;33" },  { "bright purple", "1;35" },  { "dark gray", "1;30" }, { "bright yellow", "1;33" },
        { "magenta", "0;35" }, { "bright magenta", "1;35" }, { "normal", "0" },
    };

    for (size_t i = 0; i < sizeof(colors) / sizeof(colors[0]); i++) {
        if (text_equal(colors[i].name, name))
            return colors[i].code;
    }
    return NULL;
}

/* The number that follows `prefix`; -1: the name is another one. */
static int number_behind(const char *name, const char *prefix)
{
    int64_t number = 0;

    if (!text_starts(name, prefix) || !text_to_int(name + strlen(prefix), &number) || number < 0 || number > 255)
        return -1;
    return (int)number;
}

const char *palette_code(struct arena *arena, const char *name)
{
    int number = number_behind(name, "color");

    if (number >= 0)
        return arena_printf(arena, "38;5;%d", number);
    number = number_behind(name, "gray");
    if (number >= 0 && number < 24)
        return arena_printf(arena, "38;5;%d", 232 + number);
    if (text_starts(name, "rgb") && strlen(name) == 6 && strspn(name + 3, "012345") == 3)
        return arena_printf(arena, "38;5;%d", 16 + 36 * (name[3] - '0') + 6 * (name[4] - '0') + (name[5] - '0'));
    return named_code(name);
}

void paint_add(struct text *out, const char *data, size_t length, enum paint paint, const struct palette *palette)
{
    const char *end = data + length;

    if (palette == NULL || paint == PAINT_NONE) {
        text_add_n(out, data, length);
        return;
    }
    for (;;) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        const char *stop = newline == NULL ? end : newline;

        text_printf(out, "\033[%sm", palette->codes[paint]);
        text_add_n(out, data, (size_t)(stop - data));
        text_add(out, "\033[0m");
        if (newline == NULL)
            return;
        text_add_char(out, '\n');
        data = newline + 1;
    }
}

struct span {
    uint32_t first, last;
};

static bool in_spans(const struct span *spans, size_t count, uint32_t codepoint)
{
    for (size_t i = 0; i < count; i++) {
        if (codepoint >= spans[i].first && codepoint <= spans[i].last)
            return true;
    }
    return false;
}

static size_t codepoint_width(uint32_t codepoint)
{
    static const struct span zero[] = { { 0x300, 0x36F },   { 0x483, 0x489 },    { 0x591, 0x5BD },   { 0x610, 0x61A },
                                        { 0x64B, 0x65F },   { 0x200B, 0x200F },  { 0x20D0, 0x20F0 }, { 0xFE00, 0xFE0F },
                                        { 0xFE20, 0xFE2F }, { 0xE0100, 0xE01EF } };
    static const struct span wide[] = { { 0x1100, 0x115F },   { 0x231A, 0x231B },   { 0x23E9, 0x23EC },
                                        { 0x2E80, 0x303E },   { 0x3041, 0x33FF },   { 0x3400, 0x4DBF },
                                        { 0x4E00, 0x9FFF },   { 0xA000, 0xA4CF },   { 0xA960, 0xA97C },
                                        { 0xAC00, 0xD7A3 },   { 0xF900, 0xFAFF },   { 0xFE30, 0xFE6F },
                                        { 0xFF00, 0xFF60 },   { 0xFFE0, 0xFFE6 },   { 0x1F300, 0x1F64F },
                                        { 0x1F680, 0x1F6FF }, { 0x1F900, 0x1F9FF }, { 0x20000, 0x3FFFD } };

    if (codepoint < 0x300)
        return 1;
    if (in_spans(zero, sizeof(zero) / sizeof(zero[0]), codepoint))
        return 0;
    return in_spans(wide, sizeof(wide) / sizeof(wide[0]), codepoint) ? 2 : 1;
}

size_t paint_width(const char *text, size_t length)
{
    size_t width = 0;

    for (size_t at = 0; at < length;)
        width += codepoint_width(text_utf8_next(text, length, &at));
    return width;
}

size_t paint_fit(const char *text, size_t length, size_t columns)
{
    size_t width = 0, at = 0;

    while (at < length) {
        size_t next = at;

        width += codepoint_width(text_utf8_next(text, length, &next));
        if (width > columns)
            break;
        at = next;
    }
    return at;
}

bool report_palette(struct arena *arena, const char *(*color_of)(void *context, const char *setting), void *context,
                    const struct palette **out, struct error *err)
{
    static const struct {
        enum paint paint;
        const char *setting;
    } settings[] = {
        { PAINT_OK, "ok" },
        { PAINT_CHANGED, "changed" },
        { PAINT_SKIP, "skip" },
        { PAINT_ERROR, "error" },
        { PAINT_UNREACHABLE, "unreachable" },
        { PAINT_DEBUG, "debug" },
        { PAINT_VERBOSE, "verbose" },
        { PAINT_WARN, "warn" },
        { PAINT_DEPRECATE, "deprecate" },
        { PAINT_DIFF_ADD, "diff_add" },
        { PAINT_DIFF_REMOVE, "diff_remove" },
        { PAINT_DIFF_LINES, "diff_lines" },
    };
    struct palette *palette = arena_new_of(arena, struct palette);

    *palette = palette_default;
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        const char *name = color_of(context, settings[i].setting);
        const char *code = name == NULL ? NULL : palette_code(arena, name);

        if (name != NULL && code == NULL)
            return error_set_kind(err, ERROR_OPTIONS,
                                  "the colour '%s' of 'color %s' is not known: a name such as 'bright green', "
                                  "color0 to color255, rgb000 to rgb555, gray0 to gray23",
                                  name, settings[i].setting);
        if (code != NULL)
            palette->codes[settings[i].paint] = code;
    }
    *out = palette;
    return true;
}
