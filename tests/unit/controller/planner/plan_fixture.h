/* SPDX-License-Identifier: Apache-2.0 */
/* A rack on paper: nodes, models and workloads for the planner's tests. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/yaml/yaml_reader.h"
#include "controller/planner/plan.h"

#define GIB (1024ULL * 1024 * 1024)
#define MIB (1024ULL * 1024)
#define NODES_MAX 128
#define MODELS_MAX 16
#define LOADS_MAX 128
#define HELD_MAX 256

struct rack {
    struct arena *arena;
    struct plan_node nodes[NODES_MAX];
    struct plan_model models[MODELS_MAX];
    struct workload loads[LOADS_MAX];
    const struct workload *wanted[LOADS_MAX];
    struct plan_held held[HELD_MAX], past[HELD_MAX];
    struct plan_peak peaks[8];
    struct plan_rule rules[4];
    struct plan_input input;
};

static const struct plan_engine llama_engines[] = { { "llama_cpp", "b11669" }, { "llama_rpc", "b11669" } };
static const char *const llama_programs[] = { "llama_cpp", NULL }, *const rpc_programs[] = { "llama_rpc", NULL };

/* Llama-like: each layer as wide as the next, weights of `gib` GiB. */
static inline struct model_shape *shape_new(struct arena *arena, uint32_t layers, uint64_t gib)
{
    struct model_shape *shape = arena_new_of(arena, struct model_shape);

    *shape = (struct model_shape){
        .architecture = "llama",
        .name = "test",
        .kind = MODEL_TEXT,
        .layers = layers,
        .context = 131072,
        .embedding = 4096,
        .vocabulary = 32000,
        .heads = 32,
        .key_length = 128,
        .value_length = 128,
        .work = { .query = 4096, .key = 1024, .value = 1024, .feed_forward = 14336, .has_gate = true },
        .tensor_bytes = gib * GIB,
        .file_bytes = gib * GIB,
        .table_bytes = 250 * MIB,
        .input_bytes = 250 * MIB,
        .has_output = true,
        .shards = 1,
        .is_known = true
    };
    shape->layer = arena_new_array(arena, struct model_layer, layers);
    for (uint32_t i = 0; i < layers; i++)
        shape->layer[i] = (struct model_layer){
            .heads = 32, .kv_heads = 8, .feed_forward = 14336, .key_width = 1024, .value_width = 1024
        };
    return shape;
}

static inline void rack_model(struct rack *rack, const char *name, uint32_t layers, uint64_t gib)
{
    rack->models[rack->input.models_count++] =
        (struct plan_model){ .name = name,
                             .digest = arena_printf(rack->arena, "digest-of-%s", name),
                             .bytes = gib * GIB,
                             .shape = layers > 0 ? shape_new(rack->arena, layers, gib) : NULL };
}

/* gtt 0: no GPU. */
static inline struct plan_node *rack_node(struct rack *rack, const char *name, uint64_t memory_gib, uint64_t gtt_gib)
{
    struct plan_node *node = &rack->nodes[rack->input.nodes_count++];

    *node = (struct plan_node){ .name = arena_copy(rack->arena, name),
                                .is_usable = true,
                                .memory_total = memory_gib * GIB,
                                .memory_available = memory_gib * GIB - GIB,
                                .gtt_total = gtt_gib * GIB,
                                .has_gpu = gtt_gib > 0,
                                .is_unified = gtt_gib > 0,
                                .cpus = 16,
                                .engines = llama_engines,
                                .engines_count = 2 };
    return node;
}

static inline const struct value *yaml_of(struct arena *arena, const char *text)
{
    const struct yaml_source source = { .data = text, .length = strlen(text), .path = "test.yml" };
    const struct value *value = NULL;
    struct error err = ERROR_INIT;

    if (!yaml_read(arena, &source, &value, &err))
        fail_msg("%s", err.text);
    return value;
}

static inline struct workload *rack_load(struct rack *rack, const char *yaml)
{
    struct workload *load = &rack->loads[rack->input.workloads_count];
    struct error err = ERROR_INIT;

    if (!workload_bind(rack->arena, yaml_of(rack->arena, arena_copy(rack->arena, yaml)), load, &err))
        fail_msg("%s", err.text);
    rack->wanted[rack->input.workloads_count++] = load;
    return load;
}

static inline struct plan_held *rack_held(struct rack *rack, const char *workload, const char *node, uint64_t gib)
{
    struct plan_held *held = &rack->held[rack->input.held_count++];

    *held = (struct plan_held){ .workload = workload, .node = node, .role = "head", .gpu = gib * GIB };
    return held;
}

static inline struct plan rack_plan(struct rack *rack)
{
    struct plan plan = { 0 };
    struct error err = ERROR_INIT;

    if (!plan_make(rack->arena, &rack->input, &plan, &err))
        fail_msg("%s", err.text);
    return plan;
}

static inline int rack_setup(void **state)
{
    struct arena *arena = arena_new();
    struct rack *rack = arena_new_of(arena, struct rack);

    rack->arena = arena;
    rack->rules[0] = (struct plan_rule){ .engine = "llama_cpp",
                                         .programs = llama_programs,
                                         .worker_programs = rpc_programs,
                                         .is_cluster = true,
                                         .is_layered = true };
    rack->input = (struct plan_input){ .nodes = rack->nodes,
                                       .workloads = rack->wanted,
                                       .models = rack->models,
                                       .peaks = rack->peaks,
                                       .held = rack->held,
                                       .past = rack->past,
                                       .rules = rack->rules,
                                       .rules_count = 1 };
    *state = rack;
    return 0;
}

static inline int rack_teardown(void **state)
{
    struct rack *rack = *state;

    arena_free(rack->arena);
    return 0;
}

#define assert_has(text, part)                                                                                         \
    do {                                                                                                               \
        if (strstr((text), (part)) == NULL)                                                                            \
            fail_msg("'%s' does not say '%s'", (text), (part));                                                        \
    } while (0)
