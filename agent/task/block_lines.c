/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and placing a marked block. Works on bytes; lines outside the block stay as they are. */
#include "agent/task/block_lines.h"

#include <string.h>

#include "common/base/text.h"
#include "common/regex/regex.h"

#define NOWHERE SIZE_MAX

/* The last line that is exactly `text` and a newline. */
static size_t line_find(const struct file_lines *lines, const char *text)
{
    size_t length = strlen(text), found = NOWHERE;

    for (size_t i = 0; i < lines->count; i++) {
        const struct file_line *line = &lines->items[i];
        if (line->length == length + 1 && memcmp(line->data, text, length) == 0 && line->data[length] == '\n')
            found = i;
    }
    return found;
}

/* Does the expression start with flags that hold m, as in (?m) or (?im)? Then it sees the file, not a line. */
static bool is_multiline(const char *pattern)
{
    while (text_starts(pattern, "(?")) {
        size_t flags = strspn(pattern + 2, "aiLmsux");
        if (flags == 0 || pattern[2 + flags] != ')')
            return false;
        if (memchr(pattern + 2, 'm', flags))
            return true;
        pattern += 3 + flags;
    }
    return false;
}

static size_t count_newlines(const char *data, size_t length)
{
    size_t count = 0;

    for (size_t i = 0; i < length; i++)
        count += data[i] == '\n';
    return count;
}

static bool match_file(const struct file_lines *lines, struct regex *regex, bool after, size_t *out, struct error *err)
{
    struct regex_match match = { 0 };
    size_t length = 0;
    bool found = false;
    const char *data = file_lines_join(lines, &length);

    if (!regex_search(regex, data, length, &match, &found, err))
        return false;
    if (found)
        *out = count_newlines(data, match.offsets[after ? 1 : 0]);
    return true;
}

static bool match_lines(const struct file_lines *lines, struct regex *regex, size_t *out, struct error *err)
{
    bool found = false;

    for (size_t i = 0; i < lines->count; i++) {
        if (!regex_search(regex, lines->items[i].data, lines->items[i].length, NULL, &found, err))
            return false;
        if (found)
            *out = i;
    }
    return true;
}

/* The line to insert before, for a block that is not there yet. */
static bool place_find(const struct file_lines *lines, const struct block_request *request, size_t *out,
                       struct error *err)
{
    bool after = request->insertbefore == NULL;
    const char *pattern = after ? request->insertafter : request->insertbefore;
    struct regex *regex = NULL;
    size_t found = NOWHERE;

    *out = lines->count;
    if (after && (!pattern || strcmp(pattern, "EOF") == 0))
        return true;
    if (!after && strcmp(pattern, "BOF") == 0) {
        *out = 0;
        return true;
    }
    if (!regex_compile(lines->arena, pattern, strlen(pattern), 0, &regex, err) ||
        !(is_multiline(pattern) ? match_file(lines, regex, after, &found, err)
                                : match_lines(lines, regex, &found, err)))
        return false;
    if (found != NOWHERE)
        *out = found + (after ? 1 : 0);
    if (*out > lines->count)
        *out = lines->count;
    return true;
}

static void lines_cut(struct file_lines *lines, size_t first, size_t last)
{
    for (size_t i = first; i <= last; i++)
        file_lines_remove(lines, first);
}

static bool is_empty_line(const struct file_line *line)
{
    return file_line_equal(line, "\n", 1);
}

static void block_insert(struct file_lines *lines, const struct block_request *request, size_t at)
{
    const size_t count = 3; /* marker, block, marker */
    size_t length = strlen(request->block);

    if (request->prepend_newline && at > 0 && !is_empty_line(&lines->items[at - 1]))
        file_lines_insert(lines, at++, "");
    if (request->block[length - 1] == '\n')
        length--;
    file_lines_insert(lines, at, request->begin);
    file_lines_insert(lines, at + 1, arena_copy_n(lines->arena, request->block, length));
    file_lines_insert(lines, at + 2, request->end);
    if (request->append_newline && at + count < lines->count && !is_empty_line(&lines->items[at + count]))
        file_lines_insert(lines, at + count, "");
}

bool block_apply(struct file_lines *lines, const struct block_request *request, struct error *err)
{
    size_t first = line_find(lines, request->begin), last = line_find(lines, request->end), at = 0;

    if (first == NOWHERE || last == NOWHERE) {
        if (!place_find(lines, request, &at, err))
            return false;
    } else {
        at = first < last ? first : last;
        lines_cut(lines, at, first < last ? last : first);
    }
    struct file_line *before = at > 0 ? &lines->items[at - 1] : NULL;
    if (before && before->data[before->length - 1] != '\n') {
        struct text ended = text_new(lines->arena);
        text_add_n(&ended, before->data, before->length);
        text_add_char(&ended, '\n');
        *before = (struct file_line){ ended.data, ended.length };
    }
    if (request->block && request->block[0])
        block_insert(lines, request, at);
    return true;
}
