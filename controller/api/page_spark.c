/* SPDX-License-Identifier: Apache-2.0 */
/* Figures over a day as the points of an SVG line. Where nothing was measured the line has a hole: it is never drawn over. */
#include <math.h>

#include "common/base/text.h"
#include "controller/api/pages.h"
#include "controller/store/store_sample.h"

#define WIDTH 288.0
#define HEIGHT 48.0

struct span {
    double low, high;
};

static struct span span_of(const struct store_sample *samples, size_t count, int figure)
{
    struct span span = { (double)INFINITY, -(double)INFINITY };

    for (size_t i = 0; i < count; i++) {
        double value = samples[i].figures[figure];

        if (isnan(value))
            continue;
        span.low = fmin(span.low, value);
        span.high = fmax(span.high, value);
    }
    return span;
}

static const struct value *segments_of(struct arena *arena, const struct page_spark *spark,
                                       const struct store_sample *samples, size_t count, struct span span)
{
    struct value *out = value_list(arena);
    struct text points = text_new(arena);
    double top = span.high > 0 ? span.high * 1.05 : 1; /* from zero: a flat line is a flat line */
    int64_t before_us = 0;

    for (size_t i = 0; i < count; i++) {
        double value = samples[i].figures[spark->figure];
        double x = (double)(samples[i].at_us - spark->from_us) / (double)spark->step_us / (double)spark->steps * WIDTH;

        if (isnan(value))
            continue;
        if (points.length > 0 && samples[i].at_us - before_us > 2 * spark->step_us) {
            value_list_add(arena, out, value_string_n(arena, points.data, points.length));
            text_truncate(&points, 0);
        }
        text_printf(&points, "%s%.1f,%.1f", points.length > 0 ? " " : "", fmax(0, x),
                    HEIGHT - 1 - fmax(0, value) / top * (HEIGHT - 2));
        before_us = samples[i].at_us;
    }
    if (points.length > 0)
        value_list_add(arena, out, value_string_n(arena, points.data, points.length));
    return out;
}

static const char *amount(struct arena *arena, const struct page_spark *spark, double value)
{
    return arena_printf(arena, spark->divisor > 1 ? "%.1f %s" : "%.0f %s", value / spark->divisor, spark->unit);
}

const struct value *page_spark(struct arena *arena, const struct page_spark *spark, const struct store_sample *samples,
                               size_t count)
{
    struct span span = span_of(samples, count, spark->figure);
    struct value *out = value_map(arena);

    if (isinf(span.low))
        return value_null();
    value_map_put_string(arena, out, "title", spark->title);
    value_map_put(arena, out, "segments", segments_of(arena, spark, samples, count, span));
    value_map_put_string(arena, out, "low", amount(arena, spark, span.low));
    value_map_put_string(arena, out, "high", amount(arena, spark, span.high));
    return out;
}
