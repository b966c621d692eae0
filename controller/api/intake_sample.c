/* SPDX-License-Identifier: Apache-2.0 */
/* A node's sample into the store. */
#include <math.h>

#include "controller/api/figures.h"
#include "controller/api/intake_measured.h"
#include "controller/store/store_sample.h"

#define CLOCK_SLACK_US ((int64_t)24 * 3600 * 1000000) /* a sample's own time is believed this far from its report's */
#define FIGURE_MAX 1e15 /* a PiB, and more than any watt: sums of all nodes stay numbers, and fit an integer */

double intake_figure(const struct value *body, const char *key)
{
    const struct value *value = value_map_get(body, key);
    double figure = value_is(value, VALUE_REAL)  ? value->as.real
                    : value_is(value, VALUE_INT) ? (double)value->as.integer
                                                 : (double)NAN;

    return isfinite(figure) && figure >= 0 && figure <= FIGURE_MAX ? figure : (double)NAN;
}

bool intake_sample(struct store_connection *writer, const struct intake_report *report, struct error *err)
{
    const struct value *at = value_map_get(report->body, "at_us");
    struct store_sample sample = { .at_us = report->report->at_us };
    bool is_measured = false;

    if (value_is(at, VALUE_INT) && at->as.integer > sample.at_us - CLOCK_SLACK_US && at->as.integer <= sample.at_us)
        sample.at_us = at->as.integer;
    for (int i = 0; i < STORE_SAMPLE_FIGURES; i++) {
        sample.figures[i] = intake_figure(report->body, figure_name((enum store_sample_figure)i));
        is_measured = is_measured || !isnan(sample.figures[i]);
    }
    return !is_measured || store_sample_add(writer, report->node_id, &sample, err);
}
