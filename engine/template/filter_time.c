/* SPDX-License-Identifier: Apache-2.0 */
/* strftime and to_datetime. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "engine/template/eval_expression.h"
#include "engine/template/filter.h"
#include "engine/template/object_date_parts.h"

#define SECONDS_MAX 253402300799.0 /* the end of the year 9999 */

static bool epoch_of(struct eval *eval, const struct value *value, time_t *out)
{
    double seconds = 0;

    if (value == NULL || value->kind == VALUE_NULL) {
        *out = (time_t)(clock_wall_us() / 1000000);
        return true;
    }
    if (!eval_number(value, &seconds) &&
        (value->kind != VALUE_STRING || !text_to_real(value->as.string.data, &seconds))) {
        value = eval_str(eval, value);
        return value != NULL && eval_fail(eval, "Invalid value for epoch value (%s)", value->as.string.data) != NULL;
    }
    if (!(fabs(seconds) <= SECONDS_MAX))
        return eval_fail(eval, "timestamp out of range for platform time_t") != NULL;
    *out = (time_t)floor(seconds);
    return true;
}

/* {{ format | strftime(seconds, utc) }} */
static const struct value *filter_strftime(struct eval *eval, const struct value *input, struct call_args *args)
{
    struct text out = text_new(eval->arena);
    time_t seconds = 0;
    struct tm parts;

    if (input->kind == VALUE_UNDEFINED)
        return eval_fail_undefined(eval, input);
    if (!epoch_of(eval, args->bound[0], &seconds))
        return NULL;
    if (input->kind != VALUE_STRING)
        return eval_fail_type(eval, "strftime() argument 1 must be str, not %s",
                              input->kind == VALUE_NULL ? "None" : eval_type(input));
    if ((args_true(args->bound[1], false) ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts)) == NULL)
        return eval_fail(eval, "timestamp out of range for platform time_t");
    return date_format(eval, &out, &parts, NULL, input->as.string.data)
               ? value_string_borrow(eval->arena, out.data, out.length)
               : NULL;
}

static const struct value *filter_to_datetime(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *format = args_text(eval, args->bound[0], "%Y-%m-%d %H:%M:%S", "strptime() argument 2");

    if (format == NULL)
        return NULL;
    if (input->kind != VALUE_STRING)
        return eval_fail_type(eval, "strptime() argument 1 must be str, not %s",
                              input->kind == VALUE_NULL ? "None" : eval_type(input));
    return date_parse(eval, input->as.string.data, format);
}

const struct filter filters_time[] = {
    { "strftime", filter_strftime, "second utc", 0 },
    { "to_datetime", filter_to_datetime, "format", FILTER_KEEPS },
    { .name = NULL },
};
