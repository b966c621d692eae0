/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where workloads go: pure, without clock, store or network; the same input gives the same plan. One machine if it fits, else the
 * fewest that do, with the split for each; what is over the memory of the nodes is refused with the terms of the sum. Sizes are bytes.
 */
#pragma once

#include "controller/planner/plan_given.h"

struct plan_input {
    const struct plan_node *nodes;
    size_t nodes_count;
    const struct workload *const *workloads; /* those to be placed; each replica that is not held */
    size_t workloads_count;
    const struct plan_model *models;
    size_t models_count;
    const struct plan_peak *peaks;
    size_t peaks_count;
    const struct plan_held *held;
    size_t held_count;
    const struct plan_held
        *past; /* where replicas were last: pinned ones go there and nowhere else, others rather there */
    size_t past_count;
    const struct plan_rule
        *rules; /* of engines; one that is not here: its program has its name, and it may be clustered */
    size_t rules_count;
};

struct plan_part {
    const struct plan_node *node;
    const char *role;   /* "head", "worker" */
    uint64_t gpu, host; /* what it is to take there */
    uint64_t
        layers;   /* of the model: workers have the first ones, in order, the head the last; a head without GPU has the
                           first. 0: not split by layers */
    double share; /* of the model: layers of all layers */
    int64_t port; /* 0: none */
};

struct plan_place {
    const struct workload *workload;
    int64_t replica;
    bool is_placed;
    bool is_measured;        /* from a peak that was seen, else estimated */
    const char *sentence;    /* where and why, or why not, with the terms of the sum */
    const char *code;        /* "placed", "no_memory", "no_engine", "no_node", "bad_count", "reboot_owed", "no_model" */
    struct plan_part *parts; /* the head first */
    size_t parts_count;
    const char *build; /* of the engine, the same on all parts */
};

struct plan {
    struct plan_place *places; /* by priority, then name, then replica */
    size_t count;
};

/* False only for want of sense in the input (err says which). */
bool plan_make(struct arena *arena, const struct plan_input *input, struct plan *out, struct error *err);
/* What of a declaration changes what it takes, beside context, slots and kv: options, arguments, environment, as JSON by name. */
const char *plan_options_text(struct arena *arena, const struct workload *workload);
/* " (did you mean 'tiny'?)": the known model whose name is nearest; "" where none is near. plan_need.c */
const char *plan_model_meant(struct arena *arena, const struct plan_input *input, const char *name);
/* The address of a node within a network or on an interface of its facts; `network` NULL: its default address. NULL: it has none. */
const char *plan_address(struct arena *arena, const struct value *facts, const char *network);
/*
 * Memory of a node, piece by piece, for `roost plan` and the page; `plan` NULL: as it is. {node, usable, why_not, shared (the GPU works in host
 * memory: its pieces are part of the host's too), gpu_name, gpu_total, gpu_free, host_total, host_free, items: [{what ("head", "worker",
 * "kept free", "held by no process", "in use besides"), workload or null, bytes, where: "gpu"|"host", measured, planned (nothing of it is there yet)}]}
 */
struct value *plan_memory_map(struct arena *arena, const struct plan_input *input, const struct plan *plan,
                              size_t node);
/* As the API gives it: {places: [{workload, replica, placed, measured, code, sentence, build, parts: [{node, role, gpu, host, layers, share, port}]}]} */
struct value *plan_value(struct arena *arena, const struct plan *plan);
