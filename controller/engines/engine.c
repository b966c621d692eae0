/* SPDX-License-Identifier: Apache-2.0 */
/* Engines by name, and what is checked of a workload before its engine is asked. */
#include "controller/engines/engine.h"

#include <string.h>

#include "common/base/text.h"

#define ENGINES_MAX 64

const struct engine *engine_find(const char *name)
{
    for (size_t i = 0; i < engine_table_count; i++) {
        if (text_equal(engine_table[i]->name, name))
            return engine_table[i];
    }
    return NULL;
}

const char *engine_nearest(const char *name)
{
    const char *names[ENGINES_MAX];
    size_t count = engine_table_count < ENGINES_MAX ? engine_table_count : ENGINES_MAX;

    for (size_t i = 0; i < count; i++)
        names[i] = engine_table[i]->name;
    return name == NULL ? NULL : text_nearest(name, names, count);
}

static const char *names_text(struct arena *arena, unsigned trait)
{
    struct text text = text_new(arena);

    for (size_t i = 0; i < engine_table_count; i++) {
        if ((engine_table[i]->traits & trait) != 0)
            text_printf(&text, "%s%s", text.length > 0 ? ", " : "", engine_table[i]->name);
    }
    return text.data == NULL ? "none" : text.data;
}

static bool kind_check(struct arena *arena, const struct engine *engine, const struct workload *workload,
                       struct error *err)
{
    unsigned trait = workload->kind == WORKLOAD_INFERENCE ? ENGINE_INFERENCE : ENGINE_BATCH;

    return (engine->traits & trait) != 0 ||
           error_set(err, "engine %s does no %s; those that do: %s", engine->name,
                     trait == ENGINE_INFERENCE ? "inference" : "batch work", names_text(arena, trait));
}

static bool nodes_check(const struct engine *engine, const struct workload *workload, struct error *err)
{
    int64_t nodes = workload->nodes_count;

    if ((engine->traits & ENGINE_CLUSTER) == 0 && (workload->spread == WORKLOAD_CLUSTER || nodes > 1))
        return error_set(err, "engine %s works on one node, but %s is declared", engine->name,
                         nodes > 1 ? "nodes_count above 1" : "spread: cluster");
    if (workload->spread == WORKLOAD_SINGLE && nodes > 1)
        return error_set(err, "spread is single, but nodes_count is %lld", (long long)nodes);
    if (workload->nodes != NULL && nodes > 0 && (size_t)nodes > value_count(workload->nodes))
        return error_set(err, "nodes_count is %lld, but only %zu nodes are named", (long long)nodes,
                         value_count(workload->nodes));
    if ((engine->traits & ENGINE_POWER_OF_TWO) != 0 && nodes > 0 && (nodes & (nodes - 1)) != 0)
        return error_set(err, "engine %s works on 1, 2, 4, 8 ... nodes, not on %lld", engine->name, (long long)nodes);
    return true;
}

static bool options_check(struct arena *arena, const struct engine *engine, const struct workload *workload,
                          struct error *err)
{
    if (engine->options == NULL)
        return value_count(workload->options) == 0 || error_set(err, "engine %s has no options", engine->name);
    return arg_bind_plain(arena, engine->options, workload->options, "option",
                          arena_alloc(arena, engine->options->args_size), err) ||
           error_prefix(err, "options");
}

static bool parts_check(struct arena *arena, const struct engine *engine, const struct workload *workload,
                        struct error *err)
{
    if (!kind_check(arena, engine, workload, err))
        return false;
    if (workload->kind == WORKLOAD_INFERENCE && value_count(workload->models) == 0)
        return error_set(err, "there is no model to serve");
    if (workload->is_embedding && (engine->traits & ENGINE_EMBEDDINGS) == 0)
        return error_set(err, "engine %s serves no embeddings; those that do: %s", engine->name,
                         names_text(arena, ENGINE_EMBEDDINGS));
    return nodes_check(engine, workload, err) && options_check(arena, engine, workload, err) &&
           (engine->check == NULL || engine->check(arena, workload, err));
}

bool engine_workload_check(struct arena *arena, const struct workload *workload, struct error *err)
{
    const struct engine *engine = engine_find(workload->engine);
    const char *nearest = engine == NULL ? engine_nearest(workload->engine) : NULL;
    struct source_position at = value_position(workload->source);

    if (engine == NULL) {
        const struct value *written = value_map_get(workload->source, "engine");

        at = written == NULL ? at : value_position(written);
        return error_set_at(err, &at, "there is no engine '%s'%s%s%s; there are: %s", workload->engine,
                            nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                            nearest != NULL ? "'?)" : "", names_text(arena, ENGINE_INFERENCE | ENGINE_BATCH));
    }
    return parts_check(arena, engine, workload, err) || error_locate(err, &at);
}
