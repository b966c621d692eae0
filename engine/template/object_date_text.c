/* SPDX-License-Identifier: Apache-2.0 */
/* strftime and strptime by Python's rules, in the C locale. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/template/object.h"
#include "engine/template/object_date_parts.h"

#define FORMATTED_MAX 4096

/* What libc does not know or would take from the local time zone. True: done. */
static bool format_own(struct text *out, const struct date *date, char directive)
{
    if (date == NULL || strchr("fzZ", directive) == NULL)
        return false;
    if (directive == 'f')
        text_printf(out, "%06d", (int)date_micros(date));
    else if (date->aware && directive == 'z')
        date_add_offset(out, date->offset_s, "");
    else if (date->aware && date->offset_s == 0)
        text_add(out, "UTC");
    else if (date->aware) {
        text_add(out, "UTC");
        date_add_offset(out, date->offset_s, ":");
    }
    return true;
}

static void format_libc(struct text *out, const struct tm *parts, const char *directive, size_t length)
{
    char format[8] = "", made[256] = "";

    memcpy(format, directive, length);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    text_add_n(out, made, strftime(made, sizeof(made), format, parts));
#pragma GCC diagnostic pop
}

bool date_format(struct eval *eval, struct text *out, const struct tm *parts, const struct date *date,
                 const char *format)
{
    for (const char *at = format; *at != '\0';) {
        size_t length = 1;

        if (*at != '%' || at[1] == '\0') {
            text_add_char(out, *at++);
            continue;
        }
        while (length < 6 && at[length] != '\0' && strchr("-_0^#EO", at[length]) != NULL)
            length++;
        if (at[length] == '\0')
            return eval_fail(eval, "Invalid format string") != NULL;
        if (!format_own(out, date, at[length]))
            format_libc(out, parts, at, length + 1);
        at += length + 1;
    }
    return true;
}

bool date_strftime(struct eval *eval, struct text *out, const struct value *value, const char *format, size_t length)
{
    struct tm parts;

    date_split(value->as.object.data, &parts);
    return date_format(eval, out, &parts, value->as.object.data, arena_copy_n(eval->arena, format, length));
}

/* --- strptime --- */

struct scan {
    struct eval *eval;
    const char *at;
    int year, month, day, hour, minute, second, micros, yday;
    int half;       /* 0: none, 1: AM, 2: PM */
    bool half_hour; /* the hour was read by %I: only then AM and PM count */
    bool aware;
    int64_t offset_s;
};

/* Up to `width` digits within low .. high. */
static bool scan_number(struct scan *in, int width, int low, int high, int *out)
{
    int number = 0, count = 0;

    while (count < width && in->at[count] >= '0' && in->at[count] <= '9') {
        if (count > 0 && number * 10 + (in->at[count] - '0') > high)
            break;
        number = number * 10 + (in->at[count++] - '0');
    }
    if (count == 0 || number < low || number > high)
        return false;
    in->at += count;
    *out = number;
    return true;
}

/* One of the names, in any case; *out is its number. */
static bool scan_name(struct scan *in, const char *const *names, int count, int *out)
{
    for (int i = 0; i < count; i++)
        if (strncasecmp(in->at, names[i], strlen(names[i])) == 0) {
            in->at += strlen(names[i]);
            *out = i;
            return true;
        }
    return false;
}

static bool scan_month(struct scan *in, bool whole)
{
    static const char *const names[] = { "january", "february", "march",     "april",   "may",      "june",
                                         "july",    "august",   "september", "october", "november", "december" };
    static const char *const short_names[] = { "jan", "feb", "mar", "apr", "may", "jun",
                                               "jul", "aug", "sep", "oct", "nov", "dec" };
    int month = 0;

    if (!scan_name(in, whole ? names : short_names, 12, &month))
        return false;
    in->month = month + 1;
    return true;
}

static bool scan_weekday(struct scan *in, bool whole)
{
    static const char *const names[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" };
    static const char *const short_names[] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };
    int ignored = 0;

    return scan_name(in, whole ? names : short_names, 7, &ignored);
}

static bool scan_fraction(struct scan *in)
{
    int digits = 0, micros = 0;

    while (digits < 6 && in->at[digits] >= '0' && in->at[digits] <= '9')
        micros = micros * 10 + (in->at[digits++] - '0');
    in->at += digits;
    for (int i = digits; i < 6; i++)
        micros *= 10;
    in->micros = micros;
    return digits > 0;
}

static bool scan_offset(struct scan *in)
{
    int sign = *in->at == '-' ? -1 : 1, hours = 0, minutes = 0, seconds = 0;

    in->aware = true;
    if (*in->at == 'Z') {
        in->at++;
        return true;
    }
    if (*in->at != '+' && *in->at != '-')
        return false;
    in->at++;
    if (!scan_number(in, 2, 0, 23, &hours))
        return false;
    in->at += *in->at == ':';
    if (!scan_number(in, 2, 0, 59, &minutes))
        return false;
    if (*in->at == ':' && in->at++ != NULL && !scan_number(in, 2, 0, 59, &seconds))
        return false;
    in->offset_s = sign * (hours * 3600 + minutes * 60 + seconds);
    return true;
}

static bool scan_half(struct scan *in)
{
    static const char *const names[] = { "am", "pm" };
    int half = 0;

    if (!scan_name(in, names, 2, &half))
        return false;
    in->half = half + 1;
    return true;
}

static bool scan_zone(struct scan *in)
{
    static const char *const names[] = { "utc", "gmt" };
    int ignored = 0;

    return scan_name(in, names, 2, &ignored);
}

static bool scan_short_year(struct scan *in)
{
    const char *from = in->at;

    if (!scan_number(in, 2, 0, 99, &in->year) || in->at - from != 2)
        return false;
    in->year += in->year <= 68 ? 2000 : 1900;
    return true;
}

static bool scan_full_year(struct scan *in)
{
    const char *from = in->at;

    return scan_number(in, 4, 0, 9999, &in->year) && in->at - from == 4;
}

static bool scan_directive(struct scan *in, char directive)
{
    switch (directive) {
    case 'Y':
        return scan_full_year(in);
    case 'y':
        return scan_short_year(in);
    case 'm':
        return scan_number(in, 2, 1, 12, &in->month);
    case 'd':
        in->at += *in->at == ' ';
        return scan_number(in, 2, 1, 31, &in->day);
    case 'H':
        in->half_hour = false;
        return scan_number(in, 2, 0, 23, &in->hour);
    case 'I':
        in->half_hour = true;
        return scan_number(in, 2, 1, 12, &in->hour);
    case 'M':
        return scan_number(in, 2, 0, 59, &in->minute);
    case 'S':
        return scan_number(in, 2, 0, 61, &in->second);
    case 'j':
        return scan_number(in, 3, 1, 366, &in->yday);
    case 'f':
        return scan_fraction(in);
    case 'z':
        return scan_offset(in);
    case 'Z':
        return scan_zone(in);
    case 'p':
        return scan_half(in);
    case 'b':
    case 'B':
        return scan_month(in, directive == 'B');
    case 'a':
    case 'A':
        return scan_weekday(in, directive == 'A');
    default:
        return directive == '%' && *in->at++ == '%';
    }
}

static bool skip_spaces(struct scan *in)
{
    size_t spaces = strspn(in->at, " \t\n\r\f\v");

    in->at += spaces;
    return spaces > 0;
}

/* What a compound directive stands for in the C locale. */
static const char *expansion(char directive)
{
    switch (directive) {
    case 'c':
        return "%a %b %d %H:%M:%S %Y";
    case 'x':
        return "%m/%d/%y";
    case 'X':
        return "%H:%M:%S";
    default:
        return NULL;
    }
}

static bool scan_format(struct scan *in, const char *format)
{
    for (const char *at = format; *at != '\0'; at++) {
        bool space = strchr(" \t\n\r\f\v", *at) != NULL;
        const char *longer = *at == '%' ? expansion(at[1]) : NULL;

        if (space) {
            at += strspn(at, " \t\n\r\f\v") - 1;
            if (!skip_spaces(in))
                return false;
        } else if (longer != NULL) {
            if (!scan_format(in, longer))
                return false;
            at++;
        } else if (*at == '%') {
            if (!scan_directive(in, *++at))
                return false;
        } else if (*in->at++ != *at) {
            in->at--;
            return false;
        }
    }
    return true;
}

static bool check_format(struct eval *eval, const char *format)
{
    for (const char *at = format; (at = strchr(at, '%')) != NULL; at += 2) {
        if (at[1] == '\0')
            return eval_fail(eval, "stray %% in format '%s'", format) != NULL;
        if (strchr("YymdHIMSjfzZpbBaAcxX%", at[1]) == NULL)
            return eval_fail(eval, "'%c' is a bad directive in format '%s'", at[1], format) != NULL;
    }
    return true;
}

static const struct value *scan_result(struct scan *in)
{
    struct tm parts = { .tm_year = in->year - 1900,
                        .tm_mon = in->month - 1,
                        .tm_mday = in->day,
                        .tm_hour = in->hour,
                        .tm_min = in->minute,
                        .tm_sec = in->second };
    struct date date = { .aware = in->aware, .offset_s = in->offset_s };

    if (in->half_hour)
        parts.tm_hour = in->hour % 12 + (in->half == 2 ? 12 : 0);
    if (in->second > 59)
        return eval_fail(in->eval, "second must be in 0..59");
    if (in->yday > 0) {
        parts.tm_mon = 0;
        parts.tm_mday = in->yday;
    }
    date.wall_us = (int64_t)timegm(&parts) * 1000000 + in->micros;
    if (in->yday == 0 && parts.tm_mday != in->day)
        return eval_fail(in->eval, "day is out of range for month");
    return date_new(in->eval, &date);
}

const struct value *date_parse(struct eval *eval, const char *text, const char *format)
{
    struct scan in = { .eval = eval, .at = text, .year = 1900, .month = 1, .day = 1 };

    if (!check_format(eval, format))
        return NULL;
    if (!scan_format(&in, format))
        return eval_fail(eval, "time data '%s' does not match format '%s'", text, format);
    if (*in.at != '\0')
        return eval_fail(eval, "unconverted data remains: %s", in.at);
    return scan_result(&in);
}
