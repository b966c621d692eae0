/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the planner works on, as the store knows it at this moment: nodes with their memory and engines, models with their shapes,
 * what was measured, what is placed. Any connection; everything is in the arena.
 */
#pragma once

#include "controller/engines/engine.h"
#include "controller/launcher/facts_cache.h"

struct plan_input_options {
    const struct workload *const *workloads; /* to be placed; their replicas that have a place keep it */
    size_t workloads_count;
    /* Instances that are to have a place anew: the one they have counts as their last one, and their pieces only hold memory still. */
    const int64_t *anew;
    size_t anew_count;
    /* Whether the node is there now, with a sentence if it is not; NULL: those that are not lost are. */
    bool (*is_heard)(void *data, struct arena *arena, int64_t node_id, const char **why_not);
    void *data;
    struct facts_cache *facts; /* of what was read before, which the nodes' facts then lie in; NULL: all is read */
};

bool plan_input_gather(struct store_connection *connection, struct arena *arena,
                       const struct plan_input_options *options, struct plan_input *out, struct error *err);
/* What the engines ask of places: for plan_input.rules. */
const struct plan_rule *plan_input_rules(struct arena *arena, size_t *count_out);
