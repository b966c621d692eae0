/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of a benchmark: started, looked at, over. Used by benches.c. */
#pragma once

#include "controller/store/store_bench.h"
#include "controller/store/store_instance.h"

struct bench_step {
    struct store *store;
    struct store_connection *reader;
    struct arena *arena; /* of one pass */
    int64_t patience_s;
};

/* Gives it its workload. *changed_out: something is other on disk, for these three. */
bool bench_step_begin(const struct bench_step *step, const struct store_bench *bench, bool *changed_out,
                      struct error *err);
/* Looks what became of it: tells how far it is, ends it when it is over. */
bool bench_step_look(const struct bench_step *step, const struct store_bench *bench, bool *changed_out,
                     struct error *err);
/* What came of one that is done: compared, kept, told. bench_end.c */
bool bench_step_done(const struct bench_step *step, const struct store_bench *bench,
                     const struct store_instance *instance, struct error *err);
/* It has failed, or was given up; its workload goes. The ends of what the jobs of `instance` wrote are kept; it may be NULL. */
bool bench_step_fail(const struct bench_step *step, const struct store_bench *bench, const char *sentence,
                     const struct store_instance *instance, struct error *err);
/* In the writer's thread: ended, its workload taken away, events added. */
bool bench_end_write(struct store_connection *writer, const struct store_bench *bench, struct error *err);
