/* SPDX-License-Identifier: Apache-2.0 */
/* timedelta objects, and arithmetic and order of dates. */
#include <stdlib.h>
#include <string.h>

#include "engine/template/eval_expression.h"
#include "engine/template/object.h"
#include "engine/template/object_date_parts.h"
#include "engine/template/python_format.h"

#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)
#define DELTA_MAX (INT64_MAX / 4)

static const struct object_kind delta_kind;

bool delta_is(const struct value *value)
{
    return object_kind(value) == &delta_kind;
}

const struct value *delta_new(struct eval *eval, int64_t microseconds)
{
    int64_t *copy = arena_new_of(eval->arena, int64_t);

    if (microseconds > DELTA_MAX || microseconds < -DELTA_MAX)
        return eval_fail(eval, "date value out of range");
    *copy = microseconds;
    return object_new(eval, copy, &delta_kind);
}

/* Days may be negative, the rest is not. */
static int64_t days_of(int64_t delta, int64_t *rest_out)
{
    int64_t days = delta / DAY_US, rest = delta % DAY_US;

    if (rest < 0) {
        days--;
        rest += DAY_US;
    }
    *rest_out = rest;
    return days;
}

static void delta_str(struct text *out, void *data)
{
    int64_t rest = 0, days = days_of(*(const int64_t *)data, &rest), seconds = rest / SECOND_US;

    if (days != 0)
        text_printf(out, "%lld day%s, ", (long long)days, llabs((long long)days) == 1 ? "" : "s");
    text_printf(out, "%d:%02d:%02d", (int)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60));
    if (rest % SECOND_US != 0)
        text_printf(out, ".%06d", (int)(rest % SECOND_US));
}

static const struct value *total_seconds(struct eval *eval, void *data, struct call_args *args)
{
    (void)args;
    return value_real(eval->arena, (double)*(const int64_t *)data / 1e6);
}

static const struct object_kind total_seconds_kind = { .ops = OBJECT_OPS("builtin_function_or_method"),
                                                       .call = total_seconds };

static const struct value *delta_attribute(struct eval *eval, void *data, const char *name)
{
    int64_t rest = 0, days = days_of(*(const int64_t *)data, &rest);

    if (strcmp(name, "days") == 0)
        return eval_int(eval, days);
    if (strcmp(name, "seconds") == 0)
        return eval_int(eval, rest / SECOND_US);
    if (strcmp(name, "microseconds") == 0)
        return eval_int(eval, rest % SECOND_US);
    return strcmp(name, "total_seconds") == 0 ? object_new(eval, data, &total_seconds_kind) : NULL;
}

static bool delta_equal(const void *a, const void *b)
{
    return *(const int64_t *)a == *(const int64_t *)b;
}

static const struct object_kind delta_kind = {
    .ops = { .type_name = "datetime.timedelta", .get = object_no_item, .equal = delta_equal },
    .attribute = delta_attribute,
    .str = delta_str
};

static void delta_repr(struct text *out, int64_t delta)
{
    int64_t rest = 0, days = days_of(delta, &rest);
    const struct {
        const char *name;
        int64_t count;
    } parts[] = { { "days", days }, { "seconds", rest / SECOND_US }, { "microseconds", rest % SECOND_US } };
    const char *between = "";

    text_add(out, "datetime.timedelta(");
    for (size_t i = 0; i < 3; i++) {
        if (parts[i].count == 0)
            continue;
        text_printf(out, "%s%s=%lld", between, parts[i].name, (long long)parts[i].count);
        between = ", ";
    }
    text_add(out, *between == '\0' ? "0)" : ")");
}

void date_repr(struct text *out, const struct value *value)
{
    const struct date *date = value->as.object.data;
    struct tm parts;
    int micros;

    if (delta_is(value)) {
        delta_repr(out, *(const int64_t *)value->as.object.data);
        return;
    }
    date_split(date, &parts);
    micros = (int)date_micros(date);
    text_printf(out, "datetime.datetime(%d, %d, %d, %d, %d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                parts.tm_hour, parts.tm_min);
    if (parts.tm_sec != 0 || micros != 0)
        text_printf(out, ", %d", parts.tm_sec);
    if (micros != 0)
        text_printf(out, ", %d", micros);
    text_add_char(out, ')');
}

/* --- arithmetic --- */

static int64_t delta_of(const struct value *value)
{
    return *(const int64_t *)value->as.object.data;
}

static const struct value *shift(struct eval *eval, const struct value *value, int64_t by)
{
    struct date date = *(const struct date *)value->as.object.data;

    date.wall_us += by;
    return date_new(eval, &date);
}

int64_t date_utc_us(const struct date *date)
{
    return date->wall_us - (date->aware ? date->offset_s * SECOND_US : 0);
}

static const struct value *difference(struct eval *eval, const struct value *a, const struct value *b)
{
    const struct date *left = a->as.object.data, *right = b->as.object.data;

    if (left->aware != right->aware)
        return eval_fail_type(eval, "can't subtract offset-naive and offset-aware datetimes");
    return delta_new(eval, date_utc_us(left) - date_utc_us(right));
}

static const struct value *delta_times(struct eval *eval, int64_t delta, double factor)
{
    double made = (double)delta * factor;

    if (!(made < (double)DELTA_MAX && made > -(double)DELTA_MAX))
        return eval_fail(eval, "date value out of range");
    return delta_new(eval, (int64_t)__builtin_rint(made));
}

static const struct value *delta_binary(struct eval *eval, enum binary_op op, int64_t a, const struct value *b,
                                        bool *done_out)
{
    double factor = 0;

    if (delta_is(b) && op == BINARY_ADD)
        return delta_new(eval, a + delta_of(b));
    if (delta_is(b) && op == BINARY_SUB)
        return delta_new(eval, a - delta_of(b));
    if (delta_is(b) && op == BINARY_DIV && delta_of(b) != 0)
        return value_real(eval->arena, (double)a / (double)delta_of(b));
    if (eval_number(b, &factor) && op == BINARY_MUL)
        return delta_times(eval, a, factor);
    if (eval_number(b, &factor) && op == BINARY_DIV)
        return factor == 0 ? eval_raise(eval, "ZeroDivisionError", "division by zero")
                           : delta_times(eval, a, 1 / factor);
    *done_out = false;
    return NULL;
}

const struct value *python_date_binary(struct eval *eval, enum binary_op op, const struct value *a,
                                       const struct value *b, bool *done_out)
{
    *done_out = true;
    if (op == BINARY_SUB && date_is(a) && date_is(b))
        return difference(eval, a, b);
    if (op == BINARY_ADD && date_is(a) && delta_is(b))
        return shift(eval, a, delta_of(b));
    if (op == BINARY_ADD && delta_is(a) && date_is(b))
        return shift(eval, b, delta_of(a));
    if (op == BINARY_SUB && date_is(a) && delta_is(b))
        return shift(eval, a, -delta_of(b));
    if (delta_is(a))
        return delta_binary(eval, op, delta_of(a), b, done_out);
    *done_out = false;
    return NULL;
}

bool date_compare(const struct value *a, const struct value *b, int *order_out)
{
    int64_t left, right;

    if (delta_is(a) && delta_is(b)) {
        left = delta_of(a);
        right = delta_of(b);
    } else if (date_is(a) && date_is(b)) {
        const struct date *x = a->as.object.data, *y = b->as.object.data;

        if (x->aware != y->aware)
            return false;
        left = date_utc_us(x);
        right = date_utc_us(y);
    } else {
        return false;
    }
    *order_out = left < right ? -1 : left > right;
    return true;
}
