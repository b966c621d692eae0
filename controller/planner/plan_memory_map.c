/* SPDX-License-Identifier: Apache-2.0 */
/* What a node's memory is taken by, and is to be: for `roost plan` and the page. The pieces of each kind of memory add up to its total. */
#include "common/base/text.h"
#include "common/model/memory_need_compute.h"
#include "controller/planner/plan_parts.h"

struct map_writer {
    struct arena *arena;
    struct value *items;
    uint64_t gpu, host; /* told so far; where the GPU works in host memory, that is in both */
    const struct plan_room *room;
};

struct map_item {
    const char *what, *workload;
    uint64_t gpu, host;
    bool is_measured, is_planned;
};

static void item_add(struct map_writer *writer, const struct map_item *item, uint64_t bytes, const char *where)
{
    struct value *out = value_map(writer->arena);

    if (bytes == 0)
        return;
    value_map_put_string(writer->arena, out, "what", item->what);
    value_map_put_string(writer->arena, out, "workload", item->workload);
    value_map_put_int(writer->arena, out, "bytes", (int64_t)bytes);
    value_map_put_string(writer->arena, out, "where", where);
    value_map_put_bool(writer->arena, out, "measured", item->is_measured);
    value_map_put_bool(writer->arena, out, "planned", item->is_planned);
    value_list_add(writer->arena, writer->items, out);
}

static void put_item(struct map_writer *writer, const struct map_item *item)
{
    bool has_gpu = writer->room->has_gpu;
    uint64_t gpu = has_gpu ? item->gpu : 0, host = has_gpu ? item->host : memory_plus(item->host, item->gpu);

    item_add(writer, item, gpu, "gpu");
    item_add(writer, item, host, "host");
    writer->gpu = memory_plus(writer->gpu, gpu);
    writer->host = memory_plus(writer->host, host + (writer->room->is_shared ? gpu : 0));
}

static void put_workloads(struct map_writer *writer, const struct plan_input *input, const struct plan *plan)
{
    const struct plan_node *node = writer->room->node;

    for (size_t i = 0; i < input->held_count; i++) {
        const struct plan_held *held = &input->held[i];
        bool is_there =
            held->is_counted || held->is_hidden || held->gpu_seen > 0 || held->host_seen > 0 || held->vram_seen > 0;
        const struct map_item item = { held->role, held->workload, held->gpu, held->host, false, !is_there };

        if (text_equal(held->node, node->name))
            put_item(writer, &item);
    }
    for (size_t i = 0; plan != NULL && i < plan->count; i++) {
        const struct plan_place *place = &plan->places[i];

        for (size_t j = 0; j < place->parts_count; j++) {
            const struct plan_part *part = &place->parts[j];
            const struct map_item item = { part->role, place->workload->name, part->gpu,
                                           part->host, place->is_measured,    true };

            if (part->node == node)
                put_item(writer, &item);
        }
    }
}

/* What stays free by rule, what nobody holds, what others use: so that all adds up. */
static void put_rest(struct map_writer *writer, uint64_t gpu_free, uint64_t host_free)
{
    const struct plan_room *room = writer->room;
    bool has_limit = room->has_gpu && room->gpu_total != UINT64_MAX;
    struct map_item kept = { .what = "kept free", .gpu = has_limit ? room->margin : 0, .host = room->reserve };
    struct map_item orphan = { .what = "held by no process", .gpu = room->gpu_orphan };
    struct map_item others = { .what = "in use besides" };
    uint64_t gpu_total = has_limit ? room->gpu_total : 0, told;

    item_add(writer, &kept, kept.gpu, "gpu");
    item_add(writer, &kept, kept.host, "host");
    put_item(writer, &orphan);
    told = writer->gpu + kept.gpu + gpu_free;
    others.gpu = gpu_total > told ? gpu_total - told : 0;
    told = writer->host + kept.host + host_free;
    others.host = room->node->memory_total > told ? room->node->memory_total - told : 0;
    item_add(writer, &others, others.gpu, "gpu");
    item_add(writer, &others, others.host, "host");
}

static void take_planned(struct planner *planner, struct plan_room *room)
{
    for (size_t i = 0; i < planner->plan->count; i++) {
        const struct plan_place *place = &planner->plan->places[i];

        for (size_t j = 0; j < place->parts_count; j++) {
            if (place->parts[j].node == room->node)
                plan_room_take(planner, room, &place->parts[j]);
        }
    }
}

struct value *plan_memory_map(struct arena *arena, const struct plan_input *input, const struct plan *plan, size_t node)
{
    const struct plan empty = { 0 };
    struct planner planner = { .arena = arena, .input = input, .plan = plan == NULL ? &empty : plan };
    struct value *out = value_map(arena);
    struct map_writer writer = { .arena = arena, .items = value_list(arena) };
    struct plan_room *room;
    bool has_limit;

    planner.rooms = arena_new_array(arena, struct plan_room, input->nodes_count + 1);
    plan_room_fill(&planner, node);
    room = &planner.rooms[node];
    take_planned(&planner, room);
    writer.room = room;
    has_limit = room->has_gpu && room->gpu_total != UINT64_MAX;
    put_workloads(&writer, input, plan);
    put_rest(&writer, has_limit ? room->gpu_free : 0, room->host_free);
    value_map_put_string(arena, out, "node", room->node->name);
    value_map_put_bool(arena, out, "usable", room->node->is_usable);
    value_map_put_string(arena, out, "why_not", room->node->why_not);
    value_map_put_bool(arena, out, "shared", room->is_shared);
    value_map_put_string(arena, out, "gpu_name", has_limit ? room->gpu_name : NULL);
    value_map_put_int(arena, out, "gpu_total", has_limit ? (int64_t)room->gpu_total : 0);
    value_map_put_int(arena, out, "gpu_free", has_limit ? (int64_t)room->gpu_free : 0);
    value_map_put_int(arena, out, "host_total", (int64_t)room->node->memory_total);
    value_map_put_int(arena, out, "host_free", (int64_t)room->host_free);
    value_map_put(arena, out, "items", writer.items);
    return out;
}
