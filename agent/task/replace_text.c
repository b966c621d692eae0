/* SPDX-License-Identifier: Apache-2.0 */
/* Replacing all matches of an expression in a text. The text is never changed in place. */
#include "agent/task/replace_text.h"

#include <string.h>

#include "common/regex/regex.h"

struct part {
    size_t start, end;
};

/* Finds what lies between `after` and `before`. *missing_out: what was searched for in vain. */
static bool part_find(struct arena *arena, const char *text, const struct replace_request *request, struct part *part,
                      const char **missing_out, struct error *err)
{
    bool has_after = request->after && request->after[0], has_before = request->before && request->before[0];
    struct regex_match match = { 0 };
    struct regex *regex = NULL;
    bool found = false;

    if (!has_after && !has_before)
        return true;
    const char *pattern = arena_printf(arena, "%s(?P<subsection>.*%s)%s", has_after ? request->after : "",
                                       has_after && has_before ? "?" : "", has_before ? request->before : "");
    /* A dot matches newlines here too. */
    const char *dotall = arena_printf(arena, "(?s)%s", pattern);
    if (!regex_compile(arena, dotall, strlen(dotall), REGEX_TEXT, &regex, err) ||
        !regex_search(regex, text, part->end, &match, &found, err))
        return false;
    if (found) {
        size_t group = regex_group_number(regex, "subsection");
        *part = (struct part){ match.offsets[2 * group], match.offsets[2 * group + 1] };
    } else {
        *missing_out = pattern;
    }
    return true;
}

/* Copies one character: an empty match must not be found twice. */
static size_t copy_one(struct text *out, const char *text, size_t length, size_t at)
{
    size_t next = at;

    if (at >= length)
        return at + 1;
    (void)text_utf8_next(text, length, &next);
    text_add_n(out, text + at, next - at);
    return next;
}

/* What one expression is applied to. */
struct replace_input {
    const char *text;
    size_t length;
};

static bool replace_all(struct regex *regex, const struct replace_input *input, const char *with, struct text *out,
                        size_t *count_out, struct error *err)
{
    const char *text = input->text;
    struct regex_match match = { 0 };
    size_t at = 0, length = input->length;
    bool found = true;

    while (at <= length) {
        const struct regex_range range = { .subject = text, .length = length, .from = at };
        if (!regex_search_range(regex, &range, &match, &found, err))
            return false;
        if (!found)
            break;
        size_t start = match.offsets[0], end = match.offsets[1];
        text_add_n(out, text + at, start - at);
        if (!regex_expand(regex, &match, with, out, err))
            return error_prefix(err, "replace '%s'", with);
        (*count_out)++;
        at = end > start ? end : copy_one(out, text, length, end);
    }
    if (at < length)
        text_add_n(out, text + at, length - at);
    return true;
}

bool replace_text(struct arena *arena, const char *text, size_t length, const struct replace_request *request,
                  struct replace_outcome *out, struct error *err)
{
    struct part part = { 0, length };
    struct regex *regex = NULL;
    struct text section = text_new(arena), whole = text_new(arena);
    const char *missing = NULL;
    size_t count = 0;

    if (!part_find(arena, text, request, &part, &missing, err) ||
        !regex_compile(arena, request->regexp, strlen(request->regexp), REGEX_TEXT | REGEX_MULTILINE, &regex, err))
        return false;
    if (missing) {
        *out = (struct replace_outcome){ .data = text, .length = length, .missing = missing };
        return true;
    }
    /* The part is a text of its own: ^ and \b do not see what lies around it. */
    const struct replace_input input = { arena_copy_n(arena, text + part.start, part.end - part.start),
                                         part.end - part.start };
    if (!replace_all(regex, &input, request->replace, &section, &count, err))
        return false;
    text_add_n(&whole, text, part.start);
    text_add_n(&whole, section.data ? section.data : "", section.length);
    text_add_n(&whole, text + part.end, length - part.end);
    *out = (struct replace_outcome){ .data = whole.data ? whole.data : "", .length = whole.length, .count = count };
    return true;
}
