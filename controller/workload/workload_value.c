/* SPDX-License-Identifier: Apache-2.0 */
/* A workload as JSON, in full: what is not said in it is what workload_bind takes for not said. */
#include "controller/workload/workload.h"

static void put_texts(struct arena *arena, struct value *out, const struct workload *workload)
{
    static const char *const spreads[] = {
        [WORKLOAD_AUTO] = "auto", [WORKLOAD_SINGLE] = "single", [WORKLOAD_CLUSTER] = "cluster"
    };

    value_map_put_string(arena, out, "alias", workload->alias);
    value_map_put_string(arena, out, "kv", workload->kv);
    value_map_put_string(arena, out, "network", workload->network);
    value_map_put_string(arena, out, "spread", spreads[workload->spread]);
    value_map_put_string(arena, out, "on_node_loss", workload->on_node_loss == WORKLOAD_LOSS_MOVE ? "move" : "wait");
    value_map_put_bool(arena, out, "embedding", workload->is_embedding);
    value_map_put_bool(arena, out, "pinned", workload->pinned);
}

static void put_numbers(struct arena *arena, struct value *out, const struct workload *workload)
{
    value_map_put_int(arena, out, "context", workload->context);
    value_map_put_int(arena, out, "slots", workload->slots);
    value_map_put_int(arena, out, "nodes_count", workload->nodes_count);
    value_map_put_int(arena, out, "replicas", workload->replicas);
    value_map_put_int(arena, out, "port", workload->port);
    value_map_put_int(arena, out, "priority", workload->priority);
    value_map_put_int(arena, out, "give_up_after", workload->give_up_after);
}

static void put_values(struct arena *arena, struct value *out, const struct workload *workload)
{
    value_map_put(arena, out, "models", workload->models);
    value_map_put(arena, out, "nodes", workload->nodes == NULL ? value_string(arena, "auto") : workload->nodes);
    value_map_put(arena, out, "environment", workload->environment == NULL ? value_null() : workload->environment);
    value_map_put(arena, out, "arguments", workload->arguments == NULL ? value_null() : workload->arguments);
    value_map_put(arena, out, "options", workload->options == NULL ? value_null() : workload->options);
    value_map_put(arena, out, "resources", workload->resources == NULL ? value_null() : workload->resources);
}

struct value *workload_value(struct arena *arena, const struct workload *workload)
{
    struct value *out = value_map(arena), *health = value_map(arena);

    value_map_put_string(arena, out, "name", workload->name);
    value_map_put_string(arena, out, "kind", workload->kind == WORKLOAD_BATCH ? "batch" : "inference");
    value_map_put_string(arena, out, "engine", workload->engine);
    put_values(arena, out, workload);
    put_texts(arena, out, workload);
    put_numbers(arena, out, workload);
    value_map_put_string(arena, health, "prompt", workload->health.prompt);
    value_map_put_string(arena, health, "expect", workload->health.expect);
    value_map_put_int(arena, health, "max_tokens", workload->health.max_tokens);
    value_map_put_int(arena, health, "interval_s", workload->health.interval_s);
    value_map_put_int(arena, health, "timeout_s", workload->health.timeout_s);
    value_map_put_int(arena, health, "start_timeout_s", workload->health.start_timeout_s);
    value_map_put(arena, out, "health", health);
    return out;
}
