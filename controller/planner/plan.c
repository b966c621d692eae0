/* SPDX-License-Identifier: Apache-2.0 */
/* The plan: workloads one after the other, by priority; each takes from the room that the ones before have left. */
#include "controller/planner/plan.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "controller/planner/plan_parts.h"

int64_t plan_port_wanted(const struct plan_search *search)
{
    return search->place->workload->port != 0 ? search->place->workload->port : search->rule->port;
}

static bool ports_find(const struct plan_search *search, struct plan_part *parts, size_t count)
{
    int64_t wanted = plan_port_wanted(search);
    const struct plan_room *room = plan_room_of(search->planner, parts[0].node);

    if (wanted != 0 || search->place->workload->kind == WORKLOAD_INFERENCE) {
        parts[0].port = wanted != 0 ? wanted : plan_port_find(room, PLAN_PORT_HEAD);
        if (parts[0].port == 0 || !plan_port_is_free(room, parts[0].port))
            return false;
    }
    for (size_t i = 1; i < count; i++) {
        parts[i].port = plan_port_find(plan_room_of(search->planner, parts[i].node), PLAN_PORT_WORKER);
        if (parts[i].port == 0)
            return false;
    }
    return true;
}

bool plan_settle(struct plan_search *search, struct plan_part *parts, size_t count, const char *build)
{
    struct planner *planner = search->planner;
    struct plan_place *place = search->place;
    struct error err = ERROR_INIT;

    if (!ports_find(search, parts, count))
        return false;
    place->parts = arena_new_array(planner->arena, struct plan_part, count);
    memcpy(place->parts, parts, count * sizeof(*parts));
    place->parts_count = count;
    place->build = build;
    if (search->rule->allows != NULL && !search->rule->allows(planner->arena, place, search->need->models, &err)) {
        search->broken = arena_copy(planner->arena, err.text);
        place->parts_count = 0;
        return false;
    }
    for (size_t i = 0; !search->is_trial && i < count; i++)
        plan_room_take(planner, plan_room_of(planner, parts[i].node), &parts[i]);
    place->is_placed = true;
    return true;
}

/* An engine without a rule: its program has its name. */
static const struct plan_rule *rule_find(struct planner *planner, const struct workload *workload)
{
    struct plan_rule *rule = arena_new_of(planner->arena, struct plan_rule);
    const char **programs = arena_new_array(planner->arena, const char *, 2);

    for (size_t i = 0; i < planner->input->rules_count; i++) {
        if (strcmp(planner->input->rules[i].engine, workload->engine) == 0)
            return &planner->input->rules[i];
    }
    programs[0] = workload->engine;
    *rule =
        (struct plan_rule){ .engine = workload->engine, .programs = programs, .is_cluster = true, .is_layered = true };
    return rule;
}

static void place_one(struct planner *planner, struct plan_place *place, const struct plan_need *need)
{
    struct plan_search search = {
        .planner = planner, .place = place, .rule = rule_find(planner, place->workload), .need = need
    };

    if (need->why_not != NULL) {
        plan_refuse(place, "no_model", need->why_not);
        return;
    }
    if (!plan_candidates(&search))
        return;
    if ((search.least <= 1 && plan_single(&search)) || (search.most > 1 && plan_cluster(&search)))
        plan_tell_placed(&search);
    else
        plan_refuse_memory(&search);
}

static bool is_held(const struct plan_input *input, const struct workload *workload, int64_t replica)
{
    for (size_t i = 0; i < input->held_count; i++) {
        if (input->held[i].replica == replica && text_equal(input->held[i].workload, workload->name))
            return true;
    }
    return false;
}

static int workload_order(const void *left, const void *right)
{
    const struct workload *const *a = left, *const *b = right;

    if ((*a)->priority != (*b)->priority)
        return (*a)->priority > (*b)->priority ? -1 : 1;
    return strcmp((*a)->name, (*b)->name);
}

static const struct workload **workloads_sorted(struct arena *arena, const struct plan_input *input)
{
    const struct workload **sorted = arena_new_array(arena, const struct workload *, input->workloads_count + 1);

    for (size_t i = 0; i < input->workloads_count; i++)
        sorted[i] = input->workloads[i];
    if (input->workloads_count > 0)
        qsort(sorted, input->workloads_count, sizeof(struct workload *), workload_order);
    return sorted;
}

static bool input_check(const struct plan_input *input, struct error *err)
{
    for (size_t i = 0; i < input->nodes_count; i++) {
        if (input->nodes[i].name == NULL)
            return error_set(err, "a node of the plan has no name");
        for (size_t j = 0; j < i; j++) {
            if (strcmp(input->nodes[i].name, input->nodes[j].name) == 0)
                return error_set(err, "the node '%s' is there twice", input->nodes[i].name);
        }
    }
    for (size_t i = 0; i < input->workloads_count; i++) {
        if (input->workloads[i]->replicas < 1 || input->workloads[i]->replicas > WORKLOAD_REPLICAS_MAX)
            return error_set(err, "the workload '%s' has no sensible number of replicas", input->workloads[i]->name);
        for (size_t j = 0; j < i; j++) {
            if (strcmp(input->workloads[i]->name, input->workloads[j]->name) == 0)
                return error_set(err, "the workload '%s' is there twice", input->workloads[i]->name);
        }
    }
    return true;
}

bool plan_make(struct arena *arena, const struct plan_input *input, struct plan *out, struct error *err)
{
    struct plan plan = { 0 };
    struct planner planner = { .arena = arena, .input = input, .plan = &plan };
    const struct workload **sorted;
    size_t replicas = 0;

    if (!input_check(input, err))
        return false;
    planner.rooms = arena_new_array(arena, struct plan_room, input->nodes_count + 1);
    for (size_t i = 0; i < input->nodes_count; i++)
        plan_room_fill(&planner, i);
    sorted = workloads_sorted(arena, input);
    for (size_t i = 0; i < input->workloads_count; i++)
        replicas += (size_t)sorted[i]->replicas;
    plan.places = arena_new_array(arena, struct plan_place, replicas + 1);
    for (size_t i = 0; i < input->workloads_count; i++) {
        struct plan_need need;

        plan_need_count(arena, input, sorted[i], &need);
        for (int64_t replica = 0; replica < sorted[i]->replicas; replica++) {
            if (is_held(input, sorted[i], replica))
                continue;
            plan.places[plan.count] = (struct plan_place){ .workload = sorted[i], .replica = replica };
            place_one(&planner, &plan.places[plan.count++], &need);
        }
    }
    *out = plan;
    return true;
}
