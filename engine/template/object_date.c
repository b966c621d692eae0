/* SPDX-License-Identifier: Apache-2.0 */
/*
 * datetime objects: attributes, methods, text. Calendar arithmetic is libc's on the wall clock's own
 * time line (timegm); only timestamp() and now() ask for the local time zone.
 */
#include "engine/template/object_date.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "engine/template/object.h"
#include "engine/template/object_date_parts.h"

#define SECOND_US INT64_C(1000000)

static const struct object_kind date_kind;

bool date_is(const struct value *value)
{
    return object_kind(value) == &date_kind;
}

const struct value *date_new(struct eval *eval, const struct date *date)
{
    struct date *copy = arena_new_of(eval->arena, struct date);
    struct tm parts;

    date_split(date, &parts);
    if (parts.tm_year + 1900 < 1 || parts.tm_year + 1900 > 9999)
        return eval_fail(eval, "date value out of range");
    *copy = *date;
    return object_new(eval, copy, &date_kind);
}

static const struct value *date_at(struct eval *eval, int64_t at_us, bool utc)
{
    time_t seconds = (time_t)(at_us / SECOND_US);
    struct tm parts;
    struct date date = { .wall_us = at_us };

    if (!utc && localtime_r(&seconds, &parts) != NULL)
        date.wall_us += (int64_t)parts.tm_gmtoff * SECOND_US;
    return date_new(eval, &date);
}

const struct value *date_now(struct eval *eval, bool utc)
{
    return date_at(eval, clock_wall_us(), utc);
}

const struct value *date_of_time(struct eval *eval, const struct timespec *at)
{
    return date_at(eval, (int64_t)at->tv_sec * SECOND_US + (at->tv_nsec + 500) / 1000, false);
}

int64_t date_micros(const struct date *date)
{
    int64_t rest = date->wall_us % SECOND_US;

    return rest < 0 ? rest + SECOND_US : rest;
}

void date_split(const struct date *date, struct tm *out)
{
    time_t seconds = (time_t)((date->wall_us - date_micros(date)) / SECOND_US);

    memset(out, 0, sizeof(*out));
    gmtime_r(&seconds, out);
}

void date_add_offset(struct text *out, int64_t offset_s, const char *separator)
{
    long long minutes = llabs((long long)offset_s) / 60;

    text_printf(out, "%c%02lld%s%02lld", offset_s < 0 ? '-' : '+', minutes / 60, separator, minutes % 60);
}

static void add_iso(struct text *out, const struct date *date, char separator)
{
    struct tm parts;
    int64_t micros = date_micros(date);

    date_split(date, &parts);
    text_printf(out, "%04d-%02d-%02d%c%02d:%02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, separator,
                parts.tm_hour, parts.tm_min, parts.tm_sec);
    if (micros != 0)
        text_printf(out, ".%06d", (int)micros);
    if (date->aware)
        date_add_offset(out, date->offset_s, ":");
}

const struct value *date_iso(struct eval *eval, const struct value *date)
{
    struct text out = text_new(eval->arena);

    add_iso(&out, date->as.object.data, 'T');
    return eval_text(eval, out.data);
}

static void date_str(struct text *out, void *data)
{
    add_iso(out, data, ' ');
}

/* --- methods --- */

static const struct value *method_isoformat(struct eval *eval, const struct date *date, struct call_args *args)
{
    struct text out = text_new(eval->arena);
    const char *separator = args_text(eval, args->bound[0], "T", "isoformat() argument 1");

    if (separator == NULL)
        return NULL;
    add_iso(&out, date, *separator);
    return eval_text(eval, out.data);
}

static const struct value *method_strftime(struct eval *eval, const struct date *date, struct call_args *args)
{
    struct text out = text_new(eval->arena);
    const char *format = args_text(eval, args->bound[0], NULL, "strftime() argument 1");
    struct tm parts;

    if (format == NULL)
        return eval->err->text[0] != '\0' ? NULL : eval_fail_type(eval, "strftime() argument 1 must be str, not None");
    date_split(date, &parts);
    if (!date_format(eval, &out, &parts, date, format))
        return NULL;
    return eval_text(eval, out.data);
}

/* Seconds since the epoch: the local time zone's idea of a date without an offset. */
static const struct value *method_timestamp(struct eval *eval, const struct date *date, struct call_args *args)
{
    struct tm parts;
    int64_t seconds;

    (void)args;
    date_split(date, &parts);
    parts.tm_isdst = -1;
    seconds = date->aware ? (int64_t)timegm(&parts) - date->offset_s : (int64_t)mktime(&parts);
    return value_real(eval->arena, (double)(seconds * SECOND_US + date_micros(date)) / 1e6);
}

static int weekday(const struct date *date)
{
    struct tm parts;

    date_split(date, &parts);
    return (parts.tm_wday + 6) % 7;
}

static const struct value *method_weekday(struct eval *eval, const struct date *date, struct call_args *args)
{
    (void)args;
    return eval_int(eval, weekday(date));
}

static const struct value *method_isoweekday(struct eval *eval, const struct date *date, struct call_args *args)
{
    (void)args;
    return eval_int(eval, weekday(date) + 1);
}

static const struct value *method_toordinal(struct eval *eval, const struct date *date, struct call_args *args)
{
    int64_t days = (date->wall_us - date_micros(date)) / SECOND_US;

    (void)args;
    days = (days < 0 ? days - 86399 : days) / 86400;
    return eval_int(eval, days + 719163); /* the epoch's day number */
}

static const struct value *method_ctime(struct eval *eval, const struct date *date, struct call_args *args)
{
    struct text out = text_new(eval->arena);
    struct tm parts;

    (void)args;
    date_split(date, &parts);
    return date_format(eval, &out, &parts, date, "%a %b %e %H:%M:%S %Y") ? eval_text(eval, out.data) : NULL;
}

struct date_part {
    const char *name;
    int low, high, value;
};

static bool replace_part(struct eval *eval, const struct value *value, struct date_part *part)
{
    int64_t number = part->value;

    if (!args_int(eval, value, number, &number))
        return false;
    if (number >= part->low && number <= part->high) {
        part->value = (int)number;
        return true;
    }
    if (part->high == 9999)
        return eval_fail(eval, "year %lld is out of range", (long long)number) != NULL;
    if (part->high == 31)
        return eval_fail(eval, "day is out of range for month") != NULL;
    return eval_fail(eval, "%s must be in %d..%d", part->name, part->low, part->high) != NULL;
}

static const struct value *method_replace(struct eval *eval, const struct date *date, struct call_args *args)
{
    struct tm old, made;
    struct date out = *date;

    date_split(date, &old);
    struct date_part parts[] = {
        { "year", 1, 9999, old.tm_year + 1900 },
        { "month", 1, 12, old.tm_mon + 1 },
        { "day", 1, 31, old.tm_mday },
        { "hour", 0, 23, old.tm_hour },
        { "minute", 0, 59, old.tm_min },
        { "second", 0, 59, old.tm_sec },
        { "microsecond", 0, 999999, (int)date_micros(date) },
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (!replace_part(eval, args->bound[i], &parts[i]))
            return NULL;
    made = (struct tm){ .tm_year = parts[0].value - 1900,
                        .tm_mon = parts[1].value - 1,
                        .tm_mday = parts[2].value,
                        .tm_hour = parts[3].value,
                        .tm_min = parts[4].value,
                        .tm_sec = parts[5].value };
    out.wall_us = (int64_t)timegm(&made) * SECOND_US + parts[6].value;
    if (made.tm_mday != parts[2].value)
        return eval_fail(eval, "day is out of range for month");
    return date_new(eval, &out);
}

static const struct value *method_date(struct eval *eval, const struct date *date, struct call_args *args)
{
    struct text out = text_new(eval->arena);

    (void)args;
    add_iso(&out, date, ' ');
    return eval_string(eval, out.data, strcspn(out.data, " "));
}

static const struct date_method methods[] = {
    { "isoformat", method_isoformat, "sep" },
    { "strftime", method_strftime, "format!" },
    { "timestamp", method_timestamp, "" },
    { "weekday", method_weekday, "" },
    { "isoweekday", method_isoweekday, "" },
    { "toordinal", method_toordinal, "" },
    { "ctime", method_ctime, "" },
    { "date", method_date, "" },
    { "replace", method_replace, "year month day hour minute second microsecond" },
    { .name = NULL },
};

struct date_call {
    const struct date_method *method;
    const struct date *self;
};

static const struct value *call_method(struct eval *eval, void *data, struct call_args *args)
{
    const struct date_call *call = data;

    return args_bind(eval, args, call->method->name, call->method->params) ? call->method->run(eval, call->self, args)
                                                                           : NULL;
}

static const struct object_kind call_kind = { .ops = OBJECT_OPS("builtin_function_or_method"), .call = call_method };

static const struct value *date_attribute(struct eval *eval, void *data, const char *name)
{
    static const char *const names[] = { "year", "month", "day", "hour", "minute", "second", "microsecond" };
    struct tm parts;
    int fields[7];

    date_split(data, &parts);
    memcpy(fields,
           (int[]){ parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                    (int)date_micros(data) },
           sizeof(fields));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], name) == 0)
            return eval_int(eval, fields[i]);
    for (const struct date_method *method = methods; method->name != NULL; method++)
        if (strcmp(method->name, name) == 0) {
            struct date_call *call = arena_new_of(eval->arena, struct date_call);

            *call = (struct date_call){ method, data };
            return object_new(eval, call, &call_kind);
        }
    return NULL;
}

/* One with an offset and one without are never equal. */
static bool date_equal(const void *a, const void *b)
{
    const struct date *x = a, *y = b;

    return x->aware == y->aware && date_utc_us(x) == date_utc_us(y);
}

static const struct object_kind date_kind = {
    .ops = { .type_name = "datetime.datetime", .get = object_no_item, .equal = date_equal },
    .attribute = date_attribute,
    .str = date_str
};
