/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers, booleans, dates and times of TOML. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/toml/toml_loader.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The word at `in`: up to what cannot belong to a scalar. A date and a time may have one blank between them. */
static size_t word_length(const struct toml_loader *in)
{
    const char *at = in->at;

    while (at < in->end && strchr(" \t\r\n,]}#=", *at) == NULL)
        at++;
    if (at - in->at == 10 && in->at[4] == '-' && in->end - at > 3 && *at == ' ' && is_digit(at[1]) && is_digit(at[2]) &&
        at[3] == ':') {
        at++;
        while (at < in->end && strchr(" \t\r\n,]}#=", *at) == NULL)
            at++;
    }
    return (size_t)(at - in->at);
}

/* --- numbers --- */

static bool is_digit_of(char c, int base)
{
    if (base == 16)
        return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
    return c >= '0' && c < '0' + base;
}

/* Digits with single underscores between them; the number of digits or 0. */
static size_t digits(const char **at, int base, struct text *out)
{
    size_t count = 0;

    while (is_digit_of(**at, base)) {
        text_add_char(out, *(*at)++);
        count++;
        if (**at == '_' && is_digit_of((*at)[1], base))
            (*at)++;
    }
    return count;
}

static bool integer_of(struct toml_loader *in, const char *word, struct value **out)
{
    struct text plain = text_new(in->arena);
    int base = word[1] == 'x' ? 16 : word[1] == 'o' ? 8 : word[1] == 'b' ? 2 : 10;
    const char *at = word;
    char *end = NULL;
    int64_t number;

    if (word[0] == '0' && base != 10)
        at += 2;
    else if (*at == '+' || *at == '-')
        text_add_char(&plain, *at++);
    if (base != 10 && at == word)
        return false;
    if (base == 10 && at[0] == '0' && at[1] != '\0')
        return false; /* no leading zeros */
    if (digits(&at, base, &plain) == 0 || *at != '\0')
        return false;
    errno = 0;
    number = strtoll(plain.data, &end, base);
    if (errno != 0)
        return toml_error(in, in->at, arena_printf(in->arena, "the integer %.60s has more than 64 bits", word));
    *out = value_int(in->arena, number);
    return true;
}

static bool real_of(struct toml_loader *in, const char *word, struct value **out)
{
    struct text plain = text_new(in->arena);
    const char *at = word;
    double real = 0;
    bool has_part = false;

    if (*at == '+' || *at == '-')
        text_add_char(&plain, *at++);
    if (strcmp(at, "inf") == 0 || strcmp(at, "nan") == 0) {
        real = at[0] == 'i' ? (double)INFINITY : (double)NAN;
        *out = value_real(in->arena, word[0] == '-' ? -real : real);
        return true;
    }
    if (at[0] == '0' && is_digit(at[1]))
        return false;
    if (digits(&at, 10, &plain) == 0)
        return false;
    if (*at == '.') {
        text_add_char(&plain, *at++);
        has_part = true;
        if (digits(&at, 10, &plain) == 0)
            return false;
    }
    if (*at == 'e' || *at == 'E') {
        text_add_char(&plain, *at++);
        has_part = true;
        if (*at == '+' || *at == '-')
            text_add_char(&plain, *at++);
        if (digits(&at, 10, &plain) == 0)
            return false;
    }
    if (*at != '\0' || !has_part || !text_to_real(plain.data, &real))
        return false;
    *out = value_real(in->arena, real);
    return true;
}

/* --- dates and times --- */

/* Two digits and what they may be at most. */
static bool two_digits(const char **at, int least, int most)
{
    int number;

    if (!is_digit((*at)[0]) || !is_digit((*at)[1]))
        return false;
    number = ((*at)[0] - '0') * 10 + (*at)[1] - '0';
    *at += 2;
    return number >= least && number <= most;
}

static bool date_of(const char **at)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int year = 0, month;

    for (int i = 0; i < 4; i++, (*at)++) {
        if (!is_digit(**at))
            return false;
        year = year * 10 + **at - '0';
    }
    if (*(*at)++ != '-' || !two_digits(at, 1, 12) || **at != '-')
        return false;
    month = ((*at)[-2] - '0') * 10 + (*at)[-1] - '0';
    (*at)++;
    if (month == 2 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0))
        return two_digits(at, 1, 29);
    return two_digits(at, 1, days[month - 1]);
}

static bool time_of(const char **at)
{
    if (!two_digits(at, 0, 23) || *(*at)++ != ':' || !two_digits(at, 0, 59) || *(*at)++ != ':' ||
        !two_digits(at, 0, 60))
        return false;
    if (**at != '.')
        return true;
    (*at)++;
    if (!is_digit(**at))
        return false;
    while (is_digit(**at))
        (*at)++;
    return true;
}

static bool offset_of(const char **at)
{
    if (**at == 'Z' || **at == 'z') {
        (*at)++;
        return true;
    }
    if (**at != '+' && **at != '-')
        return true;
    (*at)++;
    return two_digits(at, 0, 23) && *(*at)++ == ':' && two_digits(at, 0, 59);
}

/* As Python's isoformat() writes it: "T" in the middle, six digits of a second's parts, +00:00 for Z. */
static char *iso_text(struct arena *arena, const char *word)
{
    struct text out = text_new(arena);
    const char *at = word;

    for (; *at != '\0' && *at != '.' && *at != 'Z' && *at != 'z'; at++)
        text_add_char(&out, at - word == 10 ? 'T' : *at);
    if (*at == '.') {
        size_t parts = strspn(at + 1, "0123456789");
        int64_t fraction = 0;

        for (size_t i = 0; i < 6; i++)
            fraction = fraction * 10 + (i < parts ? at[1 + i] - '0' : 0);
        if (fraction > 0)
            text_printf(&out, ".%06lld", (long long)fraction);
        at += 1 + parts;
    }
    text_add(&out, *at == 'Z' || *at == 'z' ? "+00:00" : at);
    return out.data;
}

static bool moment_of(struct toml_loader *in, const char *word, struct value **out)
{
    const char *at = word;
    bool is_date = strlen(word) >= 10 && word[4] == '-';

    if (is_date) {
        if (!date_of(&at))
            return false;
        if (*at == 'T' || *at == 't' || *at == ' ') {
            at++;
            if (!time_of(&at) || !offset_of(&at))
                return false;
        }
    } else if (!time_of(&at)) {
        return false;
    }
    if (*at != '\0')
        return false;
    *out = value_string(in->arena, iso_text(in->arena, word));
    (*out)->marks |= VALUE_STATIC | (in->source->trusted ? VALUE_TRUSTED : 0);
    return true;
}

bool toml_scalar(struct toml_loader *in, struct value **out)
{
    size_t length = word_length(in);
    char *word;
    bool known;

    if (length == 0)
        return toml_error(in, in->at, arena_printf(in->arena, "expected a value, found %s", toml_found(in, in->at)));
    word = arena_copy_n(in->arena, in->at, length);
    known = true;
    if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) {
        *out = value_int(in->arena, 0);
        (*out)->kind = VALUE_BOOL;
        (*out)->as.boolean = word[0] == 't';
    } else {
        known = integer_of(in, word, out) || (in->err->text[0] == '\0' && real_of(in, word, out)) ||
                (in->err->text[0] == '\0' && moment_of(in, word, out));
    }
    if (!known)
        return in->err->text[0] != '\0'
                   ? false
                   : toml_error(in, in->at,
                                arena_printf(in->arena, "'%.60s' is no value: texts stand in quotation marks", word));
    toml_place(in, *out, in->at);
    in->at += length;
    return true;
}
