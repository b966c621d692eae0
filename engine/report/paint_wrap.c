/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Breaking a paragraph into lines by the rules of Python's textwrap: at blanks, behind hyphens inside words and at
 * dashes; a word that is longer than a line is cut.
 */
#include <ctype.h>
#include <string.h>

#include "engine/report/paint.h"

struct wrap {
    const uint32_t *text; /* code points; blanks only ' ' */
    size_t length;
    size_t at;  /* start of the next chunk */
    size_t end; /* its end; equal to `at`: not looked for yet */
};

static bool is_letter(const struct wrap *w, size_t at)
{
    uint32_t c = at < w->length ? w->text[at] : 0;

    return c >= 0x80 || isalpha((int)c) || c == '_';
}

static bool is_word(const struct wrap *w, size_t at)
{
    return is_letter(w, at) || (at < w->length && w->text[at] >= '0' && w->text[at] <= '9');
}

/* What may stand before a dash. */
static bool is_punctuated_word(const struct wrap *w, size_t at)
{
    return is_word(w, at) ||
           (at < w->length && w->text[at] != 0 && w->text[at] < 0x80 && strchr("!\"'&.,?", (int)w->text[at]) != NULL);
}

/* Hyphens from `at` on, if there are two or more and a word follows; else 0. */
static size_t dash_length(const struct wrap *w, size_t at)
{
    size_t count = 0;

    while (at + count < w->length && w->text[at + count] == '-')
        count++;
    return count >= 2 && is_word(w, at + count) ? count : 0;
}

/* A hyphen at `at` behind which a line may end: "ab-|cd", "a-b-|c-d". */
static bool is_break_hyphen(const struct wrap *w, size_t start, size_t at)
{
    if (w->text[at] != '-' || at < start + 1)
        return false;
    if (!(at >= 2 && is_letter(w, at - 1) &&
          (is_letter(w, at - 2) || (at >= 3 && w->text[at - 2] == '-' && is_letter(w, at - 3)))))
        return false;
    if (!is_letter(w, at + 1))
        return false;
    return is_letter(w, at + 2) || (at + 2 < w->length && w->text[at + 2] == '-' && is_letter(w, at + 3));
}

static size_t chunk_end(const struct wrap *w)
{
    size_t start = w->at, at = start;

    if (w->text[at] == ' ') {
        while (at < w->length && w->text[at] == ' ')
            at++;
        return at;
    }
    if (at > 0 && is_punctuated_word(w, at - 1) && dash_length(w, at) > 0)
        return at + dash_length(w, at);
    for (at++; at < w->length && w->text[at] != ' '; at++) {
        if (is_break_hyphen(w, start, at))
            return at + 1;
        if (is_punctuated_word(w, at - 1) && dash_length(w, at) > 0)
            return at;
    }
    return at;
}

static bool chunk_next(struct wrap *w)
{
    if (w->at >= w->length)
        return false;
    if (w->end <= w->at)
        w->end = chunk_end(w);
    return true;
}

/* The part of a too long chunk that fits: up to a hyphen if there is one. */
static size_t chunk_cut(const struct wrap *w, size_t room)
{
    size_t dashes = 0;

    while (w->at + dashes < w->end && w->text[w->at + dashes] == '-')
        dashes++;
    for (size_t i = room; i > 1; i--) {
        if (w->text[w->at + i - 1] == '-' && dashes < i - 1)
            return i;
    }
    return room;
}

static void chunk_take(struct wrap *w, struct text *line, size_t count)
{
    for (; count > 0; count--)
        text_add_codepoint(line, w->text[w->at++]);
}

/* True if the line's last chunk is a cut of no length: textwrap then keeps the blanks in front of it. */
static bool line_fill(struct wrap *w, struct text *line, size_t width)
{
    size_t used = 0;

    while (chunk_next(w) && used + (w->end - w->at) <= width) {
        used += w->end - w->at;
        chunk_take(w, line, w->end - w->at);
    }
    if (!chunk_next(w) || w->end - w->at <= width)
        return false;
    chunk_take(w, line, chunk_cut(w, width - used));
    return used == width;
}

/* Tabs become blanks up to the next column of eight, other white space one blank each. */
static struct wrap wrap_new(struct arena *arena, const char *text)
{
    size_t length = strlen(text), count = 0, column = 0;
    uint32_t *points = arena_new_array(arena, uint32_t, length * 8 + 1);

    for (size_t at = 0; at < length;) {
        uint32_t c = text_utf8_next(text, length, &at);

        if (c == '\t') {
            do
                points[count++] = ' ';
            while (++column % 8 != 0);
            continue;
        }
        column = c == '\n' || c == '\r' ? 0 : column + 1;
        points[count++] = c == '\n' || c == '\r' || c == '\v' || c == '\f' ? ' ' : c;
    }
    return (struct wrap){ .text = points, .length = count };
}

void paint_wrap(struct text *out, const char *text, size_t width, bool keep_blanks)
{
    struct wrap w = wrap_new(out->arena, text);
    bool any = false;

    while (w.at < w.length) {
        struct text line = text_new(out->arena);
        bool keeps_end;

        if (!keep_blanks && any && chunk_next(&w) && w.text[w.at] == ' ')
            w.at = w.end;
        keeps_end = line_fill(&w, &line, width) || keep_blanks;
        while (!keeps_end && line.length > 0 && line.data[line.length - 1] == ' ')
            text_truncate(&line, line.length - 1);
        if (line.length == 0)
            continue;
        if (any)
            text_add_char(out, '\n');
        text_add_n(out, line.data, line.length);
        any = true;
    }
}
