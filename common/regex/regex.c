/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling, searching and expanding by PCRE2. All that PCRE2 allocates comes from the arena. */
#include "common/regex/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <ctype.h>
#include <pcre2.h>
#include <string.h>

#include "common/regex/regex_python.h"

struct regex {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
    uint32_t group_count;
};

static void *arena_malloc(size_t size, void *arena)
{
    return arena_alloc(arena, size);
}

static void arena_no_free(void *data, void *arena)
{
    (void)data;
    (void)arena;
}

static bool compile_error(int code, size_t offset, struct error *err)
{
    PCRE2_UCHAR text[256] = "unknown error";

    (void)pcre2_get_error_message(code, text, sizeof(text));
    return error_set(err, "%s at position %zu", (const char *)text, offset);
}

static uint32_t compile_flags(unsigned options)
{
    uint32_t flags = PCRE2_ALT_CIRCUMFLEX; /* as Python: with MULTILINE ^ matches behind the last newline too */

    flags |= options & REGEX_MULTILINE ? PCRE2_MULTILINE : 0;
    flags |= options & REGEX_IGNORECASE ? PCRE2_CASELESS : 0;
    flags |= options & REGEX_TEXT ? PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF : 0;
    return flags;
}

static bool compile_translated(struct regex *regex, const struct text *pattern, unsigned options, struct error *err)
{
    pcre2_general_context *general = pcre2_general_context_create(arena_malloc, arena_no_free, pattern->arena);
    pcre2_compile_context *compile = pcre2_compile_context_create(general);
    int code = 0;
    size_t offset = 0;

    pcre2_set_newline(compile, PCRE2_NEWLINE_LF);
    regex->code = pcre2_compile((PCRE2_SPTR)(pattern->data ? pattern->data : ""), pattern->length,
                                compile_flags(options), &code, &offset, compile);
    if (!regex->code)
        return compile_error(code, offset, err);
    regex->data = pcre2_match_data_create_from_pattern(regex->code, general);
    regex->limits = pcre2_match_context_create(general);
    pcre2_set_match_limit(regex->limits, LIMIT_REGEX_MATCH);
    (void)pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &regex->group_count);
    return true;
}

bool regex_compile(struct arena *arena, const char *pattern, size_t length, unsigned options, struct regex **out,
                   struct error *err)
{
    struct text translated = text_new(arena);
    struct regex *regex = arena_new_of(arena, struct regex);

    if (!regex_python_translate(pattern, length, options & REGEX_TEXT, &translated, err) ||
        !compile_translated(regex, &translated, options, err))
        return error_prefix(err, "invalid regular expression '%.*s'", (int)length, pattern);
    *out = regex;
    return true;
}

size_t regex_group_count(const struct regex *regex)
{
    return regex->group_count;
}

size_t regex_group_number(const struct regex *regex, const char *name)
{
    int number = pcre2_substring_number_from_name(regex->code, (PCRE2_SPTR)name);

    return number < 0 ? 0 : (size_t)number;
}

bool regex_search_range(struct regex *regex, const struct regex_range *range, struct regex_match *match_out,
                        bool *found_out, struct error *err)
{
    int code = pcre2_match(regex->code, (PCRE2_SPTR)range->subject, range->length, range->from,
                           range->only_there ? PCRE2_ANCHORED : 0, regex->data, regex->limits);

    if (code == PCRE2_ERROR_NOMATCH) {
        *found_out = false;
        return true;
    }
    if (code < 0) {
        PCRE2_UCHAR text[256] = "unknown error";
        (void)pcre2_get_error_message(code, text, sizeof(text));
        return error_set_kind(err, ERROR_LIMIT, "the regular expression cannot be carried out: %s", (const char *)text);
    }
    *found_out = true;
    if (match_out)
        *match_out = (struct regex_match){ range->subject, regex->group_count, pcre2_get_ovector_pointer(regex->data) };
    return true;
}

bool regex_search(struct regex *regex, const char *subject, size_t length, struct regex_match *match_out,
                  bool *found_out, struct error *err)
{
    return regex_search_range(regex, &(struct regex_range){ .subject = subject, .length = length }, match_out,
                              found_out, err);
}

static bool group_add(const struct regex_match *match, size_t group, struct text *out, struct error *err)
{
    if (group > match->group_count)
        return error_set(err, "invalid group reference %zu", group);
    size_t start = match->offsets[2 * group], end = match->offsets[2 * group + 1];
    if (start != PCRE2_UNSET)
        text_add_n(out, match->subject + start, end - start);
    return true;
}

/* \g<name> or \g<number>; `at` is behind the g. Returns the place behind it. */
static const char *expand_named(const struct regex *regex, const struct regex_match *match, const char *at,
                                struct text *out, struct error *err)
{
    const char *close = *at == '<' ? strchr(at, '>') : NULL;
    int64_t number = 0;

    if (!close || close == at + 1) {
        (void)error_set(err, "missing group name in the replacement");
        return NULL;
    }
    const char *name = arena_copy_n(out->arena, at + 1, (size_t)(close - at - 1));
    if (!text_to_int(name, &number))
        number = pcre2_substring_number_from_name(regex->code, (PCRE2_SPTR)name);
    if (number < 0) {
        (void)error_set(err, "unknown group name '%s' in the replacement", name);
        return NULL;
    }
    return group_add(match, (size_t)number, out, err) ? close + 1 : NULL;
}

/* \0, \012 and \123 are octal, all other numbers of up to two digits are groups. */
static const char *expand_number(const struct regex_match *match, const char *at, struct text *out, struct error *err)
{
    size_t octal = strspn(at, "01234567"), count = 0;
    unsigned value = 0;

    if (at[0] == '0' || octal >= 3) {
        for (count = 0; count < 3 && count < octal; count++)
            value = value * 8 + (unsigned)(at[count] - '0');
        if (value > 0377) {
            (void)error_set(err, "octal escape outside of range 0-0o377 in the replacement");
            return NULL;
        }
        text_add_char(out, (char)value);
        return at + count;
    }
    count = isdigit((unsigned char)at[1]) ? 2 : 1;
    for (size_t i = 0; i < count; i++)
        value = value * 10 + (unsigned)(at[i] - '0');
    return group_add(match, value, out, err) ? at + count : NULL;
}

/* `at` is behind the backslash. */
static const char *expand_escape(const struct regex *regex, const struct regex_match *match, const char *at,
                                 struct text *out, struct error *err)
{
    static const char letters[] = "abfnrtv", values[] = "\a\b\f\n\r\t\v";
    const char *letter = *at ? strchr(letters, *at) : NULL;

    if (*at == 'g')
        return expand_named(regex, match, at + 1, out, err);
    if (isdigit((unsigned char)*at))
        return expand_number(match, at, out, err);
    if (letter) {
        text_add_char(out, values[letter - letters]);
        return at + 1;
    }
    if (!*at || isalpha((unsigned char)*at)) {
        (void)error_set(err, "bad escape \\%.1s in the replacement", at);
        return NULL;
    }
    if (*at != '\\') /* other characters keep their backslash */
        text_add_char(out, '\\');
    text_add_char(out, *at);
    return at + 1;
}

bool regex_expand(const struct regex *regex, const struct regex_match *match, const char *template, struct text *out,
                  struct error *err)
{
    while (*template) {
        if (*template != '\\') {
            text_add_char(out, *template ++);
            continue;
        }
        template = expand_escape(regex, match, template + 1, out, err);
        if (!template)
            return false;
    }
    return true;
}

static const struct value *group_value(struct arena *arena, const struct regex_match *match, size_t group)
{
    size_t start = match->offsets[2 * group], end = match->offsets[2 * group + 1];

    return start == PCRE2_UNSET ? value_null() : value_string_n(arena, match->subject + start, end - start);
}

struct value *regex_groups(struct arena *arena, const struct regex_match *match)
{
    struct value *list = value_list(arena);

    for (size_t i = 1; i <= match->group_count; i++)
        value_list_add(arena, list, group_value(arena, match, i));
    return list;
}

struct value *regex_named_groups(struct arena *arena, const struct regex *regex, const struct regex_match *match)
{
    struct value *map = value_map(arena);
    uint32_t count = 0, size = 0;
    PCRE2_SPTR table = NULL;

    (void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMECOUNT, &count);
    (void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    (void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMETABLE, &table);
    for (uint32_t i = 0; i < count; i++, table += size) {
        size_t group = (size_t)table[0] << 8 | table[1];
        value_map_put(arena, map, (const char *)table + 2, group_value(arena, match, group));
    }
    return map;
}

void regex_escape(struct text *out, const char *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (data[i] != '\0' && strchr("()[]{}?*+-|^$\\.&~# \t\n\r\v\f", data[i]) != NULL)
            text_add_char(out, '\\');
        text_add_char(out, data[i]);
    }
}
