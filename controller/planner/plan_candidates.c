/* SPDX-License-Identifier: Apache-2.0 */
/* Which nodes may be used for a replica at all, memory aside; and how many. */
#include <string.h>

#include "common/base/text.h"
#include "controller/planner/plan_parts.h"

enum bar { BAR_NONE, BAR_UNUSABLE, BAR_ENGINE, BAR_REPLICA, BAR_PORT };

struct bars {
    const char **why; /* of the nodes that are out, one sentence each */
    size_t count;
    size_t engines; /* that lack a program, among them */
};

static bool is_here(const struct plan_held *places, size_t count, const struct plan_place *place, const char *node,
                    bool other_replicas)
{
    for (size_t i = 0; i < count; i++) {
        if (places[i].replica >= 0 && (places[i].replica != place->replica) == other_replicas &&
            text_equal(places[i].workload, place->workload->name) && text_equal(places[i].node, node))
            return true;
    }
    return false;
}

/* Another replica of it is there, or comes there. */
static bool has_replica(const struct plan_search *search, const struct plan_node *node)
{
    const struct plan_input *input = search->planner->input;
    const struct plan *plan = search->planner->plan;

    if (is_here(input->held, input->held_count, search->place, node->name, true))
        return true;
    for (size_t i = plan->count; i > 0 && plan->places[i - 1].workload == search->place->workload; i--) {
        const struct plan_place *place = &plan->places[i - 1];

        for (size_t j = 0; place != search->place && j < place->parts_count; j++) {
            if (place->parts[j].node == node)
                return true;
        }
    }
    return false;
}

/* What runs one part of it, on the head or another node; NULL: all is there, else a program that is not. */
static const char *missing_program(const struct plan_search *search, const struct plan_node *node)
{
    const char *missing = NULL;

    for (size_t i = 0; missing == NULL && search->rule->programs[i] != NULL; i++) {
        if (plan_node_build(node, search->rule->programs[i]) == NULL)
            missing = search->rule->programs[i];
    }
    if (missing == NULL || search->most == 1 || search->rule->worker_programs == NULL)
        return missing;
    for (size_t i = 0; search->rule->worker_programs[i] != NULL; i++) {
        if (plan_node_build(node, search->rule->worker_programs[i]) == NULL)
            return missing;
    }
    return NULL;
}

static enum bar bar_of(const struct plan_search *search, const struct plan_room *room, const char **why)
{
    struct arena *arena = search->planner->arena;
    const struct plan_node *node = room->node;
    int64_t port = plan_port_wanted(search);
    const char *missing = NULL;

    if (!node->is_usable || node->memory_total == 0) {
        *why = arena_printf(arena, "%s: %s", node->name,
                            node->is_usable         ? "it has not told its memory yet"
                            : node->why_not != NULL ? node->why_not
                                                    : "not usable");
        return BAR_UNUSABLE;
    }
    if ((missing = missing_program(search, node)) != NULL) {
        *why = arena_printf(arena, "%s: it has no %s", node->name, missing);
        return BAR_ENGINE;
    }
    if (has_replica(search, node)) {
        *why = arena_printf(arena, "%s: another replica is there", node->name);
        return BAR_REPLICA;
    }
    if (port != 0 && !plan_port_is_free(room, port)) {
        *why = arena_printf(arena, "%s: port %d is taken there", node->name, (int)port);
        return BAR_PORT;
    }
    return BAR_NONE;
}

/* Nodes that a pinned replica was on. */
static uint64_t past_nodes(const struct plan_search *search)
{
    const struct plan_input *input = search->planner->input;
    uint64_t count = 0;

    for (size_t i = 0; search->place->workload->pinned && i < input->past_count; i++)
        count += input->past[i].replica == search->place->replica &&
                 text_equal(input->past[i].workload, search->place->workload->name);
    return count;
}

/* Those it is declared for; a pinned one that was somewhere: those it was on. */
static bool is_named(const struct plan_search *search, const struct plan_node *node)
{
    const struct plan_input *input = search->planner->input;
    const struct workload *workload = search->place->workload;
    bool is_listed = workload->nodes == NULL;

    for (size_t i = 0; !is_listed && i < value_count(workload->nodes); i++)
        is_listed = strcmp(value_text(value_item(workload->nodes, i)), node->name) == 0;
    return is_listed && (!workload->pinned || past_nodes(search) == 0 ||
                         is_here(input->past, input->past_count, search->place, node->name, false));
}

static bool check_names(struct plan_search *search)
{
    const struct plan_input *input = search->planner->input;
    const struct value *named = search->place->workload->nodes;
    struct arena *arena = search->planner->arena;
    const char **names = arena_new_array(arena, const char *, input->nodes_count + 1);

    for (size_t i = 0; i < input->nodes_count; i++)
        names[i] = input->nodes[i].name;
    for (size_t i = 0; i < value_count(named); i++) {
        const char *name = value_text(value_item(named, i));
        size_t at = 0;

        while (at < input->nodes_count && strcmp(names[at], name) != 0)
            at++;
        if (at < input->nodes_count)
            continue;
        const char *nearest = text_nearest(name, names, input->nodes_count);
        return plan_refuse(search->place, "no_node",
                           arena_printf(arena, "there is no node '%s'%s%s%s", name,
                                        nearest == NULL ? "" : ", did you mean '", nearest == NULL ? "" : nearest,
                                        nearest == NULL ? "" : "'?"));
    }
    return true;
}

/* How many nodes are asked for. */
static void count_nodes(struct plan_search *search)
{
    const struct workload *workload = search->place->workload;
    uint64_t past = past_nodes(search), exactly = (uint64_t)workload->nodes_count;

    if (past > 0)
        exactly = past;
    else if (exactly == 0 && workload->kind == WORKLOAD_BATCH)
        exactly = workload->nodes == NULL ? 1 : value_count(workload->nodes);
    search->least = exactly > 0 ? exactly : workload->spread == WORKLOAD_CLUSTER ? 2 : 1;
    search->most = exactly > 0                           ? exactly
                   : workload->spread == WORKLOAD_SINGLE ? 1
                   : search->rule->is_cluster            ? PLAN_NODES_MOST
                                                         : search->least;
}

static bool refuse_bars(struct plan_search *search, const struct bars *bars)
{
    struct arena *arena = search->planner->arena;
    const char *which = plan_texts(arena, bars->why, bars->count);
    bool is_engine = bars->engines > 0 && search->count + bars->count - bars->engines < search->least;

    if (bars->count == 0)
        return plan_refuse(search->place, "no_node", "there is no node at all");
    if (search->count > 0)
        return plan_refuse(search->place, is_engine ? "no_engine" : "no_node",
                           arena_printf(arena, "it is to be on %d nodes, and %zu can be used (%s)", (int)search->least,
                                        search->count, which));
    return plan_refuse(search->place, is_engine ? "no_engine" : "no_node",
                       arena_printf(arena, "no node can run it: %s", which));
}

static bool check_count(struct plan_search *search)
{
    struct arena *arena = search->planner->arena;
    uint64_t count = search->least;

    if (count > 1 && !search->rule->is_cluster)
        return plan_refuse(search->place, "bad_count",
                           arena_printf(arena, "the engine %s works on one node, and it is to be on %s",
                                        search->rule->engine,
                                        search->most == count ? arena_printf(arena, "%d", (int)count) : "several"));
    if (count > 1 && search->most == count && search->rule->is_power_of_two && (count & (count - 1)) != 0)
        return plan_refuse(search->place, "bad_count",
                           arena_printf(arena, "the engine %s works on 1, 2, 4 or 8 nodes, not on %d",
                                        search->rule->engine, (int)count));
    if (search->rule->is_layered && search->need->layers > 0 && count > search->need->layers)
        return plan_refuse(search->place, "bad_count",
                           arena_printf(arena, "the model has %d layers: they cannot be split over %d nodes",
                                        (int)search->need->layers, (int)count));
    return true;
}

bool plan_candidates(struct plan_search *search)
{
    const struct planner *planner = search->planner;
    struct bars bars = { .why = arena_new_array(planner->arena, const char *, planner->input->nodes_count + 1) };

    count_nodes(search);
    if (!check_names(search) || !check_count(search))
        return false;
    search->rooms = arena_new_array(planner->arena, size_t, planner->input->nodes_count + 1);
    for (size_t i = 0; i < planner->input->nodes_count; i++) {
        const char *why = NULL;
        enum bar bar;

        if (!is_named(search, &planner->input->nodes[i]))
            continue;
        bar = bar_of(search, &planner->rooms[i], &why);
        bars.engines += bar == BAR_ENGINE ? 1 : 0;
        if (bar == BAR_NONE)
            search->rooms[search->count++] = i;
        else
            bars.why[bars.count++] = why;
    }
    if (search->count == 0 || search->count < search->least)
        return refuse_bars(search, &bars);
    search->most = search->most < search->count ? search->most : search->count;
    return true;
}
