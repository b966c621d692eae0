/* SPDX-License-Identifier: Apache-2.0 */
/* The planner's input as a whole; what engines ask of places. */
#include "controller/launcher/plan_input.h"

#include <string.h>

#include "common/json/json.h"
#include "controller/launcher/plan_input_parts.h"

const struct value *gathered_json(struct arena *arena, const char *text)
{
    const struct value *value = NULL;
    struct error ignored = ERROR_INIT;

    return text != NULL && json_read(arena, text, strlen(text), NULL, &value, &ignored) ? value : NULL;
}

uint64_t gathered_bytes(const struct value *map, const char *key)
{
    const struct value *item = value_map_get(map, key);

    return value_is(item, VALUE_INT) && item->as.integer > 0 ? (uint64_t)item->as.integer : 0;
}

struct gathered_node *gathered_node_find(const struct gathering *gathering, int64_t node_id)
{
    for (size_t i = 0; i < gathering->nodes_count; i++) {
        if (gathering->nodes[i].id == node_id)
            return &gathering->nodes[i];
    }
    return NULL;
}

static bool rule_allows(struct arena *arena, const struct plan_place *place, const struct plan_model *const *models,
                        struct error *err)
{
    const struct engine *engine = engine_find(place->workload->engine);
    const struct engine_job job = { .workload = place->workload, .place = place, .models = models };

    return engine == NULL || engine->allows == NULL || engine->allows(arena, &job, err);
}

const struct plan_rule *plan_input_rules(struct arena *arena, size_t *count_out)
{
    struct plan_rule *rules = arena_new_array(arena, struct plan_rule, engine_table_count + 1);

    for (size_t i = 0; i < engine_table_count; i++) {
        const struct engine *engine = engine_table[i];

        rules[i] = (struct plan_rule){ .engine = engine->name,
                                       .programs = engine->programs,
                                       .worker_programs = engine->worker_programs,
                                       .is_cluster = (engine->traits & ENGINE_CLUSTER) != 0,
                                       .is_layered = (engine->traits & ENGINE_GGUF) != 0,
                                       .is_power_of_two = (engine->traits & ENGINE_POWER_OF_TWO) != 0,
                                       .takes_rest = (engine->traits & ENGINE_TAKES_REST) != 0,
                                       .port = engine->port,
                                       .allows = engine->allows == NULL ? NULL : rule_allows };
    }
    *count_out = engine_table_count;
    return rules;
}

bool plan_input_gather(struct store_connection *connection, struct arena *arena,
                       const struct plan_input_options *options, struct plan_input *out, struct error *err)
{
    struct plan_input input = { .workloads = options->workloads, .workloads_count = options->workloads_count };
    struct gathering gathering = {
        .connection = connection, .arena = arena, .options = options, .out = &input, .err = err
    };

    input.rules = plan_input_rules(arena, &input.rules_count);
    if (!gather_nodes(&gathering) || !gather_places(&gathering) || !gather_models(&gathering))
        return false;
    *out = input;
    return true;
}
