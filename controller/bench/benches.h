/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Benchmarks, one after the other: each is a batch workload of its own name while it runs, which the launcher runs like any other; what came of it is
 * kept with what its nodes were then, and compared. One thread; all that it needs to go on is in the store. Functions are for any
 * thread; none blocks but benches_open and benches_stop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "controller/launcher/launcher.h"

#define BENCHES_PATIENCE_S 120 /* for one that finds no place */

struct benches_options {
    struct store *store;
    struct launcher *launcher; /* NULL: nobody runs them */
    void (*news)(void *data,
                 int64_t bench_id); /* its state or sentence is another on disk; must not block; may be NULL */
    void *data;
    int64_t patience_s; /* 0: BENCHES_PATIENCE_S */
};

struct benches;

bool benches_open(const struct benches_options *options, struct benches **out, struct error *err);
void benches_stop(struct benches *benches);
void benches_free(struct benches *benches); /* stops; NULL is fine */
/* There is a new one, or one was given up. NULL is fine. */
void benches_wake(struct benches *benches);

/* In the writer's thread: one is given up; its workload goes. *found_out: it was waiting or running. */
bool benches_cancel(struct store_connection *writer, int64_t id, const char *by, bool *found_out, struct error *err);
