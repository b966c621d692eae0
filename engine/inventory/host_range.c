/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host names as inventories write them: "web[01:10]", "db-[a:f].example.com:2222", "[2001:db8::1]:22". What is no valid
 * name is taken as it stands, as Ansible does.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "engine/inventory/inventory_internal.h"

#define RANGE_DEPTH_MAX 16

/* --- is it a name --- */

static bool all_digits(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)text[i]))
            return false;
    }
    return length > 0;
}

static bool all_hex(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!isxdigit((unsigned char)text[i]))
            return false;
    }
    return length > 0;
}

/* Length of a bracketed range at `text` ("[a:f]", "[01:10:2]"), or 0. */
static size_t range_length(const char *text, size_t length, bool hex)
{
    const char *close = memchr(text, ']', length);
    const char *first, *second;
    size_t begin, end;

    if (text[0] != '[' || close == NULL)
        return 0;
    first = memchr(text, ':', (size_t)(close - text));
    if (first == NULL)
        return 0;
    second = memchr(first + 1, ':', (size_t)(close - first - 1));
    begin = (size_t)(first - text - 1);
    end = (size_t)((second == NULL ? close : second) - first - 1);
    if (second != NULL && !all_digits(second + 1, (size_t)(close - second - 1)))
        return 0;
    if (hex ? all_hex(text + 1, begin) && all_hex(first + 1, end)
            : (all_digits(text + 1, begin) && all_digits(first + 1, end)) ||
                  (begin == 1 && end == 1 && isalpha((unsigned char)text[1]) && isalpha((unsigned char)first[1])))
        return (size_t)(close - text + 1);
    return 0;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* Labels between dots: a word character or range first, then also '-'; the last is no '-' or '_'. */
static bool is_hostname(const char *text, size_t length)
{
    bool at_start = true;
    char last = '.';

    for (size_t i = 0; i < length;) {
        size_t range = range_length(text + i, length - i, false);

        if (range > 0) {
            last = ']';
            i += range;
        } else if (text[i] == '.') {
            if (at_start || last == '-' || last == '_')
                return false;
            at_start = true;
            last = '.';
            i++;
            continue;
        } else if (is_word(text[i]) || (text[i] == '-' && !at_start)) {
            last = text[i++];
        } else {
            return false;
        }
        at_start = false;
    }
    return !at_start && last != '-' && last != '_';
}

/* Ranges stand for one component: put a 1 in their place and let the system judge. */
static bool is_ipv6(const char *text, size_t length)
{
    char plain[128];
    struct in6_addr address;
    size_t used = 0;

    for (size_t i = 0; i < length && used + 1 < sizeof(plain);) {
        size_t range = range_length(text + i, length - i, true);

        plain[used++] = range > 0 ? '1' : text[i];
        i += range > 0 ? range : 1;
    }
    plain[used] = '\0';
    return used + 1 < sizeof(plain) && strchr(plain, ':') != NULL && inet_pton(AF_INET6, plain, &address) == 1;
}

/* Splits ":22" off; brackets hold together. */
static size_t port_split(const char *text, size_t length, int *port)
{
    size_t digits = length;
    size_t before;

    while (digits > 0 && isdigit((unsigned char)text[digits - 1]))
        digits--;
    if (digits == 0 || digits == length || text[digits - 1] != ':' || length - digits > 9)
        return length;
    before = digits - 1;
    for (size_t i = 0; i < before; i++) {
        const char *close;

        if (text[i] == ':' || text[i] == ']')
            return length;
        if (text[i] != '[')
            continue;
        close = memchr(text + i, ']', before - i);
        if (close == NULL)
            return length;
        i = (size_t)(close - text);
    }
    *port = (int)strtol(text + digits, NULL, 10);
    return before;
}

/* "[name]:22": the whole name in brackets. */
static bool bracketed_split(const char **text, size_t *length, int *port)
{
    size_t digits = *length;

    while (digits > 0 && isdigit((unsigned char)(*text)[digits - 1]))
        digits--;
    if (digits < 4 || digits == *length || *length - digits > 9 || (*text)[0] != '[' || (*text)[digits - 1] != ':' ||
        (*text)[digits - 2] != ']')
        return false;
    *port = (int)strtol(*text + digits, NULL, 10);
    *text += 1;
    *length = digits - 3;
    return true;
}

bool host_address_parse(const char *text, bool allow_ranges, const char **start_out, size_t *length_out, int *port_out)
{
    size_t length = strlen(text);
    int port = 0;

    bracketed_split(&text, &length, &port);
    length = port_split(text, length, &port);
    if (!is_hostname(text, length) && !is_ipv6(text, length))
        return false;
    if (!allow_ranges && memchr(text, '[', length) != NULL)
        return false;
    *start_out = text;
    *length_out = length;
    *port_out = port;
    return true;
}

/* --- expansion --- */

struct host_range {
    const char *head, *tail;
    size_t head_length;
    long begin, end, step;
    int width; /* zero padded, or 0 */
    bool letters;
};

struct expansion {
    struct arena *arena;
    char **names;
    size_t count, capacity;
    struct error *err;
};

static int letter_index(const char *text, size_t length)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *found = length == 1 ? strchr(letters, text[0]) : NULL;

    return found == NULL || text[0] == '\0' ? -1 : (int)(found - letters);
}

static bool range_error(struct error *err, const char *text)
{
    return error_set_kind(err, ERROR_PARSE, "%s", text);
}

static bool range_step(const char *text, long *out, struct error *err)
{
    int64_t step = 0;

    if (!text_to_int(text, &step) || step < 1 || step > LIMIT_HOST_RANGE)
        return range_error(err, "host range step must be a positive number");
    *out = (long)step;
    return true;
}

static bool range_bounds(char **parts, struct host_range *range, struct error *err)
{
    const char *begin = parts[0][0] == '\0' ? "0" : parts[0], *end = parts[1];
    int64_t first = 0, last = 0;

    if (end[0] == '\0')
        return range_error(err, "host range must specify end value");
    if (begin[0] == '0' && begin[1] != '\0') {
        range->width = (int)strlen(begin);
        if (strlen(begin) != strlen(end))
            return range_error(err, "host range must specify equal-length begin and end formats");
    }
    range->begin = letter_index(begin, strlen(begin));
    range->end = letter_index(end, strlen(end));
    range->letters = range->begin >= 0 && range->end >= 0;
    if (range->letters)
        return range->begin <= range->end || range_error(err, "host range must have begin <= end");
    if (!text_to_int(begin, &first) || !text_to_int(end, &last) || first < 0 || last > INT32_MAX)
        return range_error(err, "host range must be two numbers or two letters");
    range->begin = (long)first;
    range->end = (long)last;
    return true;
}

static bool range_read(struct expansion *out, const char *text, struct host_range *range)
{
    const char *open = strchr(text, '[');
    const char *close = open == NULL ? NULL : strchr(open, ']');
    char **parts;
    size_t count = 0;

    if (close == NULL)
        return range_error(out->err, "host range must be begin:end or begin:end:step");
    parts = text_split(out->arena, arena_copy_n(out->arena, open + 1, (size_t)(close - open - 1)), ':', &count);
    if (count != 2 && count != 3)
        return range_error(out->err, "host range must be begin:end or begin:end:step");
    range->head = text;
    range->head_length = (size_t)(open - text);
    range->tail = close + 1;
    range->step = 1;
    return (count == 2 || range_step(parts[2], &range->step, out->err)) && range_bounds(parts, range, out->err);
}

static bool expansion_add(struct expansion *out, char *name)
{
    if (out->count >= LIMIT_HOST_RANGE)
        return error_set_kind(out->err, ERROR_LIMIT, "a host range may stand for at most %d hosts", LIMIT_HOST_RANGE);
    if (out->count + 1 >= out->capacity) {
        size_t grown = out->capacity == 0 ? 16 : out->capacity * 2;

        out->names = arena_grow(out->arena, out->names, out->capacity * sizeof(char *), grown * sizeof(char *));
        out->capacity = grown;
    }
    out->names[out->count++] = name;
    return true;
}

static char *range_name(struct arena *arena, const struct host_range *range, long at)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    if (range->letters)
        return arena_printf(arena, "%.*s%c%s", (int)range->head_length, range->head, letters[at], range->tail);
    return arena_printf(arena, "%.*s%0*ld%s", (int)range->head_length, range->head, range->width, at, range->tail);
}

static bool expand(struct expansion *out, char *text, int depth)
{
    struct host_range range = { 0 };

    if (strchr(text, '[') == NULL)
        return expansion_add(out, text);
    if (depth >= RANGE_DEPTH_MAX)
        return error_set_kind(out->err, ERROR_LIMIT, "a host name may hold at most %d ranges", RANGE_DEPTH_MAX);
    if (!range_read(out, text, &range))
        return false;
    for (long at = range.begin; at <= range.end; at += range.step) {
        if (!expand(out, range_name(out->arena, &range, at), depth + 1))
            return false;
    }
    return true;
}

bool host_pattern_expand(struct arena *arena, const char *pattern, char ***names_out, size_t *count_out, int *port_out,
                         struct error *err)
{
    struct expansion out = { .arena = arena, .err = err };
    const char *start = pattern;
    size_t length = strlen(pattern);
    int port = 0;

    host_address_parse(pattern, true, &start, &length, &port);
    if (!expand(&out, arena_copy_n(arena, start, length), 0))
        return error_prefix(err, "host pattern '%s'", pattern);
    *names_out = out.names;
    *count_out = out.count;
    *port_out = port;
    return true;
}
