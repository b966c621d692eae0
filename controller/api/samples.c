/* SPDX-License-Identifier: Apache-2.0 */
/* Power, heat and memory of a node over time. */
#include <math.h>

#include "common/base/clock.h"
#include "controller/api/figures.h"
#include "controller/store/store_node.h"

#define MINUTE_US (INT64_C(60) * 1000000)
#define ROWS 1000

const char *figure_name(enum store_sample_figure figure)
{
    static const char *const names[STORE_SAMPLE_FIGURES] = {
        [STORE_SAMPLE_WATTS] = "watts",
        [STORE_SAMPLE_CELSIUS] = "celsius",
        [STORE_SAMPLE_GPU_BUSY] = "gpu_busy",
        [STORE_SAMPLE_MEMORY_USED] = "memory_used",
        [STORE_SAMPLE_MEMORY_TOTAL] = "memory_total",
        [STORE_SAMPLE_GTT_USED] = "gtt_used",
        [STORE_SAMPLE_GTT_TOTAL] = "gtt_total",
        [STORE_SAMPLE_VRAM_USED] = "vram_used",
        [STORE_SAMPLE_VRAM_TOTAL] = "vram_total",
        [STORE_SAMPLE_LOAD] = "load",
    };

    return names[figure];
}

struct value *figures_value(struct api_call *call, const struct store_sample *sample)
{
    struct value *out = value_map(call->arena);

    center_put_time(call, out, "at", sample->at_us);
    for (enum store_sample_figure i = STORE_SAMPLE_WATTS; i < STORE_SAMPLE_FIGURES; i++)
        value_map_put(call->arena, out, figure_name(i),
                      isnan(sample->figures[i]) ? value_null() : value_real(call->arena, sample->figures[i]));
    return out;
}

struct samples_query {
    int64_t minutes, step_s;
};

static const struct arg_spec samples_query_args[] = {
    ARG(samples_query, minutes, ARG_INT, .default_text = "60", .help = "how far back, to 30 days"),
    ARG(samples_query, step_s, ARG_INT, .default_text = "60", .help = "the mean of steps so long; 0: every sample"),
    ARG_END,
};
static const struct task_spec samples_query_spec = { .name = "samples",
                                                     .args = samples_query_args,
                                                     .args_size = sizeof(struct samples_query) };

static void samples_list(struct api_call *call)
{
    const struct samples_query *query = call->query;
    struct value *items = value_list(call->arena);
    struct store_sample_range range = { .to_us = clock_wall_us() + 1,
                                        .step_us = query->step_s * 1000000,
                                        .limit = ROWS };
    struct store_sample *samples = NULL;
    struct store_node *node = NULL;
    struct error err = ERROR_INIT;
    size_t count = 0;

    if (!center_node_of(call, &node))
        return;
    if (query->minutes < 1 || query->minutes > 43200 || query->step_s < 0 || query->step_s > 86400 ||
        query->minutes * 60 > ROWS * (query->step_s < 60 ? 60 : query->step_s)) {
        api_reply_error(
            call, 400, "bad_range",
            "minutes is 1 to 43200, step_s 0 to 86400, and not more than %d steps (samples are a minute apart)", ROWS);
        return;
    }
    range.node_id = node->id;
    range.from_us = range.to_us - query->minutes * MINUTE_US;
    if (!store_sample_read(center_of(call)->reader, call->arena, &range, &samples, &count, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct value *item = figures_value(call, &samples[i]);

        value_map_put_int(call->arena, item, "count", samples[i].count);
        value_list_add(call->arena, items, item);
    }
    center_reply_page(call, items, NULL);
}

static const struct api_route routes[] = {
    API_ROUTE(API_VIEWER, "GET", "/api/v1/nodes/{name}/samples", samples_list,
              .summary = "Power, heat and memory of a node, oldest first",
              .reply = "at most 1000 samples or means of steps; what was not measured is null",
              .query = &samples_query_spec),
};

API_RESOURCE_DEFINE(samples) = {
    .name = "samples", .summary = "Figures over time", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};
