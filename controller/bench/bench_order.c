/* SPDX-License-Identifier: Apache-2.0 */
/* Orders for benchmarks. */
#include "controller/bench/bench_order.h"

#include <string.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/engines/engine.h"

static const struct arg_spec order_args[] = {
    ARG(bench_order, kind, ARG_STRING, .required = true, .choices = ARG_NAMES("llama_bench", "hpl", "iperf3"),
        .help = "what is run"),
    ARG(bench_order, model, ARG_STRING, .help = "llama_bench: a model of the nodes, or a source"),
    ARG(bench_order, nodes, ARG_LIST, .help = "names of nodes that it may use; absent: all"),
    ARG(bench_order, counts, ARG_VALUES,
        .help = "numbers of nodes, one bench each; absent: one bench on all of nodes, else on one"),
    ARG(bench_order, options, ARG_MAP, .help = "options of the engine: pp, tg, repeat, seconds, max_n ..."),
    ARG(bench_order, memory, ARG_STRING, .help = "host memory that it takes of each node, where it cannot be counted"),
    ARG(bench_order, network, ARG_STRING, .help = "network or interface that the nodes talk over"),
    ARG(bench_order, kv, ARG_STRING, .help = "type of the cache"),
    ARG_END,
};
const struct task_spec bench_order_spec = {
    .name = "bench", .summary = "A benchmark", .args = order_args, .args_size = sizeof(struct bench_order)
};

const char *bench_workload_name(struct arena *arena, int64_t id)
{
    return arena_printf(arena, BENCH_WORKLOAD_PREFIX "%lld", (long long)id);
}

static struct value *declaration_of(struct arena *arena, const struct bench_order *order, int64_t count)
{
    struct value *map = value_map(arena);

    value_map_put_string(arena, map, "name", BENCH_WORKLOAD_PREFIX "0"); /* the id is known later */
    value_map_put_string(arena, map, "kind", "batch");
    value_map_put_string(arena, map, "engine", order->kind);
    if (order->model != NULL) {
        struct value *models = value_list(arena);

        value_list_add(arena, models, value_string(arena, order->model));
        value_map_put(arena, map, "models", models);
    }
    if (order->nodes != NULL)
        value_map_put(arena, map, "nodes", order->nodes);
    value_map_put_int(arena, map, "nodes_count", count);
    value_map_put_string(arena, map, "spread", count > 1 ? "cluster" : "single");
    if (order->options != NULL)
        value_map_put(arena, map, "options", order->options);
    if (order->network != NULL)
        value_map_put_string(arena, map, "network", order->network);
    if (order->kv != NULL)
        value_map_put_string(arena, map, "kv", order->kv);
    if (order->memory != NULL) {
        struct value *resources = value_map(arena);

        value_map_put_string(arena, resources, "memory", order->memory);
        value_map_put(arena, map, "resources", resources);
    }
    value_map_put_int(arena, map, "give_up_after", 1);
    return map;
}

/* Every option of the engine, as it is declared or by default, so that saying a default makes no difference. */
static const char *settings_of(struct arena *arena, const struct bench_order *order, int64_t count)
{
    const struct engine *engine = engine_find(order->kind);
    const struct arg_spec *args = engine->options == NULL ? NULL : engine->options->args;
    struct value *map = value_map(arena);

    for (size_t i = 0; args != NULL && args[i].name != NULL; i++) {
        const struct value *given = value_map_get(order->options, args[i].name);

        if (text_equal(args[i].name, "version"))
            continue; /* a pin changes no result; which build it was is told with what the nodes were */
        if (given != NULL)
            value_map_put(arena, map, args[i].name,
                          value_text(given) != NULL ? given
                                                    : value_string(arena, json_text(arena, given, JSON_COMPACT)));
        else if (args[i].default_text != NULL)
            value_map_put_string(arena, map, args[i].name, args[i].default_text);
    }
    if (order->kv != NULL)
        value_map_put_string(arena, map, "kv", order->kv);
    if (order->network != NULL)
        value_map_put_string(arena, map, "network", order->network);
    value_map_put_int(arena, map, "nodes", count);
    return json_text(arena, map, (struct json_style){ .compact = true, .sort_keys = true });
}

static bool row_make(struct arena *arena, const struct bench_order *order, int64_t count, struct store_bench *out,
                     struct error *err)
{
    struct value *map = declaration_of(arena, order, count);
    struct workload workload = { .name = NULL };

    if (!workload_bind(arena, map, &workload, err) || !engine_workload_check(arena, &workload, err))
        return false;
    *out = (struct store_bench){
        .kind = order->kind,
        .subject = order->model == NULL ? "" : order->model,
        .nodes = json_text(arena, order->nodes == NULL ? value_list(arena) : order->nodes, JSON_COMPACT),
        .nodes_count = count,
        .settings = settings_of(arena, order, count),
        .declaration = json_text(arena, map, JSON_COMPACT),
    };
    return true;
}

static bool order_check(const struct bench_order *order, struct error *err)
{
    size_t names = value_count(order->nodes);

    if (text_equal(order->kind, "llama_bench") && order->model == NULL)
        return error_set(err, "llama_bench needs a 'model'");
    if (!text_equal(order->kind, "llama_bench") && order->model != NULL)
        return error_set(err, "%s takes no 'model'", order->kind);
    if (order->counts != NULL && (!value_is(order->counts, VALUE_LIST) || value_count(order->counts) == 0))
        return error_set(err, "'counts' must be a list of numbers of nodes");
    if (value_count(order->counts) > BENCH_ORDER_MOST)
        return error_set(err, "'counts' has %zu numbers; %d are the most", value_count(order->counts),
                         BENCH_ORDER_MOST);
    for (size_t i = 0; i < value_count(order->counts); i++) {
        const struct value *count = value_item(order->counts, i);

        if (!value_is(count, VALUE_INT) || count->as.integer < 1 || count->as.integer > WORKLOAD_NODES_MAX)
            return error_set(err, "'counts', item %zu: expected a number of nodes from 1 to %d", i + 1,
                             WORKLOAD_NODES_MAX);
        if (names > 0 && (uint64_t)count->as.integer > names)
            return error_set(err, "'counts', item %zu: %lld nodes are asked for, but 'nodes' names %zu", i + 1,
                             (long long)count->as.integer, names);
    }
    return true;
}

bool bench_order_rows(struct arena *arena, const struct bench_order *order, struct store_bench **out, size_t *count_out,
                      struct error *err)
{
    size_t count = order->counts == NULL ? 1 : value_count(order->counts);
    struct store_bench *rows = arena_new_array(arena, struct store_bench, count);
    int64_t usual = value_count(order->nodes) > 0 ? (int64_t)value_count(order->nodes) : 1;

    if (!order_check(order, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        int64_t nodes = order->counts == NULL ? usual : value_item(order->counts, i)->as.integer;

        if (!row_make(arena, order, nodes, &rows[i], err))
            return false;
    }
    *out = rows;
    *count_out = count;
    return true;
}

const char *bench_declaration(struct arena *arena, const struct store_bench *bench, struct error *err)
{
    const struct value *map = NULL;
    struct value *name = value_map(arena);
    struct workload workload = { .name = NULL };

    value_map_put_string(arena, name, "name", bench_workload_name(arena, bench->id));
    if (!json_read(arena, bench->declaration, strlen(bench->declaration), NULL, &map, err) ||
        !workload_bind(arena, value_merge(arena, map, name, false), &workload, err))
        return NULL;
    return json_text(arena, workload_value(arena, &workload), JSON_COMPACT);
}
