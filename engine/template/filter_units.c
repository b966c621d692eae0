/* SPDX-License-Identifier: Apache-2.0 */
/* community.general's filters on time spans ("1h 30m" | to_minutes) and on CSV text. */
#include <ctype.h>
#include <string.h>

#include "common/base/text.h"
#include "engine/template/eval_expression.h"
#include "engine/template/filter.h"

/* --- time --- */

struct unit {
    const char *name, *long_names[4];
    double milliseconds; /* of months and years: without the days they are said to have */
};

static const struct unit units[] = {
    { "ms", { "millisecond", "msec", "msecond" }, 1 },
    { "s", { "sec", "second" }, 1000 },
    { "m", { "min", "minute" }, 60000 },
    { "h", { "hour" }, 3600000 },
    { "d", { "day" }, 86400000 },
    { "w", { "week" }, 7 * 86400000.0 },
    { "mo", { "month" }, 86400000 },
    { "y", { "year" }, 86400000 },
};

struct calendar {
    double month, year; /* in days */
};

/* Long names may end in "s". NULL: there is none. */
static const struct unit *unit_find(const char *name, size_t length)
{
    size_t bare = length;

    while (bare > 0 && name[bare - 1] == 's')
        bare--;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strlen(units[i].name) == length && memcmp(units[i].name, name, length) == 0)
            return &units[i];
        for (size_t k = 0; k < 4 && units[i].long_names[k] != NULL; k++)
            if (strlen(units[i].long_names[k]) == bare && memcmp(units[i].long_names[k], name, bare) == 0)
                return &units[i];
    }
    return NULL;
}

static double unit_size(const struct unit *unit, const struct calendar *calendar)
{
    if (strcmp(unit->name, "mo") == 0)
        return unit->milliseconds * calendar->month;
    return strcmp(unit->name, "y") == 0 ? unit->milliseconds * calendar->year : unit->milliseconds;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (c & 0x80) != 0;
}

/* "-3days": adds to the total; false: cannot be read. */
static bool add_part(const char *part, size_t length, const struct calendar *calendar, double *total)
{
    const char *at = part, *end = part + length, *word;
    const struct unit *unit;
    double number = 0;
    bool negative = *at == '-';

    at += negative;
    if (at == end || !isdigit((unsigned char)*at))
        return false;
    while (at < end && isdigit((unsigned char)*at))
        number = number * 10 + (*at++ - '0');
    for (word = at; at < end && is_word(*at);)
        at++;
    unit = unit_find(word, (size_t)(at - word));
    if (at == word || unit == NULL)
        return false;
    *total += (negative ? -number : number) * unit_size(unit, calendar);
    return true;
}

static bool read_calendar(struct eval *eval, const struct call_args *args, struct calendar *out)
{
    *out = (struct calendar){ 30, 365 };
    for (uint32_t i = 0; i < args->named_count; i++) {
        const char *name = args->names[i];
        double *target = strcmp(name, "year") == 0 ? &out->year : strcmp(name, "month") == 0 ? &out->month : NULL;

        if (strcmp(name, "unit") == 0)
            continue;
        if (target == NULL)
            return eval_fail(eval, "to_time_unit() got unknown keyword arguments: %s", name) != NULL;
        if (!eval_number(args->named[i], target))
            return eval_fail_type(eval, "can't multiply sequence by non-int of type 'float'") != NULL;
    }
    return true;
}

static const struct value *to_unit(struct eval *eval, const struct value *input, const char *unit_name,
                                   const struct call_args *args)
{
    const struct unit *unit = unit_find(unit_name, strlen(unit_name));
    const char *text = value_text(input);
    struct calendar calendar;
    double total = 0;

    if (text != NULL && strcmp(text, "0") == 0)
        return eval_int(eval, 0);
    if (unit == NULL)
        return eval_fail(eval,
                         "to_time_unit() can not convert to the following unit: %s. Available units (singular or "
                         "plural): millisecond, msec, msecond, sec, second, hour, min, minute, day, week, month, year. "
                         "Available short units: ms, s, m, h, d, w, mo, y",
                         unit_name);
    if (!read_calendar(eval, args, &calendar))
        return NULL;
    if (text == NULL)
        return eval_fail(eval, "'%s' object has no attribute 'split'", eval_type(input));
    for (const char *at = text + strspn(text, " \t\n\r\f\v"); *at != '\0'; at += strspn(at, " \t\n\r\f\v")) {
        size_t length = strcspn(at, " \t\n\r\f\v");

        if (!add_part(at, length, &calendar, &total))
            return eval_fail(eval, "to_time_unit() can not interpret following string: %s", text);
        at += length;
    }
    text_to_real(arena_printf(eval->arena, "%.12f", total / unit_size(unit, &calendar)), &total); /* round(x, 12) */
    return value_real(eval->arena, total);
}

static const struct value *filter_to_time_unit(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *unit = args_text(eval, args->bound[0], "ms", "unit");

    return unit == NULL ? NULL : to_unit(eval, input, unit, args);
}

#define TO_UNIT(name, unit)                                                                                            \
    static const struct value *filter_to_##name(struct eval *eval, const struct value *input, struct call_args *args)  \
    {                                                                                                                  \
        return to_unit(eval, input, unit, args);                                                                       \
    }

TO_UNIT(milliseconds, "ms")
TO_UNIT(seconds, "s")
TO_UNIT(minutes, "m")
TO_UNIT(hours, "h")
TO_UNIT(days, "d")
TO_UNIT(weeks, "w")
TO_UNIT(months, "mo")
TO_UNIT(years, "y")

/* --- from_csv --- */

struct csv {
    struct eval *eval;
    const char *at;
    char delimiter;
    bool skip_blanks, strict;
};

/* One field; NULL: error set. *ends_out: the row ends behind it. */
static const struct value *csv_field(struct csv *csv, bool *ends_out)
{
    struct text out = text_new(csv->eval->arena);
    const char *at = csv->at;
    bool quoted;

    while (csv->skip_blanks && *at == ' ')
        at++;
    quoted = *at == '"';
    at += quoted;
    while (*at != '\0' && (quoted || (*at != csv->delimiter && *at != '\n' && *at != '\r'))) {
        if (quoted && *at == '"' && at[1] != '"') {
            quoted = false;
            at++;
            if (csv->strict && *at != csv->delimiter && strchr("\r\n", *at) == NULL)
                return eval_fail(csv->eval, "Unable to process file: '%c' expected after '\"'", csv->delimiter);
            continue;
        }
        at += quoted && *at == '"';
        text_add_char(&out, *at++);
    }
    if (quoted && csv->strict)
        return eval_fail(csv->eval, "Unable to process file: unexpected end of data");
    *ends_out = *at != csv->delimiter;
    at += *at == '\r' && at[1] == '\n';
    csv->at = at + (*at != '\0');
    return eval_string(csv->eval, out.data, out.length);
}

/* NULL: error set. Empty lines are passed over. */
static const struct value *csv_row(struct csv *csv)
{
    struct value *row = eval_list(csv->eval);
    bool ends = false;

    csv->at += strspn(csv->at, "\r\n");
    while (!ends && (*csv->at != '\0' || row->as.list.count > 0)) {
        const struct value *field = csv_field(csv, &ends);

        if (field == NULL || !eval_step(csv->eval))
            return NULL;
        value_list_add(csv->eval->arena, row, field);
    }
    return row;
}

/* As csv.DictReader: what is too much is a list under None, what is missing is None. */
static const struct value *csv_record(struct eval *eval, const struct value *names, const struct value *row)
{
    struct value *record = eval_map(eval), *rest = eval_list(eval);
    size_t count = names->as.list.count;

    for (size_t i = 0; i < count; i++)
        value_map_put_value(eval->arena, record, names->as.list.items[i],
                            i < row->as.list.count ? row->as.list.items[i] : value_null());
    for (size_t i = count; i < row->as.list.count; i++)
        value_list_add(eval->arena, rest, row->as.list.items[i]);
    if (rest->as.list.count > 0)
        value_map_put_value(eval->arena, record, value_null(), rest);
    return record;
}

static bool csv_options(struct eval *eval, const struct call_args *args, struct csv *csv)
{
    static const char *const dialects[] = { "excel", "excel-tab", "unix", NULL };
    const char *dialect = args_text(eval, args->bound[0], "excel", "dialect"), *delimiter;

    if (dialect == NULL)
        return false;
    if (!text_in(dialect, dialects))
        return eval_fail(eval, "Dialect '%s' is not supported by your version of python.", dialect) != NULL;
    delimiter = args_text(eval, args->bound[2], strcmp(dialect, "excel-tab") == 0 ? "\t" : ",", "delimiter");
    if (delimiter == NULL)
        return false;
    if (strlen(delimiter) != 1)
        return eval_fail(eval, "Unable to create custom dialect: \"delimiter\" must be a 1-character string") != NULL;
    csv->delimiter = *delimiter;
    csv->skip_blanks = args_true(args->bound[3], false);
    csv->strict = args_true(args->bound[4], false);
    return true;
}

static const struct value *filter_from_csv(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *text = eval_str(eval, input), *names = args->bound[1];
    struct value *list = eval_list(eval);
    struct csv csv = { .eval = eval };

    if (text == NULL || !csv_options(eval, args, &csv))
        return NULL;
    csv.at = text->as.string.data + (text_starts(text->as.string.data, "\xEF\xBB\xBF") ? 3 : 0);
    names = names == NULL || names->kind == VALUE_NULL ? csv_row(&csv) : eval_items(eval, names);
    while (names != NULL && *(csv.at += strspn(csv.at, "\r\n")) != '\0') {
        const struct value *row = csv_row(&csv);

        if (row == NULL)
            return NULL;
        value_list_add(eval->arena, list, csv_record(eval, names, row));
    }
    return names == NULL ? NULL : list;
}

const struct filter filters_units[] = {
    { "community.general.to_time_unit", filter_to_time_unit, "unit **", 0 },
    { "community.general.to_milliseconds", filter_to_milliseconds, "**", 0 },
    { "community.general.to_seconds", filter_to_seconds, "**", 0 },
    { "community.general.to_minutes", filter_to_minutes, "**", 0 },
    { "community.general.to_hours", filter_to_hours, "**", 0 },
    { "community.general.to_days", filter_to_days, "**", 0 },
    { "community.general.to_weeks", filter_to_weeks, "**", 0 },
    { "community.general.to_months", filter_to_months, "**", 0 },
    { "community.general.to_years", filter_to_years, "**", 0 },
    { "community.general.from_csv", filter_from_csv, "dialect fieldnames delimiter skipinitialspace strict", 0 },
    { .name = NULL },
};
