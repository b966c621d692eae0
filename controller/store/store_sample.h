/* SPDX-License-Identifier: Apache-2.0 */
/* Power, heat and memory over time. NAN is "not measured" in every figure, both ways. */
#pragma once

#include "controller/store/store.h"

enum store_sample_figure {
    STORE_SAMPLE_WATTS,
    STORE_SAMPLE_CELSIUS,     /* the hottest sensor of the GPU */
    STORE_SAMPLE_GPU_BUSY,    /* 0..1 */
    STORE_SAMPLE_MEMORY_USED, /* bytes, as all below */
    STORE_SAMPLE_MEMORY_TOTAL,
    STORE_SAMPLE_GTT_USED,
    STORE_SAMPLE_GTT_TOTAL,
    STORE_SAMPLE_VRAM_USED,
    STORE_SAMPLE_VRAM_TOTAL,
    STORE_SAMPLE_LOAD, /* of the last minute */
    STORE_SAMPLE_FIGURES,
};

struct store_sample {
    int64_t at_us;
    double figures[STORE_SAMPLE_FIGURES]; /* read in steps: the mean of what was measured */
    double peak_watts, peak_celsius;      /* only when read */
    int64_t count;                        /* only when read: samples in the step */
};

/* One for the same node and time replaces the one before. */
bool store_sample_add(struct store_connection *writer, int64_t node_id, const struct store_sample *sample,
                      struct error *err);
/* NULL: none. */
bool store_sample_last(struct store_connection *connection, struct arena *arena, int64_t node_id,
                       struct store_sample **out, struct error *err);

struct store_sample_range {
    int64_t node_id;
    int64_t from_us, to_us; /* from <= at < to */
    int64_t step_us;        /* one row per step, at_us its begin; 0: every sample as it is */
    size_t limit;           /* 0: STORE_PAGE_DEFAULT; at most LIMIT_STORE_PAGE: go on behind the last */
};
/* Oldest first; steps without samples are left out. With steps the whole range is read: 0.1 s per 100,000 samples, of which a
 * node makes 2,880 a day. */
bool store_sample_read(struct store_connection *connection, struct arena *arena, const struct store_sample_range *range,
                       struct store_sample **out, size_t *count_out, struct error *err);
