/* SPDX-License-Identifier: Apache-2.0 */
/* regex_replace, regex_search, regex_findall, regex_escape: Python's re. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "engine/template/filter.h"
#include "engine/template/pattern.h"

static unsigned regex_flags(const struct value *ignorecase, const struct value *multiline)
{
    return (args_true(ignorecase, false) ? PATTERN_IGNORECASE : 0u) |
           (args_true(multiline, false) ? PATTERN_MULTILINE : 0u);
}

static struct regex *pattern_of(struct eval *eval, const struct value *pattern, unsigned flags)
{
    if (pattern->kind == VALUE_UNDEFINED)
        eval_fail_undefined(eval, pattern);
    else if (pattern->kind != VALUE_STRING)
        eval_fail_type(eval, "first argument must be string or compiled pattern");
    else
        return pattern_compile(eval->env, pattern->as.string.data, pattern->as.string.length, flags, eval->err);
    return NULL;
}

/* --- replacement templates --- */

static void add_group(struct text *out, const char *text, const struct pattern_match *match, size_t group)
{
    if (match->start[group] != SIZE_MAX)
        text_add_n(out, text + match->start[group], match->end[group] - match->start[group]);
}

struct replacement {
    const char *text;
    size_t length;
    const struct regex *regex;
};

/* \g<name>, \g<1>; false: no such group. */
static bool add_named(struct eval *eval, struct text *out, const char **at, const struct replacement *replacement,
                      const struct value *subject, const struct pattern_match *match)
{
    const char *end = strchr(*at, '>');
    char *name;
    size_t group;

    if (**at != '<' || end == NULL)
        return eval_fail(eval, "missing group name in the replacement '%s'", replacement->text) != NULL;
    name = arena_copy_n(eval->arena, *at + 1, (size_t)(end - *at - 1));
    group = isdigit((unsigned char)*name) ? strtoul(name, NULL, 10) : regex_group_number(replacement->regex, name);
    if (group > match->groups || (group == 0 && strcmp(name, "0") != 0))
        return eval_fail(eval, "unknown group name '%s'", name) != NULL;
    add_group(out, subject->as.string.data, match, group);
    *at = end + 1;
    return true;
}

static bool add_number(struct eval *eval, struct text *out, const char **at, const struct value *subject,
                       const struct pattern_match *match)
{
    size_t group = (size_t)(**at - '0');

    if (**at == '0') {
        text_add_char(out, '\0');
        (*at)++;
        return true;
    }
    (*at)++;
    if (isdigit((unsigned char)**at))
        group = group * 10 + (size_t)(*(*at)++ - '0');
    if (group > match->groups)
        return eval_fail(eval, "invalid group reference %zu", group) != NULL;
    add_group(out, subject->as.string.data, match, group);
    return true;
}

static bool add_replacement(struct eval *eval, struct text *out, const struct replacement *replacement,
                            const struct value *subject, const struct pattern_match *match)
{
    static const char letters[] = "\\abfnrtv", codes[] = "\\\a\b\f\n\r\t\v";
    const char *at = replacement->text, *end = at + replacement->length, *found;

    while (at < end) {
        if (*at != '\\' || at + 1 == end) {
            text_add_char(out, *at++);
            continue;
        }
        at++;
        found = *at == '\0' ? NULL : strchr(letters, *at);
        if (*at == 'g') {
            at++;
            if (!add_named(eval, out, &at, replacement, subject, match))
                return false;
        } else if (isdigit((unsigned char)*at)) {
            if (!add_number(eval, out, &at, subject, match))
                return false;
        } else if (found != NULL) {
            text_add_char(out, codes[found - letters]);
            at++;
        } else if (isalpha((unsigned char)*at)) {
            return eval_fail(eval, "bad escape \\%c in the replacement '%s'", *at, replacement->text) != NULL;
        } else {
            text_add_char(out, '\\');
            text_add_char(out, *at++);
        }
    }
    return true;
}

/* Copies one character: an empty match must not be found twice. */
static size_t copy_one(struct text *out, const struct value *subject, size_t at)
{
    size_t next = at;

    if (at >= subject->as.string.length)
        return at + 1;
    text_utf8_next(subject->as.string.data, subject->as.string.length, &next);
    text_add_n(out, subject->as.string.data + at, next - at);
    return next;
}

static const struct value *replace_all(struct eval *eval, const struct value *subject, struct regex *regex,
                                       const struct value *with)
{
    struct replacement replacement = { with->as.string.data, with->as.string.length, regex };
    struct text out = text_new(eval->arena);
    const char *data = subject->as.string.data;
    size_t length = subject->as.string.length, at = 0;
    enum pattern_status status = PATTERN_NONE;
    struct pattern_match match;

    while (at <= length && (status = pattern_search(regex, data, length, at, &match, eval->err)) == PATTERN_FOUND) {
        text_add_n(&out, data + at, match.start[0] - at);
        if (!eval_step(eval) || !add_replacement(eval, &out, &replacement, subject, &match))
            return NULL;
        at = match.end[0] > match.start[0] ? match.end[0] : copy_one(&out, subject, match.end[0]);
        if (out.length > LIMIT_TEMPLATE_OUTPUT)
            return eval_fail(eval, "regex_replace makes more than %d bytes", LIMIT_TEMPLATE_OUTPUT);
    }
    if (status == PATTERN_FAILED)
        return NULL;
    if (at < length)
        text_add_n(&out, data + at, length - at);
    return value_string_borrow(eval->arena, out.data, out.length);
}

static const struct value *filter_regex_replace(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *pattern = args->bound[0] == NULL ? eval_text(eval, "") : args->bound[0];
    const struct value *with = args->bound[1] == NULL ? eval_text(eval, "") : args->bound[1];
    struct regex *regex = pattern_of(eval, pattern, regex_flags(args->bound[2], args->bound[3]));

    input = regex == NULL ? NULL : eval_str(eval, input);
    if (input == NULL)
        return NULL;
    if (with->kind == VALUE_UNDEFINED)
        return eval_fail_undefined(eval, with);
    if (with->kind != VALUE_STRING)
        return eval_fail_type(eval, "decoding to str: need a bytes-like object, %s found", eval_type(with));
    return replace_all(eval, input, regex, with);
}

/* --- searching --- */

static const struct value *group_text(struct eval *eval, const struct value *subject, const struct pattern_match *match,
                                      size_t group, const struct value *absent)
{
    if (match->start[group] == SIZE_MAX)
        return absent;
    return eval_string(eval, subject->as.string.data + match->start[group], match->end[group] - match->start[group]);
}

/* "\\1" or "\\g<name>" -> a group of the pattern. */
static bool wanted_group(struct eval *eval, const struct regex *regex, const struct value *arg, size_t *out)
{
    const char *text = value_text(arg);
    char *name;

    if (text == NULL || text[0] != '\\' || (text[1] != 'g' && !isdigit((unsigned char)text[1])))
        return eval_fail(eval, "Unknown argument") != NULL;
    if (text[1] != 'g') {
        *out = strtoul(text + 1, NULL, 10);
    } else {
        name = arena_copy_n(eval->arena, text + 3, strcspn(text + 2, ">") - (text[2] == '<'));
        *out = isdigit((unsigned char)*name) ? strtoul(name, NULL, 10) : regex_group_number(regex, name);
        if (*out == 0 && strcmp(name, "0") != 0)
            return eval_fail(eval, "no such group") != NULL;
    }
    return *out <= regex_group_count(regex) || eval_fail(eval, "no such group") != NULL;
}

static const struct value *filter_regex_search(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct regex *regex = NULL;
    struct pattern_match match;
    struct value *list = eval_list(eval);
    enum pattern_status status;

    if (args->count == 0)
        return eval_fail_type(eval, "regex_search() missing 1 required positional argument: 'regex'");
    regex =
        pattern_of(eval, args->items[0], regex_flags(args_named(args, "ignorecase"), args_named(args, "multiline")));
    input = regex == NULL ? NULL : eval_str(eval, input);
    if (input == NULL)
        return NULL;
    status = pattern_search(regex, input->as.string.data, input->as.string.length, 0, &match, eval->err);
    for (uint32_t i = 1; i < args->count; i++) {
        size_t group = 0;

        if (!wanted_group(eval, regex, args->items[i], &group))
            return NULL;
        if (status == PATTERN_FOUND)
            value_list_add(eval->arena, list, group_text(eval, input, &match, group, value_null()));
    }
    if (status != PATTERN_FOUND)
        return status == PATTERN_NONE ? value_null() : NULL;
    return args->count > 1 ? list : group_text(eval, input, &match, 0, value_null());
}

static const struct value *found_groups(struct eval *eval, const struct value *subject,
                                        const struct pattern_match *match)
{
    const struct value *none = eval_text(eval, "");
    struct value *tuple;

    if (match->groups < 2)
        return group_text(eval, subject, match, match->groups, none);
    tuple = eval_tuple(eval);
    for (size_t i = 1; i <= match->groups; i++)
        value_list_add(eval->arena, tuple, group_text(eval, subject, match, i, none));
    return tuple;
}

static const struct value *filter_regex_findall(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct regex *regex = pattern_of(eval, args->bound[0], regex_flags(args->bound[2], args->bound[1]));
    struct value *list = eval_list(eval);
    enum pattern_status status = PATTERN_NONE;
    struct pattern_match match;
    size_t at = 0;

    input = regex == NULL ? NULL : eval_str(eval, input);
    while (input != NULL && at <= input->as.string.length && eval_step(eval) &&
           (status = pattern_search(regex, input->as.string.data, input->as.string.length, at, &match, eval->err)) ==
               PATTERN_FOUND) {
        value_list_add(eval->arena, list, found_groups(eval, input, &match));
        at = match.end[0];
        if (match.end[0] == match.start[0]) {
            if (at == input->as.string.length)
                break;
            text_utf8_next(input->as.string.data, input->as.string.length, &at);
        }
    }
    return input == NULL || status == PATTERN_FAILED ? NULL : list;
}

static const struct value *escape_posix(struct eval *eval, const struct value *input)
{
    struct text out = text_new(eval->arena);

    for (size_t i = 0; i < input->as.string.length; i++) {
        if (strchr("].[^$*\\", input->as.string.data[i]) != NULL && input->as.string.data[i] != '\0')
            text_add_char(&out, '\\');
        text_add_char(&out, input->as.string.data[i]);
    }
    return value_string_borrow(eval->arena, out.data, out.length);
}

static const struct value *filter_regex_escape(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *type = args_text(eval, args->bound[0], "python", "re_type");
    struct text out = text_new(eval->arena);

    input = type == NULL ? NULL : eval_str(eval, input);
    if (input == NULL)
        return NULL;
    if (strcmp(type, "posix_basic") == 0)
        return escape_posix(eval, input);
    if (strcmp(type, "posix_extended") == 0)
        return eval_fail(eval, "Regex type (%s) not yet implemented", type);
    if (strcmp(type, "python") != 0)
        return eval_fail(eval, "Invalid regex type (%s)", type);
    regex_escape(&out, input->as.string.data, input->as.string.length);
    return value_string_borrow(eval->arena, out.data, out.length);
}

const struct filter filters_regex[] = {
    { "regex_replace", filter_regex_replace, "pattern replacement ignorecase multiline", 0 },
    { "regex_search", filter_regex_search, NULL, 0 },
    { "regex_findall", filter_regex_findall, "regex! multiline ignorecase", 0 },
    { "regex_escape", filter_regex_escape, "re_type", 0 },
    { .name = NULL },
};
