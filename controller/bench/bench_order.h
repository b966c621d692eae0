/* SPDX-License-Identifier: Apache-2.0 */
/* From what an operator asks for to benchmarks, each with the workload that runs it. Pure; all is checked before anything is kept. */
#pragma once

#include "common/spec/arg_spec.h"
#include "controller/store/store_bench.h"

#define BENCH_WORKLOAD_PREFIX "bench-" /* and the bench's id: the name of its workload while it runs */
#define BENCH_ORDER_MOST 32            /* benchmarks of one order */

struct bench_order {
    const char *kind, *model;
    const struct value *nodes; /* list of names that it may use; NULL: all */
    const struct value
        *counts; /* list of numbers: one bench on so many nodes each; NULL: one, on all of `nodes`, else on one */
    const struct value *options;
    const char *memory, *network, *kv;
};
extern const struct task_spec bench_order_spec; /* the body of POST benches */

/* The rows, to be added; by and at_us are the caller's. */
bool bench_order_rows(struct arena *arena, const struct bench_order *order, struct store_bench **out, size_t *count_out,
                      struct error *err);
/* The declaration under the bench's own name. */
const char *bench_workload_name(struct arena *arena, int64_t id);
const char *bench_declaration(struct arena *arena, const struct store_bench *bench, struct error *err);
