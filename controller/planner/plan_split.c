/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model over several nodes. By layers: as many to each as its room allows in proportion, then counted exactly; where that does not come
 * out, filled up one after the other. The output lies with the last layer. By equal shares: for engines that cut each tensor.
 */
#include "common/model/memory_need_compute.h"
#include "controller/planner/plan_parts.h"

struct split {
    const struct plan_search *search;
    struct plan_part *parts;
    size_t count;
    size_t order[PLAN_NODES_MOST];      /* parts in the order of their layers */
    uint64_t capacity[PLAN_NODES_MOST]; /* for layers; by order */
    uint64_t layers[PLAN_NODES_MOST];
};

static uint64_t part_host(const struct split *split, const struct plan_part *part)
{
    return part == &split->parts[0] ? split->search->need->head_host : PLAN_PROCESS;
}

/* Layers go to the workers first; a head without GPU keeps the first ones itself. */
static void split_order(struct split *split)
{
    const struct plan_room *head = plan_room_of(split->search->planner, split->parts[0].node);
    bool is_last = head->has_gpu && !split->search->need->is_cpu;
    size_t first = is_last ? 0 : 1;

    if (!is_last)
        split->order[0] = 0;
    for (size_t i = 1; i < split->count; i++)
        split->order[first + i - 1] = i;
    if (is_last)
        split->order[split->count - 1] = 0;
}

static uint64_t split_capacities(struct split *split)
{
    const struct plan_need *need = split->search->need;
    uint64_t sum = 0;

    for (size_t i = 0; i < split->count; i++) {
        const struct plan_part *part = &split->parts[split->order[i]];
        const struct plan_room *room = plan_room_of(split->search->planner, part->node);
        uint64_t fixed = need->compute + (i + 1 == split->count ? need->tail : 0);
        uint64_t all = plan_capacity_for(need, room, part_host(split, part));

        split->capacity[i] = all > fixed ? all - fixed : 0;
        sum = memory_plus(sum, split->capacity[i]);
    }
    return sum;
}

static uint64_t layers_bytes(const struct plan_need *need, uint64_t from, uint64_t count)
{
    uint64_t sum = 0;

    for (uint64_t i = from; i < from + count; i++)
        sum = memory_plus(sum, need->layer[i]);
    return sum;
}

/* At least one to each, the rest in proportion; what is left over by rounding goes to those with the most room for each layer. */
static void split_even(struct split *split, uint64_t sum)
{
    uint64_t left = split->search->need->layers - split->count;
    uint64_t rest = left;

    for (size_t i = 0; i < split->count; i++) {
        uint64_t more = (uint64_t)((double)left * ((double)split->capacity[i] / (double)sum));

        more = more < rest ? more : rest;
        split->layers[i] = 1 + more;
        rest -= more;
    }
    for (; rest > 0; rest--) {
        size_t best = 0;

        for (size_t i = 1; i < split->count; i++) {
            if (split->capacity[i] / (split->layers[i] + 1) > split->capacity[best] / (split->layers[best] + 1))
                best = i;
        }
        split->layers[best]++;
    }
}

static bool split_holds(const struct split *split)
{
    uint64_t from = 0;

    for (size_t i = 0; i < split->count; i++) {
        if (layers_bytes(split->search->need, from, split->layers[i]) > split->capacity[i])
            return false;
        from += split->layers[i];
    }
    return true;
}

/* As many as go in, each part after the one before; true: all have gone in. */
static bool split_fill(struct split *split)
{
    const struct plan_need *need = split->search->need;
    uint64_t from = 0;

    for (size_t i = 0; i < split->count; i++) {
        uint64_t kept = split->count - i - 1, used = 0;

        split->layers[i] = 0;
        while (from + kept < need->layers && memory_plus(used, need->layer[from]) <= split->capacity[i]) {
            used += need->layer[from++];
            split->layers[i]++;
        }
        if (split->layers[i] == 0)
            return false;
    }
    return from == need->layers;
}

static void split_write(struct split *split)
{
    const struct plan_need *need = split->search->need;
    uint64_t from = 0;

    for (size_t i = 0; i < split->count; i++) {
        struct plan_part *part = &split->parts[split->order[i]];
        bool has_gpu = plan_room_of(split->search->planner, part->node)->has_gpu && !need->is_cpu;
        uint64_t device =
            layers_bytes(need, from, split->layers[i]) + need->compute + (i + 1 == split->count ? need->tail : 0);

        part->host = part_host(split, part) + (has_gpu ? 0 : device);
        part->gpu = has_gpu ? device : 0;
        part->layers = split->layers[i];
        part->share = (double)part->layers / (double)need->layers;
        from += split->layers[i];
    }
}

static bool split_layers(struct split *split)
{
    const struct plan_need *need = split->search->need;
    uint64_t sum = 0;

    if (need->layers < split->count)
        return false;
    split_order(split);
    sum = split_capacities(split);
    if (sum < layers_bytes(need, 0, need->layers))
        return false;
    split_even(split, sum);
    if (!split_holds(split) && !split_fill(split))
        return false;
    split_write(split);
    return true;
}

/* What is declared is for each node; what is counted is for all of them together. */
static bool split_shares(struct split *split)
{
    const struct plan_need *need = split->search->need;
    uint64_t count = need->declared > 0 ? 1 : split->count;

    for (size_t i = 0; i < split->count; i++) {
        struct plan_part *part = &split->parts[i];
        const struct plan_room *room = plan_room_of(split->search->planner, part->node);

        part->gpu = room->has_gpu ? (need->gpu + count - 1) / count : 0;
        part->host = room->has_gpu ? need->gpu_host : (need->host + count - 1) / count + (count > 1 ? PLAN_PROCESS : 0);
        part->share = 1.0 / (double)split->count;
        if (!plan_room_fits(room, part->gpu, part->host))
            return false;
        if (split->search->rule->takes_rest)
            part->host = room->host_free - (room->is_shared || !room->has_gpu ? part->gpu : 0);
    }
    return true;
}

bool plan_split(const struct plan_search *search, struct plan_part *parts, size_t count)
{
    struct split split = { .search = search, .parts = parts, .count = count };

    if (search->rule->is_layered && search->need->models[0] != NULL && search->need->declared == 0)
        return split_layers(&split);
    return split_shares(&split);
}
