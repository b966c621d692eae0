/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ended how: counters by model for Prometheus, and sums by key, model and hour that go to the store together, every second or so.
 * For any thread.
 */
#pragma once

#include <stdint.h>

#include "common/base/text.h"
#include "controller/store/store.h"

enum usage_outcome { USAGE_DONE, USAGE_FAILED, USAGE_CANCELLED, USAGE_REFUSED, USAGE_OUTCOMES };

struct usage_entry {
    const char *key_id; /* NULL: nobody's */
    const char *model;  /* that there is; "": of none */
    enum usage_outcome outcome;
    int64_t tokens_in, tokens_out;
    int64_t total_us, first_us; /* from its coming to its end, to the first byte of the answer; 0: none */
};

struct usage;

struct usage *usage_new(struct store *store);
/* What was counted is written first. Before the store is closed, not from its thread. NULL is fine. */
void usage_free(struct usage *usage);
void usage_note(struct usage *usage, const struct usage_entry *entry);
/* Writes what is due. Milliseconds until it wants to be called again; -1: nothing waits. */
int64_t usage_step(struct usage *usage);

struct usage_totals {
    uint64_t outcomes[USAGE_OUTCOMES];
    uint64_t tokens_in, tokens_out;
};
void usage_totals(struct usage *usage, struct usage_totals *out);
void usage_metrics(struct usage *usage, struct text *out);
