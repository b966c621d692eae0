/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML 1.1 timestamps: recognized as PyYAML does, given back as text in ISO form.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "common/yaml/yaml_scalar.h"

#define FRACTION_DIGITS 6

struct timestamp {
    int year, month, day, hour, minute, second;
    bool has_time, has_zone;
    int zone_sign, zone_hour, zone_minute;
    char fraction[FRACTION_DIGITS + 1]; /* empty: none */
};

struct stamp_cursor {
    const char *at, *end;
};

/* `least` to `most` digits. */
static bool take_number(struct stamp_cursor *in, int least, int most, int *out)
{
    int count = 0, number = 0;

    while (count < most && in->at < in->end && isdigit((unsigned char)*in->at)) {
        number = number * 10 + (*in->at++ - '0');
        count++;
    }
    *out = number;
    return count >= least;
}

static bool take_char(struct stamp_cursor *in, char c)
{
    if (in->at == in->end || *in->at != c)
        return false;
    in->at++;
    return true;
}

static bool take_blanks(struct stamp_cursor *in)
{
    const char *start = in->at;

    while (in->at < in->end && (*in->at == ' ' || *in->at == '\t'))
        in->at++;
    return in->at > start;
}

static void take_fraction(struct stamp_cursor *in, struct timestamp *out)
{
    size_t used = 0;

    for (; in->at < in->end && isdigit((unsigned char)*in->at); in->at++) {
        if (used < FRACTION_DIGITS)
            out->fraction[used++] = *in->at;
    }
    while (used > 0 && used < FRACTION_DIGITS)
        out->fraction[used++] = '0';
}

static bool take_zone(struct stamp_cursor *in, struct timestamp *out)
{
    take_blanks(in);
    if (in->at == in->end)
        return true;
    out->has_zone = true;
    if (take_char(in, 'Z'))
        return true;
    out->zone_sign = *in->at == '-' ? -1 : 1;
    if (!take_char(in, '-') && !take_char(in, '+'))
        return false;
    if (!take_number(in, 1, 2, &out->zone_hour))
        return false;
    return !take_char(in, ':') || take_number(in, 2, 2, &out->zone_minute);
}

static bool take_time(struct stamp_cursor *in, struct timestamp *out)
{
    if (!take_char(in, 'T') && !take_char(in, 't') && !take_blanks(in))
        return false;
    out->has_time = true;
    if (!take_number(in, 1, 2, &out->hour) || !take_char(in, ':') || !take_number(in, 2, 2, &out->minute) ||
        !take_char(in, ':') || !take_number(in, 2, 2, &out->second))
        return false;
    if (take_char(in, '.'))
        take_fraction(in, out);
    /* blanks belong to a zone only */
    return (in->at == in->end || take_zone(in, out)) && in->at == in->end;
}

static bool timestamp_read(const char *data, size_t length, struct timestamp *out)
{
    struct stamp_cursor in = { .at = data, .end = data + length };
    const char *start;

    *out = (struct timestamp){ 0 };
    if (!take_number(&in, 4, 4, &out->year) || !take_char(&in, '-'))
        return false;
    start = in.at;
    if (!take_number(&in, 1, 2, &out->month) || !take_char(&in, '-') || !take_number(&in, 1, 2, &out->day))
        return false;
    if (in.at == in.end)
        return in.at - start == 5; /* a date alone has two digits each */
    return take_time(&in, out);
}

bool yaml_is_timestamp(const char *data, size_t length)
{
    struct timestamp stamp;

    return length >= 8 && data[4] == '-' && timestamp_read(data, length, &stamp) &&
           (!stamp.has_zone || (data[length - 1] != ' ' && data[length - 1] != '\t'));
}

static bool is_real_date(const struct timestamp *stamp)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool is_leap = (stamp->year % 4 == 0 && stamp->year % 100 != 0) || stamp->year % 400 == 0;

    if (stamp->year < 1 || stamp->month < 1 || stamp->month > 12 || stamp->day < 1)
        return false;
    if (stamp->day > days[stamp->month - 1] + (is_leap && stamp->month == 2))
        return false;
    return stamp->hour < 24 && stamp->minute < 60 && stamp->second < 60 && stamp->zone_hour < 24;
}

char *yaml_timestamp(struct arena *arena, const char *data, size_t length)
{
    struct timestamp stamp;
    struct text out;

    if (!timestamp_read(data, length, &stamp) || !is_real_date(&stamp))
        return NULL;
    out = text_new(arena);
    text_printf(&out, "%04d-%02d-%02d", stamp.year, stamp.month, stamp.day);
    if (!stamp.has_time)
        return out.data;
    text_printf(&out, "T%02d:%02d:%02d", stamp.hour, stamp.minute, stamp.second);
    if (stamp.fraction[0] != '\0' && strcmp(stamp.fraction, "000000") != 0)
        text_printf(&out, ".%s", stamp.fraction);
    if (stamp.has_zone)
        text_printf(&out, "%c%02d:%02d", stamp.zone_sign < 0 ? '-' : '+', stamp.zone_hour, stamp.zone_minute);
    return out.data;
}
