/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left on a node: the smaller of two sums. What it has in all, less what was promised, whether it is taken already or not (weights
 * that are mapped from a file count as available until they are read); and what is free now, less what was promised and is not taken yet.
 */
#include <string.h>

#include "common/base/text.h"
#include "common/value/value.h"
#include "controller/planner/plan_parts.h"

#define RESERVE_SHARE 8 /* of a small node's host memory */
#define MARGIN_SHARE 16 /* of a small GPU memory */
#define NOW_SHARE 4     /* of the reserve: stays free of what is available now */

static uint64_t less(uint64_t from, uint64_t take)
{
    return from > take ? from - take : 0;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* GPU memory of its own (a card, or a large carve-out), host memory up to GTT, or host memory without a limit. */
static void room_kind(struct plan_room *room)
{
    const struct plan_node *node = room->node;
    bool is_carved = node->is_unified && node->vram_total > node->gtt_total;

    room->has_gpu = node->has_gpu && (node->is_unified || node->vram_total > 0);
    if (!room->has_gpu)
        return;
    room->is_shared = node->is_unified && !is_carved;
    room->gpu_name = !node->is_unified ? "VRAM" : is_carved ? "carve-out" : node->gtt_total > 0 ? "GTT" : "host memory";
    room->gpu_total = !room->is_shared ? node->vram_total : node->gtt_total > 0 ? node->gtt_total : UINT64_MAX;
    room->gpu_orphan = room->is_shared ? node->gtt_orphan : 0;
}

static uint64_t gpu_used(const struct plan_room *room)
{
    return room->is_shared ? room->node->gtt_used : room->node->vram_used;
}

static void room_port_add(struct planner *planner, struct plan_room *room, int64_t port)
{
    if (port == 0)
        return;
    if (room->ports_count == room->ports_capacity) {
        size_t wanted = room->ports_capacity == 0 ? 8 : room->ports_capacity * 2;

        room->ports =
            arena_grow(planner->arena, room->ports, room->ports_capacity * sizeof(int64_t), wanted * sizeof(int64_t));
        room->ports_capacity = wanted;
    }
    room->ports[room->ports_count++] = port;
}

struct promised {
    uint64_t gpu, host, gpu_waiting, host_waiting; /* waiting: not in the node's figures yet */
    uint64_t seen;                                 /* in what is not available of the host's memory */
    uint64_t hidden;                               /* the GPU's, taken but in no process's figures */
};

/* Where the GPU works in host memory its part is in no process's resident memory: each of the two counts for itself. */
static void promised_wait(struct promised *sum, const struct plan_room *room, const struct plan_held *held)
{
    uint64_t gpu_seen = room->is_shared ? held->gpu_seen : held->vram_seen,
             gtt_of_card = room->has_gpu && !room->is_shared ? held->gpu_seen : 0, gpu = room->has_gpu ? held->gpu : 0,
             host = room->has_gpu ? held->host : held->host + held->gpu, waits = less(gpu, gpu_seen),
             host_waits = less(host, held->host_seen + gtt_of_card);

    sum->hidden += held->is_hidden ? waits : 0;
    sum->gpu_waiting += held->is_hidden ? 0 : waits;
    sum->host_waiting += host_waits + (room->is_shared && !held->is_hidden ? waits : 0);
    sum->seen += host - host_waits + (room->is_shared ? gpu - waits : 0);
}

/* What is hidden is believed as far as there is memory in use that is nobody else's. */
static void promised_find_hidden(struct promised *sum, const struct plan_room *room)
{
    const struct plan_node *node = room->node;
    uint64_t named = room->is_shared ? node->gtt_processes + node->gtt_orphan : node->vram_processes,
             gone = less(node->memory_total, node->memory_available);

    sum->gpu_waiting += less(sum->hidden, less(gpu_used(room), named));
    sum->host_waiting += room->is_shared ? less(sum->hidden, less(gone, sum->seen)) : 0;
}

static struct promised promised_of(struct planner *planner, struct plan_room *room)
{
    const struct plan_input *input = planner->input;
    struct promised sum = { 0 };

    for (size_t i = 0; i < input->held_count; i++) {
        const struct plan_held *held = &input->held[i];

        if (!text_equal(held->node, room->node->name))
            continue;
        uint64_t gpu = room->has_gpu ? held->gpu : 0,
                 host = room->has_gpu && !room->is_shared ? held->host : held->host + held->gpu;

        sum.gpu += gpu;
        sum.host += host;
        if (held->is_counted)
            sum.seen += host;
        else
            promised_wait(&sum, room, held);
        room_port_add(planner, room, held->port);
    }
    promised_find_hidden(&sum, room);
    return sum;
}

void plan_room_fill(struct planner *planner, size_t index)
{
    const struct plan_node *node = &planner->input->nodes[index];
    struct plan_room *room = &planner->rooms[index];
    struct promised promised;

    *room = (struct plan_room){ .node = node };
    room_kind(room);
    promised = promised_of(planner, room);
    room->reserve = node->reserve > 0 ? node->reserve : smaller(PLAN_RESERVE, node->memory_total / RESERVE_SHARE);
    room->host_free = smaller(less(node->memory_total, room->reserve + promised.host + room->gpu_orphan),
                              less(node->memory_available, room->reserve / NOW_SHARE + promised.host_waiting));
    if (!room->has_gpu)
        return;
    if (room->gpu_total == UINT64_MAX) {
        room->gpu_free = room->host_free;
        return;
    }
    room->margin = node->margin > 0 ? node->margin : smaller(PLAN_MARGIN, room->gpu_total / MARGIN_SHARE);
    room->gpu_free = smaller(less(room->gpu_total, room->margin + promised.gpu + room->gpu_orphan),
                             less(room->gpu_total, room->margin + gpu_used(room) + promised.gpu_waiting));
}

bool plan_room_fits(const struct plan_room *room, uint64_t gpu, uint64_t host)
{
    if (!room->has_gpu)
        return gpu + host <= room->host_free;
    return gpu <= room->gpu_free && host + (room->is_shared ? gpu : 0) <= room->host_free;
}

uint64_t plan_room_capacity(const struct plan_room *room, uint64_t host)
{
    uint64_t left = less(room->host_free, host);

    if (!room->has_gpu)
        return left;
    if (room->host_free < host)
        return 0;
    return room->is_shared ? smaller(room->gpu_free, left) : room->gpu_free;
}

uint64_t plan_capacity_for(const struct plan_need *need, const struct plan_room *room, uint64_t host)
{
    return need->is_cpu ? less(room->host_free, host) : plan_room_capacity(room, host);
}

void plan_room_take(struct planner *planner, struct plan_room *room, const struct plan_part *part)
{
    bool is_host = !room->has_gpu || room->is_shared;

    room->host_free = less(room->host_free, part->host + (is_host ? part->gpu : 0));
    room->gpu_free = less(room->gpu_free, part->gpu);
    if (room->has_gpu && room->gpu_total == UINT64_MAX)
        room->gpu_free = room->host_free;
    room_port_add(planner, room, part->port);
}

bool plan_port_is_free(const struct plan_room *room, int64_t port)
{
    for (size_t i = 0; i < room->ports_count; i++) {
        if (room->ports[i] == port)
            return false;
    }
    return true;
}

int64_t plan_port_find(const struct plan_room *room, int64_t from)
{
    while (from <= UINT16_MAX && !plan_port_is_free(room, from))
        from++;
    return from <= UINT16_MAX ? from : 0;
}

struct plan_room *plan_room_of(const struct planner *planner, const struct plan_node *node)
{
    return &planner->rooms[node - planner->input->nodes];
}

const char *plan_node_build(const struct plan_node *node, const char *engine)
{
    if (engine == NULL) /* it needs no program */
        return "";
    for (size_t i = 0; i < node->engines_count; i++) {
        if (strcmp(node->engines[i].name, engine) == 0)
            return node->engines[i].build;
    }
    return NULL;
}

bool plan_node_has_model(const struct plan_node *node, const struct plan_need *need)
{
    for (size_t i = 0; need->models[i] != NULL; i++) {
        if (need->models[i]->digest == NULL || node->models == NULL || !text_in(need->models[i]->digest, node->models))
            return false;
    }
    return need->models[0] != NULL;
}
