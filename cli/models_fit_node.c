/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of nodes: their facts (docs/facts.md) through the same sessions as `roost facts`, or from a tree read before. */
#include <stdio.h>

#include "cli/models_fit.h"
#include "cli/playbook_verb.h"
#include "common/base/text.h"

static const struct verb fit_verb = { "models fit", MODELS_FIT_SUMMARY, "MODEL --node PATTERN [OPTIONS]", NULL };

/* --- from facts to limits --- */

static uint64_t bytes_of(const struct value *map, const char *key)
{
    const struct value *item = value_map_get(map, key);

    return value_is(item, VALUE_INT) && item->as.integer > 0 ? (uint64_t)item->as.integer : 0;
}

/* Memory of all cards: llama.cpp spreads the layers over them. */
static uint64_t card_memory(const struct value *gpus, size_t *cards_out)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < value_count(gpus); i++) {
        const struct value *gpu = value_item(gpus, i);
        uint64_t memory = bytes_of(gpu, "vram_total_bytes");
        if (text_equal(value_map_text(gpu, "kind"), "discrete") && memory > 0) {
            sum += memory;
            ++*cards_out;
        }
    }
    return sum;
}

static void unified_limits(struct arena *arena, const struct value *memory, struct fit_node *node)
{
    uint64_t gtt = bytes_of(memory, "gtt_total_bytes"), carve_out = bytes_of(memory, "carve_out_bytes");

    node->has_gpu = true;
    node->limits.is_unified = true;
    node->limits.gpu_name = "GTT";
    node->limits.gpu = gtt;
    node->note = arena_printf(arena, "the GPU works in host memory: up to %s (GTT) of %s", memory_size_text(arena, gtt),
                              memory_size_text(arena, node->limits.ram));
    if (gtt == 0) { /* NVIDIA's unified chips have no such limit */
        node->limits.gpu_name = "host memory";
        node->note = "the GPU works in host memory, without a limit of its own";
    } else if (carve_out > gtt) {
        node->limits.gpu_name = "memory carved out for the GPU";
        node->limits.gpu = carve_out;
        node->limits.is_unified = false;
        node->note = arena_printf(arena, "the BIOS carved %s out for the GPU; GTT is %s",
                                  memory_size_text(arena, carve_out), memory_size_text(arena, gtt));
    }
}

struct fit_node fit_node_of_facts(struct arena *arena, const char *name, const struct value *facts,
                                  const struct memory_limits *given)
{
    const struct value *memory = value_map_get(facts, "memory");
    struct fit_node node = { .name = name, .limits = *given };
    size_t cards = 0;

    node.limits.gpu = 0;
    node.limits.ram = bytes_of(memory, "total_bytes");
    uint64_t vram = card_memory(value_map_get(facts, "gpus"), &cards);
    if (vram > 0) {
        node.has_gpu = true;
        node.limits.is_unified = false;
        node.limits.gpu_name = "VRAM";
        node.limits.gpu = vram;
        node.note = cards > 1 ? arena_printf(arena, "the memory of %zu cards together", cards) : NULL;
    } else if (value_map_true(memory, "is_unified")) {
        unified_limits(arena, memory, &node);
    } else {
        node.note = "no GPU with memory that is known: counted for the processor";
    }
    if (given->gpu > 0) {
        node.has_gpu = true;
        node.limits.gpu = given->gpu;
        node.limits.gpu_name = given->gpu_name;
        node.limits.is_unified = given->is_unified;
    }
    if (given->ram > 0)
        node.limits.ram = given->ram;
    return node;
}

/* --- from hosts to facts --- */

struct node_sink {
    struct event_sink base;
    const struct fit_options *options;
    struct value *nodes; /* host -> roost's facts */
    struct error *err;
    bool has_failed;
};

static void node_emit(struct event_sink *sink, const struct event *event)
{
    struct node_sink *self = (struct node_sink *)(void *)sink;
    struct arena *arena = self->options->arena;

    if (event->kind != EVENT_RESULT)
        return;
    if (event->outcome != OUTCOME_OK && event->outcome != OUTCOME_CHANGED) {
        const char *message = value_map_text(event->result, "msg");
        self->has_failed = true;
        error_set(self->err, "%s: %s", event->host, message ? message : "its facts could not be read");
        return;
    }
    const struct value *facts = value_map_get(event->result, "ansible_facts");
    const struct value *own = value_map_get(facts, "roost");
    if (!own)
        own = value_map_get(facts, "ansible_roost");
    if (!own) {
        self->has_failed = true;
        error_set(self->err, "%s: there are no facts of an AI box (roost) among its facts", event->host);
        return;
    }
    value_map_put(arena, self->nodes, event->host, value_copy(arena, own));
}

static const struct value *gather(struct arena *arena, const char *pattern)
{
    struct value *args = value_map(arena), *subset = value_list(arena);

    value_list_add(arena, subset, value_string(arena, "!all"));
    value_list_add(arena, subset, value_string(arena, "!min"));
    value_list_add(arena, subset, value_string(arena, "roost"));
    value_map_put(arena, args, "gather_subset", subset);
    return verb_adhoc_play(arena, pattern, "setup", args);
}

static bool ask_nodes(const struct fit_options *options, struct node_sink *sink, struct error *err)
{
    struct command command = { .arena = options->arena };
    int exit_code = 0;

    if (!verb_start(&command, &fit_verb, options->rest_count, options->rest, OPTIONS_GATHER, &exit_code))
        return error_set_kind(err, ERROR_OPTIONS, "these options cannot be used");
    if (command.options.playbooks.count > 1) /* the first is the pattern */
        return error_set_kind(err, ERROR_OPTIONS, "'%s' is one word too many: one model, and one pattern behind --node",
                              command.options.playbooks.items[1]);
    if (!command_prepare(&command, err))
        return false;
    command_print_warnings(&command);
    command.run.playbooks = NULL; /* the word is the pattern */
    command.run.sink = &sink->base;
    command.run.plays = gather(options->arena, options->node);
    if (!run_playbooks(options->arena, &command.run, &exit_code, err))
        return false;
    if (sink->has_failed)
        return false;
    return value_count(sink->nodes) > 0 || error_set(err, "no host matches '%s'", options->node);
}

bool fit_nodes_find(const struct fit_options *options, struct fit_node **out, size_t *count_out, struct error *err)
{
    struct arena *arena = options->arena;
    struct node_sink sink = { { .emit = node_emit }, options, value_map(arena), err, false };

    if (!ask_nodes(options, &sink, err))
        return false;
    size_t count = value_count(sink.nodes);
    struct fit_node *nodes = arena_new_array(arena, struct fit_node, count);
    for (size_t i = 0; i < count; i++) {
        const struct value_pair *pair = value_pair_at(sink.nodes, i);
        nodes[i] = fit_node_of_facts(arena, value_text(pair->key), pair->item, &options->limits);
    }
    *out = nodes;
    *count_out = count;
    return true;
}
