/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside controller/store: times as slots of sums. A sum is kept three times: in its slot of five minutes, in that of its day (UTC), which is
 * below 0, and in slot 0, since ever. A long time is read as the days that are whole in it, and slots before and behind them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct store_span {
    int64_t least, beyond; /* least <= slot < beyond */
};
struct store_spans {
    struct store_span first, days, last;
};

/* The slot of its day. */
int64_t store_span_day(int64_t at_us);
/* Without days: all of it in `first`. */
struct store_spans store_spans_of(int64_t from_us, int64_t to_us, bool with_days);

/* A table with them, for a CROSS JOIN; BIND_SPANS are its ?1 to ?6. */
#define SQL_SPANS "(SELECT ?1 AS least, ?2 AS beyond UNION ALL SELECT ?3, ?4 UNION ALL SELECT ?5, ?6)"
#define BIND_SPANS(spans)                                                                                              \
    bind_int((spans).first.least), bind_int((spans).first.beyond), bind_int((spans).days.least),                       \
        bind_int((spans).days.beyond), bind_int((spans).last.least), bind_int((spans).last.beyond)
