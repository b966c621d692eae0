/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the memory of each node is taken by: the planner's own map (plan_memory_map), drawn. A GPU that works in the host's memory
 * has a bar for what it may map (GTT) and is in the host's bar too.
 */
#include <string.h>

#include "common/base/text.h"
#include "controller/api/pages.h"
#include "controller/launcher/plan_input.h"
#include "controller/store/store_node.h"
#include "controller/store/store_piece.h"

#define NODES_MAX 100 /* all of them are read for the plan: more would keep the HTTP thread */
#define COLOURS 6
#define NAMES_MAX 512

/* Colours are given to workloads in the order in which they are met. */
struct colours {
    const char *names[NAMES_MAX];
    size_t count;
};

static const char *colour_of(struct api_call *call, struct colours *colours, const char *workload)
{
    size_t at = 0;

    while (at < colours->count && strcmp(colours->names[at], workload) != 0)
        at++;
    if (at == colours->count && at < NAMES_MAX)
        colours->names[colours->count++] = workload;
    return arena_printf(call->arena, "k-%zu", at % COLOURS);
}

/* --- a bar --- */

struct bar {
    struct value *segments;
    double total, at;
};

static void segment_add(struct api_call *call, struct bar *bar, const char *class, const char *what, double bytes)
{
    struct value *segment = value_map(call->arena);
    double width = bar->total > 0 ? bytes / bar->total * 100 : 0;

    if (bytes <= 0 || bar->at >= 100)
        return;
    width = bar->at + width > 100 ? 100 - bar->at : width;
    value_map_put_string(call->arena, segment, "class", class);
    value_map_put_string(call->arena, segment, "what", what);
    value_map_put(call->arena, segment, "size", page_bytes(call->arena, (int64_t)bytes));
    value_map_put_string(call->arena, segment, "at", arena_printf(call->arena, "%.2f", bar->at));
    value_map_put_string(call->arena, segment, "width", arena_printf(call->arena, "%.2f", width));
    value_list_add(call->arena, bar->segments, segment);
    bar->at += width;
}

static const char *class_of(struct api_call *call, struct colours *colours, const struct value *item)
{
    const char *workload = value_map_text(item, "workload"), *what = value_map_text(item, "what");

    if (workload != NULL)
        return colour_of(call, colours, workload);
    return text_equal(what, "kept free") ? "m-kept" : text_equal(what, "held by no process") ? "m-orphan" : "m-others";
}

static const char *name_of(struct api_call *call, const struct value *item)
{
    const char *workload = value_map_text(item, "workload"), *what = value_map_text(item, "what");
    const char *how = value_map_true(item, "planned") ? " (promised, not there yet)" : "";

    return workload == NULL ? what : arena_printf(call->arena, "%s, %s%s", workload, what == NULL ? "part" : what, how);
}

/* Of "gpu" or "host"; null where there is no such memory. */
static const struct value *bar_value(struct api_call *call, struct colours *colours, const struct value *map,
                                     const char *where, double carve_out)
{
    const struct value *items = value_map_get(map, "items");
    bool is_host = strcmp(where, "host") == 0, is_shared = value_map_true(map, "shared");
    double total = page_number(map, is_host ? "host_total" : "gpu_total");
    double free_bytes = page_number(map, is_host ? "host_free" : "gpu_free");
    struct bar bar = { .segments = value_list(call->arena), .total = total + carve_out };
    struct value *out = value_map(call->arena);

    if (!(total > 0))
        return value_null();
    segment_add(call, &bar, "m-carve", "carve-out of the firmware for the GPU", carve_out);
    for (size_t i = 0; i < value_count(items); i++) {
        const struct value *item = value_item(items, i);

        if (text_equal(value_map_text(item, "where"), where) || (is_host && is_shared))
            if (!(is_host && is_shared && text_equal(value_map_text(item, "what"), "kept free") &&
                  !text_equal(value_map_text(item, "where"), where)))
                segment_add(call, &bar, class_of(call, colours, item), name_of(call, item), page_number(item, "bytes"));
    }
    value_map_put(call->arena, out, "segments", bar.segments);
    value_map_put(call->arena, out, "total", page_bytes(call->arena, (int64_t)(total + carve_out)));
    value_map_put_string(call->arena, out, "free",
                         free_bytes > 0 ? value_text(page_bytes(call->arena, (int64_t)free_bytes)) : "0 B");
    return out;
}

/* --- a node --- */

struct told {
    struct store_memory *rows;
    size_t count;
};

static int64_t told_at(struct api_call *call, const struct told *told, const char *name)
{
    struct store_node *node = NULL;
    struct error ignored = ERROR_INIT;

    if (!store_node_by_name(center_of(call)->reader, call->arena, name, &node, &ignored) || node == NULL)
        return 0;
    for (size_t i = 0; i < told->count; i++) {
        if (told->rows[i].node_id == node->id)
            return told->rows[i].at_us;
    }
    return 0;
}

static struct value *node_value(struct api_call *call, struct colours *colours, const struct plan_input *input,
                                size_t at, const struct told *told)
{
    const struct plan_node *node = &input->nodes[at];
    const struct value *map = plan_memory_map(call->arena, input, NULL, at);
    double carve_out = node->is_unified ? (double)node->vram_total : 0;
    struct value *out = value_map(call->arena);
    const char *name = value_map_text(map, "gpu_name");

    value_map_put_string(call->arena, out, "name", node->name);
    value_map_put_string(call->arena, out, "url", page_node_url(call->arena, node->name));
    value_map_put_bool(call->arena, out, "usable", node->is_usable);
    value_map_put_string(call->arena, out, "why_not", node->is_usable ? NULL : node->why_not);
    value_map_put_string(call->arena, out, "gpu_name", name == NULL ? "GPU" : name);
    value_map_put(call->arena, out, "gpu", bar_value(call, colours, map, "gpu", 0));
    value_map_put(call->arena, out, "host", bar_value(call, colours, map, "host", carve_out));
    value_map_put(call->arena, out, "orphan", page_bytes(call->arena, (int64_t)node->gtt_orphan));
    page_put_time(call, out, "told", told_at(call, told, node->name));
    return out;
}

static struct value *legend_value(struct api_call *call, const struct colours *colours)
{
    static const char *const fixed[][2] = { { "m-carve", "carve-out" },
                                            { "m-others", "in use besides" },
                                            { "m-orphan", "held by no process" },
                                            { "m-kept", "kept free" },
                                            { "m-free", "free" } };
    struct value *out = value_list(call->arena);

    for (size_t i = 0; i < colours->count && i < 40; i++) {
        struct value *item = value_map(call->arena);

        value_map_put_string(call->arena, item, "class", arena_printf(call->arena, "k-%zu", i % COLOURS));
        value_map_put_string(call->arena, item, "name", colours->names[i]);
        value_list_add(call->arena, out, item);
    }
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        struct value *item = value_map(call->arena);

        value_map_put_string(call->arena, item, "class", fixed[i][0]);
        value_map_put_string(call->arena, item, "name", fixed[i][1]);
        value_list_add(call->arena, out, item);
    }
    return out;
}

/* --- the page --- */

static bool nodes_counted(struct api_call *call, int64_t *out, struct error *err)
{
    struct store_node_count *counts = NULL;
    size_t count = 0;

    *out = 0;
    if (!store_node_counts(center_of(call)->reader, call->arena, &counts, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        *out += counts[i].state == STORE_NODE_ACTIVE ? counts[i].nodes : 0;
    return true;
}

void page_memory(struct api_call *call)
{
    const struct plan_input_options options = { .facts = center_of(call)->facts };
    struct value *data = value_map(call->arena), *rows = value_list(call->arena);
    struct colours *colours = arena_new_of(call->arena, struct colours);
    struct store_connection *reader = center_of(call)->reader;
    struct plan_input input = { .nodes_count = 0 };
    struct told told = { .count = 0 };
    struct error err = ERROR_INIT;
    int64_t nodes = 0;

    *colours = (struct colours){ .count = 0 };
    facts_cache_tidy(options.facts);
    if (!nodes_counted(call, &nodes, &err) ||
        (nodes <= NODES_MAX && (!plan_input_gather(reader, call->arena, &options, &input, &err) ||
                                !store_memory_list(reader, call->arena, 0, &told.rows, &told.count, &err)))) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < input.nodes_count; i++)
        value_list_add(call->arena, rows, node_value(call, colours, &input, i, &told));
    value_map_put(call->arena, data, "rows", rows);
    value_map_put(call->arena, data, "legend", legend_value(call, colours));
    value_map_put_int(call->arena, data, "too_many", nodes > NODES_MAX ? nodes : 0);
    value_map_put_bool(call->arena, data, "live", true);
    page_reply(call, 200, "memory", "Memory", data);
}
