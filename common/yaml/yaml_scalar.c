/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Implicit types of plain scalars: the first character rules out nearly all of them, the rest is matched by
 * hand against what PyYAML's regular expressions accept. Timestamps are in yaml_timestamp.c.
 */
#include "common/yaml/yaml_scalar.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/text.h"
#include "common/value/value_big.h"

#define WORD_MAX 5
#define SEXAGESIMAL 60

/* A text that is being matched: each helper moves `at` over what it accepts. */
struct match {
    const char *at, *end;
};

static bool match_set(struct match *match, const char *set)
{
    if (match->at == match->end || *match->at == '\0' || strchr(set, *match->at) == NULL)
        return false;
    match->at++;
    return true;
}

static bool match_many(struct match *match, const char *set)
{
    bool any = false;

    while (match_set(match, set))
        any = true;
    return any;
}

/* ":59", once or more. */
static bool match_sexagesimal(struct match *match)
{
    bool any = false;

    while (match->at < match->end && *match->at == ':') {
        struct match part = { .at = match->at + 1, .end = match->end };
        const char *start = part.at;

        if (!match_set(&part, "0123456789"))
            return false;
        if (match_set(&part, "0123456789") && *start > '5')
            return false;
        match->at = part.at;
        any = true;
    }
    return any;
}

static bool is_word(const char *data, size_t length, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strlen(*words) == length && memcmp(*words, data, length) == 0)
            return true;
    }
    return false;
}

static bool is_int(const char *data, size_t length)
{
    struct match match = { .at = data, .end = data + length };

    match_set(&match, "-+");
    if (match_set(&match, "0")) {
        if (match.at == match.end)
            return true;
        if (match_set(&match, "b"))
            return match_many(&match, "01_") && match.at == match.end;
        if (match_set(&match, "x"))
            return match_many(&match, "0123456789abcdefABCDEF_") && match.at == match.end;
        return match_many(&match, "01234567_") && match.at == match.end;
    }
    if (!match_set(&match, "123456789"))
        return false;
    match_many(&match, "0123456789_");
    return match.at == match.end || (match_sexagesimal(&match) && match.at == match.end);
}

static bool match_exponent(struct match *match)
{
    if (!match_set(match, "eE"))
        return true;
    return match_set(match, "-+") && match_many(match, "0123456789");
}

static bool is_real(const char *data, size_t length)
{
    static const char *const infinite[] = { ".inf", ".Inf", ".INF", NULL };
    static const char *const not_numbers[] = { ".nan", ".NaN", ".NAN", NULL };
    struct match match = { .at = data, .end = data + length };
    bool is_signed = match_set(&match, "-+"), is_sexagesimal;

    if (is_word(match.at, (size_t)(match.end - match.at), infinite))
        return true;
    if (match_set(&match, ".")) {
        if (is_signed)
            return false;
        if (is_word(data, length, not_numbers))
            return true;
        if (!match_set(&match, "0123456789"))
            return false;
        match_many(&match, "0123456789_");
        return match_exponent(&match) && match.at == match.end;
    }
    if (!match_set(&match, "0123456789"))
        return false;
    match_many(&match, "0123456789_");
    is_sexagesimal = match_sexagesimal(&match);
    if (!match_set(&match, "."))
        return false;
    match_many(&match, "0123456789_");
    return (is_sexagesimal || match_exponent(&match)) && match.at == match.end;
}

/* true, false, or neither (-1) */
static int bool_meaning(const char *data, size_t length)
{
    static const char *const yes[] = { "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", NULL };
    static const char *const no[] = { "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", NULL };

    if (length > WORD_MAX)
        return -1;
    if (is_word(data, length, yes))
        return 1;
    return is_word(data, length, no) ? 0 : -1;
}

static bool is_null(const char *data, size_t length)
{
    static const char *const words[] = { "~", "null", "Null", "NULL", "", NULL };

    return is_word(data, length, words);
}

static enum yaml_type resolve_number(const char *data, size_t length)
{
    if (is_real(data, length))
        return YAML_TYPE_REAL;
    if (is_int(data, length))
        return YAML_TYPE_INT;
    return yaml_is_timestamp(data, length) ? YAML_TYPE_TIMESTAMP : YAML_TYPE_STRING;
}

enum yaml_type yaml_resolve(const char *data, size_t length)
{
    char first = length == 0 ? '\0' : *data;

    if (length == 0 || (first == '~' && length == 1))
        return YAML_TYPE_NULL;
    if (first != '\0' && strchr("yYnNtTfFoO", first) != NULL) {
        if (bool_meaning(data, length) >= 0)
            return YAML_TYPE_BOOL;
        return is_null(data, length) ? YAML_TYPE_NULL : YAML_TYPE_STRING;
    }
    if (first != '\0' && strchr("-+.0123456789", first) != NULL)
        return resolve_number(data, length);
    if (first == '=' && length == 1)
        return YAML_TYPE_VALUE;
    return length == 2 && memcmp(data, "<<", 2) == 0 ? YAML_TYPE_MERGE : YAML_TYPE_STRING;
}

/* Without underscores and sign. */
static char *number_clean(struct arena *arena, const char *data, size_t length, bool *is_negative_out)
{
    char *clean = arena_alloc(arena, length + 1);
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        if (data[i] != '_')
            clean[used++] = data[i];
    }
    *is_negative_out = clean[0] == '-';
    return clean[0] == '-' || clean[0] == '+' ? clean + 1 : clean;
}

static double sexagesimal(const char *text)
{
    double sum = 0;

    for (const char *part = text; *part != '\0';) {
        char *end = NULL;

        sum = sum * SEXAGESIMAL + strtod(part, &end);
        part = *end == ':' ? end + 1 : end + strlen(end);
    }
    return sum;
}

static struct value *sexagesimal_int(struct arena *arena, const char *text, bool is_negative, struct error *err)
{
    int64_t sum = 0, part = 0;

    for (const char *at = text; *at != '\0'; at += *at == ':') {
        size_t length = strspn(at, "0123456789");

        if (!text_to_int(arena_copy_n(arena, at, length), &part) || __builtin_mul_overflow(sum, SEXAGESIMAL, &sum) ||
            __builtin_add_overflow(sum, part, &sum))
            return error_set(err, "'%s' is a number in base 60 beyond 64 bits: write it with decimal digits", text),
                   NULL;
        at += length;
    }
    return value_int(arena, is_negative ? -sum : sum);
}

static struct value *construct_int(struct arena *arena, const char *data, size_t length, struct error *err)
{
    bool is_negative = false;
    const char *text = number_clean(arena, data, length, &is_negative), *digits = text;
    int base = text[0] != '0' ? 10 : text[1] == 'b' ? 2 : text[1] == 'x' ? 16 : 8;
    unsigned long long number;
    char *end = NULL;

    if (strchr(text, ':') != NULL)
        return sexagesimal_int(arena, text, is_negative, err);
    if (base == 2 || base == 16)
        digits += 2;
    errno = 0;
    number = strtoull(digits, &end, base);
    if (end == digits || *end != '\0')
        return NULL;
    if (errno == 0 && number <= (unsigned long long)INT64_MAX)
        return value_int(arena, is_negative ? -(int64_t)number : (int64_t)number);
    return value_integer_read(arena, digits, strlen(digits), base, is_negative, err);
}

static struct value *construct_real(struct arena *arena, const char *data, size_t length)
{
    bool is_negative = false;
    const char *text = number_clean(arena, data, length, &is_negative);
    double number;
    char *end = NULL;

    if (strcasecmp(text, ".inf") == 0)
        return value_real(arena, is_negative ? -(double)INFINITY : (double)INFINITY);
    if (strcasecmp(text, ".nan") == 0)
        return value_real(arena, (double)NAN);
    if (strchr(text, ':') != NULL)
        number = sexagesimal(text);
    else if (number = strtod(text, &end), end == text || *end != '\0')
        return NULL;
    return value_real(arena, is_negative ? -number : number);
}

static struct value *construct_bool(struct arena *arena, const char *data, size_t length)
{
    int meaning = bool_meaning(data, length);
    struct value *value;

    if (meaning < 0)
        return NULL;
    value = arena_new_of(arena, struct value);
    *value = *value_bool(meaning == 1);
    return value;
}

struct value *yaml_construct(struct arena *arena, enum yaml_type type, const char *data, size_t length,
                             struct error *err)
{
    struct value *value;

    switch (type) {
    case YAML_TYPE_BOOL:
        return construct_bool(arena, data, length);
    case YAML_TYPE_INT:
        return is_int(data, length) ? construct_int(arena, data, length, err) : NULL;
    case YAML_TYPE_REAL:
        return is_real(data, length) || is_int(data, length) ? construct_real(arena, data, length) : NULL;
    case YAML_TYPE_NULL:
        value = arena_new_of(arena, struct value);
        *value = *value_null();
        return value;
    default:
        return NULL;
    }
}
