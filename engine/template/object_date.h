/* SPDX-License-Identifier: Apache-2.0 */
/* Python's datetime and timedelta as objects: what now() and to_datetime give. */
#pragma once

#include <time.h>

#include "common/base/text.h"
#include "engine/template/eval.h"

/* Proleptic Gregorian, as on the wall clock; microseconds since 1970-01-01 00:00 of that clock. */
struct date {
    int64_t wall_us;
    bool aware; /* has an offset from UTC */
    int64_t offset_s;
};

const struct value *date_new(struct eval *eval, const struct date *date);
const struct value *delta_new(struct eval *eval, int64_t microseconds);
const struct value *date_now(struct eval *eval, bool utc);
const struct value *date_of_time(struct eval *eval,
                                 const struct timespec *at); /* on the local clock; NULL: error set */
bool date_is(const struct value *value);
/* isoformat(), as JSON has a date. */
const struct value *date_iso(struct eval *eval, const struct value *date);
bool delta_is(const struct value *value);
/* datetime.strptime(text, format); NULL: error set. */
const struct value *date_parse(struct eval *eval, const char *text, const char *format);
bool date_strftime(struct eval *eval, struct text *out, const struct value *value, const char *format, size_t length);
/* repr(); `value` is one of the two. */
void date_repr(struct text *out, const struct value *value);
/* <0, 0, >0; false: these two have no order. */
bool date_compare(const struct value *a, const struct value *b, int *order_out);
