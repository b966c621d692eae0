/* SPDX-License-Identifier: Apache-2.0 */
/* One declared workload: from a map to the struct, with every check that needs neither engine nor node. */
#include "controller/workload/workload.h"

#include <string.h>

#include "common/base/text.h"
#include "common/model/memory_need.h"
#include "common/model/model_source.h"
#include "controller/workload/workload_parts.h"

#define NODE_NAME_MAX 253
#define PORT_LEAST 1024 /* an engine has no rights to those below */
#define PORT_MOST 65535

/* A source may hold a comma, at which a list of arguments would split a text. */
static const struct value *with_lists(struct arena *arena, const struct value *map)
{
    static const char *const lists[] = { "model", "models", "nodes", "arguments", NULL };
    struct value *copy = value_map(arena);

    for (size_t i = 0; i < value_count(map); i++) {
        const struct value_pair *pair = value_pair_at(map, i);
        const struct value *item = pair->item;

        if (value_text(pair->key) != NULL && text_in(value_text(pair->key), lists) && value_is(item, VALUE_STRING)) {
            struct value *list = value_list(arena);

            value_list_add(arena, list, item);
            list->path = item->path;
            list->line = item->line;
            list->column = item->column;
            item = list;
        }
        value_map_put_value(arena, copy, pair->key, item);
    }
    copy->path = map->path;
    copy->line = map->line;
    copy->column = map->column;
    return copy;
}

static bool check_names(const struct workload_check *check, const struct workload_args *args)
{
    if (!workload_name_is_good(args->name))
        return workload_fail(check, "name",
                             "the name '%s' of a workload must be 1 to %d lower-case letters, digits and dashes, "
                             "with a letter or digit first and last",
                             args->name, WORKLOAD_NAME_MAX);
    if (args->alias != NULL && !workload_alias_is_good(args->alias))
        return workload_fail(check, "alias",
                             "the alias '%s' must be letters, digits and . _ : / @ + -, with a letter or digit first",
                             args->alias);
    if (value_map_get(check->map, "model") != NULL && value_map_get(check->map, "models") != NULL)
        return workload_fail(check, "models", "model and models are the same setting: one of them is to go");
    return true;
}

static bool check_models(const struct workload_check *check, struct workload *out)
{
    const char *setting = value_map_get(check->map, "model") != NULL ? "model" : "models";

    if (!workload_texts(check, "a model", out->models, &out->models))
        return false;
    if (value_count(out->models) > WORKLOAD_MODELS_MAX)
        return workload_fail(check, setting, "%zu models are more than %d", value_count(out->models),
                             WORKLOAD_MODELS_MAX);
    if (value_count(out->models) == 0 && out->kind == WORKLOAD_INFERENCE)
        return workload_fail(check, setting, "a workload of kind inference needs a model");
    for (size_t i = 0; i < value_count(out->models); i++) {
        const struct value *item = value_item(out->models, i);
        struct source_position at = value_position(item);
        struct model_source source;

        if (value_text(item)[0] == '\0')
            return workload_fail(check, setting, "the name of a model is empty");
        if (strstr(value_text(item), "://") != NULL &&
            !model_source_parse(check->arena, value_text(item), &source, check->err))
            return error_locate(check->err, &at);
    }
    return true;
}

static bool is_node_name(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length <= NODE_NAME_MAX && strpbrk(name, " \t/\\\"'") == NULL;
}

/* auto is as if nothing had been said. */
static bool check_nodes(const struct workload_check *check, struct workload *out)
{
    size_t count = value_count(out->nodes);

    if (count == 1 && text_equal(value_text(value_item(out->nodes, 0)), "auto"))
        out->nodes = NULL;
    if (out->nodes == NULL)
        return true;
    if (count == 0)
        return workload_fail(check, "nodes", "nodes is empty: name some, or leave it out (auto)");
    if (count > WORKLOAD_NODES_MAX)
        return workload_fail(check, "nodes", "%zu nodes are more than %d", count, WORKLOAD_NODES_MAX);
    if (!workload_texts(check, "a node", out->nodes, &out->nodes))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *name = value_text(value_item(out->nodes, i));

        if (!is_node_name(name) || strcmp(name, "auto") == 0)
            return workload_fail(check, "nodes", "'%s' is no name of a node", name);
        for (size_t j = 0; j < i; j++) {
            if (strcmp(name, value_text(value_item(out->nodes, j))) == 0)
                return workload_fail(check, "nodes", "the node '%s' is named twice", name);
        }
    }
    return true;
}

static bool check_counts(const struct workload_check *check, const struct workload *out)
{
    size_t named = value_count(out->nodes);

    if (out->nodes != NULL && out->nodes_count > (int64_t)named)
        return workload_fail(check, "nodes_count", "nodes_count is %d, but nodes names %zu", (int)out->nodes_count,
                             named);
    if (out->spread == WORKLOAD_SINGLE && out->nodes_count > 1)
        return workload_fail(check, "nodes_count", "nodes_count is %d, but spread is single", (int)out->nodes_count);
    if (out->spread == WORKLOAD_CLUSTER && (out->nodes_count == 1 || named == 1))
        return workload_fail(check, "spread", "spread is cluster, but there is one node only");
    if (out->kind == WORKLOAD_BATCH && out->replicas != 1)
        return workload_fail(check, "replicas", "replicas is for inference: a batch runs once at a time");
    if (out->port != 0 && (out->port < PORT_LEAST || out->port > PORT_MOST))
        return workload_fail(check, "port", "port must be 0 (a free one) or %d to %d, but it is %lld", PORT_LEAST,
                             PORT_MOST, (long long)out->port);
    return true;
}

static bool check_kv(const struct workload_check *check, struct workload *out)
{
    const struct tensor_type *type = NULL;
    struct error why = ERROR_INIT;

    if (out->kv == NULL)
        return true;
    if (!memory_cache_type(out->kv, &type, &why))
        return workload_fail(check, "kv", "kv: %s", why.text);
    out->kv = type->name;
    return true;
}

static bool check_health(const struct workload_check *check, const struct value *map, struct workload_health *out)
{
    struct workload_check inner = { check->arena, map == NULL ? check->map : map, check->err };
    const struct value *empty = value_map(check->arena);

    if (!arg_bind_plain(check->arena, &workload_health_spec, map == NULL ? empty : map, "setting of health", out,
                        check->err))
        return false;
    if (map != NULL && !workload_bounds_hold(&inner, workload_health_bounds, "health."))
        return false;
    if (out->prompt[0] == '\0' || strlen(out->prompt) > WORKLOAD_TEXT_MAX)
        return workload_fail(&inner, "prompt", "health.prompt must be 1 to %d bytes", WORKLOAD_TEXT_MAX);
    if (out->expect != NULL && strlen(out->expect) > WORKLOAD_TEXT_MAX)
        return workload_fail(&inner, "expect", "health.expect is longer than %d bytes", WORKLOAD_TEXT_MAX);
    if (out->expect != NULL && out->expect[0] == '\0')
        out->expect = NULL;
    return true;
}

static bool check_parts(const struct workload_check *check, const struct workload_args *args, struct workload *out)
{
    if (out->network != NULL && !workload_network_check(check, out->network))
        return false;
    if (args->environment != NULL && !workload_environment(check, args->environment, &out->environment))
        return false;
    if (args->arguments != NULL && !workload_texts(check, "an argument", args->arguments, &out->arguments))
        return false;
    if (args->resources != NULL && !workload_resources_bind(check, args->resources, &out->resources))
        return false;
    return check_health(check, args->health, &out->health);
}

static struct workload workload_of(const struct workload_args *args, const struct value *map)
{
    return (struct workload){
        .name = args->name,
        .kind = strcmp(args->kind, "batch") == 0 ? WORKLOAD_BATCH : WORKLOAD_INFERENCE,
        .engine = args->engine,
        .models = args->models,
        .alias = args->alias,
        .context = args->context,
        .slots = args->slots,
        .kv = args->kv,
        .is_embedding = args->embedding,
        .nodes = args->nodes,
        .spread = strcmp(args->spread, "single") == 0    ? WORKLOAD_SINGLE
                  : strcmp(args->spread, "cluster") == 0 ? WORKLOAD_CLUSTER
                                                         : WORKLOAD_AUTO,
        .nodes_count = args->nodes_count,
        .replicas = args->replicas,
        .port = args->port,
        .network = args->network,
        .options = args->options,
        .priority = args->priority,
        .pinned = args->pinned,
        .on_node_loss = strcmp(args->on_node_loss, "move") == 0 ? WORKLOAD_LOSS_MOVE : WORKLOAD_LOSS_WAIT,
        .give_up_after = args->give_up_after,
        .source = map,
    };
}

bool workload_bind(struct arena *arena, const struct value *map, struct workload *out, struct error *err)
{
    struct workload_check check = { arena, map, err };
    struct workload_args args = { 0 };
    struct workload bound;

    if (!value_is(map, VALUE_MAP)) {
        struct source_position at = value_position(map);

        error_set(err, "a workload must be a mapping (name: ..., engine: ...), but found: %s",
                  map == NULL ? "nothing" : value_kind_text(map));
        return error_locate(err, &at);
    }
    if (!arg_bind_plain(arena, &workload_spec, with_lists(arena, map), "setting", &args, err)) {
        struct source_position at = value_position(map);
        const char *name = value_map_text(map, "name");

        if (name != NULL)
            error_prefix(err, "workload '%s'", name);
        return error_locate(err, &at);
    }
    bound = workload_of(&args, map);
    if (bound.models == NULL)
        bound.models = value_list(arena);
    if (!check_names(&check, &args))
        return false;
    if (!workload_bounds_hold(&check, workload_bounds, "") || !check_models(&check, &bound) ||
        !check_nodes(&check, &bound) || !check_counts(&check, &bound) || !check_kv(&check, &bound) ||
        !check_parts(&check, &args, &bound))
        return error_prefix(err, "workload '%s'", bound.name);
    *out = bound;
    return true;
}
