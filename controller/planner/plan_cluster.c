/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several nodes: the fewest that do, all with one build; those with the most room, and a head that has the model where it can be. With
 * nodes that have no GPU only where those with one do not do, as each token waits for the slowest part.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "controller/planner/plan_parts.h"

/* Nodes of one build, those with the most room first. */
struct build_set {
    const char *build;
    struct plan_room **rooms;
    size_t count;
};

static int room_order(const void *left, const void *right)
{
    const struct plan_room *const *a = left, *const *b = right;
    uint64_t room_a = plan_room_capacity(*a, 0), room_b = plan_room_capacity(*b, 0);

    if (room_a != room_b)
        return room_a > room_b ? -1 : 1;
    return strcmp((*a)->node->name, (*b)->node->name);
}

static int set_order(const void *left, const void *right)
{
    const struct build_set *a = left, *b = right;

    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return strcmp(a->build, b->build);
}

static const char *worker_build(const struct plan_search *search, const struct plan_node *node)
{
    const char *const *programs =
        search->rule->worker_programs != NULL ? search->rule->worker_programs : search->rule->programs;

    for (size_t i = 0; programs[i] != NULL; i++) {
        if (plan_node_build(node, programs[i]) == NULL)
            return NULL;
    }
    return plan_node_build(node, programs[0]);
}

static bool is_head(const struct plan_search *search, const struct plan_node *node, const char *build)
{
    const char *const *programs = search->rule->programs;

    for (size_t i = 0; programs[i] != NULL; i++) {
        const char *own = plan_node_build(node, programs[i]);

        if (own == NULL || (i == 0 && strcmp(own, build) != 0))
            return false;
    }
    return true;
}

static struct build_set *build_sets(const struct plan_search *search, bool gpu_only, size_t *count_out)
{
    struct arena *arena = search->planner->arena;
    struct build_set *sets = arena_new_array(arena, struct build_set, search->count + 1);
    size_t count = 0;

    for (size_t i = 0; i < search->count; i++) {
        struct plan_room *room = &search->planner->rooms[search->rooms[i]];
        const char *build = worker_build(search, room->node);
        size_t at = 0;

        if (build == NULL || (gpu_only && !room->has_gpu))
            continue;
        while (at < count && strcmp(sets[at].build, build) != 0)
            at++;
        if (at == count)
            sets[count++] = (struct build_set){ build, arena_new_array(arena, struct plan_room *, search->count), 0 };
        sets[at].rooms[sets[at].count++] = room;
    }
    for (size_t i = 0; i < count; i++)
        qsort(sets[i].rooms, sets[i].count, sizeof(struct plan_room *), room_order);
    if (count > 0)
        qsort(sets, count, sizeof(*sets), set_order);
    *count_out = count;
    return sets;
}

/* What was measured in place of what was estimated. False: it takes more than was thought, and than there is. */
static bool measured_parts(const struct plan_search *search, const char *build, struct plan_part *parts, size_t count)
{
    const struct plan_peak *peak = plan_peak_find(
        search, build, count, plan_room_of(search->planner, parts[0].node)->has_gpu && !search->need->is_cpu);
    double gpu = 0, host = 0;

    search->place->is_measured = false;
    if (peak == NULL)
        return true;
    for (size_t i = 0; i < count; i++) {
        gpu += (double)parts[i].gpu;
        host += (double)parts[i].host;
    }
    for (size_t i = 0; i < count; i++) { /* each as the sum: who took what is not kept */
        uint64_t own_gpu = gpu > 0 ? (uint64_t)((double)parts[i].gpu * ((double)peak->gpu / gpu)) + 1 : 0;
        uint64_t own_host = host > 0 ? (uint64_t)((double)parts[i].host * ((double)peak->host / host)) + 1 : 0;

        if (!plan_room_fits(plan_room_of(search->planner, parts[i].node), own_gpu, own_host))
            return false;
        parts[i].gpu = own_gpu;
        parts[i].host = own_host;
    }
    search->place->is_measured = true;
    return true;
}

/* With the head at `head` and the roomiest others. */
static bool try_head(struct plan_search *search, const struct build_set *set, size_t head, size_t count)
{
    struct plan_part *parts = arena_new_array(search->planner->arena, struct plan_part, count);
    size_t used = 1;

    parts[0] = (struct plan_part){ .node = set->rooms[head]->node, .role = "head" };
    for (size_t i = 0; i < set->count && used < count; i++) {
        if (i != head)
            parts[used++] = (struct plan_part){ .node = set->rooms[i]->node, .role = "worker" };
    }
    if (used < count || !plan_split(search, parts, count) || !measured_parts(search, set->build, parts, count))
        return false;
    return plan_settle(search, parts, count, set->build);
}

/* Heads that have the model first, then those with the most room. */
static bool try_set(struct plan_search *search, const struct build_set *set, size_t count)
{
    for (int needs_model = 1; needs_model >= 0; needs_model--) {
        for (size_t head = 0; head < set->count; head++) {
            const struct plan_node *node = set->rooms[head]->node;

            if (plan_node_has_model(node, search->need) != (needs_model == 1) || !is_head(search, node, set->build))
                continue;
            if (try_head(search, set, head, count))
                return true;
            if (head >= count) /* with less room than all others it gets no better */
                break;
        }
    }
    return false;
}

static bool cluster_of(struct plan_search *search, bool gpu_only)
{
    size_t sets_count = 0;
    struct build_set *sets = build_sets(search, gpu_only, &sets_count);

    for (uint64_t count = search->least > 2 ? search->least : 2; count <= search->most; count++) {
        if (search->rule->is_power_of_two && (count & (count - 1)) != 0)
            continue;
        for (size_t i = 0; i < sets_count && sets[i].count >= count; i++) {
            if (try_set(search, &sets[i], count))
                return true;
        }
    }
    return false;
}

static bool is_mixed(const struct plan_search *search)
{
    bool with = false, without = false;

    for (size_t i = 0; i < search->count; i++) {
        with = with || search->planner->rooms[search->rooms[i]].has_gpu;
        without = without || !search->planner->rooms[search->rooms[i]].has_gpu;
    }
    return with && without;
}

bool plan_cluster(struct plan_search *search)
{
    return (!search->need->is_cpu && is_mixed(search) && cluster_of(search, true)) || cluster_of(search, false);
}
