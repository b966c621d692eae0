/* SPDX-License-Identifier: Apache-2.0 */
/* Times as slots of sums. */
#include "controller/store/store_span.h"

#define DAY_US (INT64_C(86400) * 1000000)

int64_t store_span_day(int64_t at_us)
{
    return -1 - (at_us - at_us % DAY_US);
}

struct store_spans store_spans_of(int64_t from_us, int64_t to_us, bool with_days)
{
    struct store_spans spans = { .first = { from_us, to_us } };
    int64_t first = from_us % DAY_US == 0 ? from_us : from_us - from_us % DAY_US + DAY_US;
    int64_t last = to_us - to_us % DAY_US;

    if (with_days && from_us >= 0 && first < last) {
        spans.first.beyond = first;
        spans.days = (struct store_span){ -last, -first }; /* of days from `first` on, before `last` */
        spans.last = (struct store_span){ last, to_us };
    }
    return spans;
}
