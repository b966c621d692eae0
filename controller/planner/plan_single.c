/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One node: of those with room, one with a GPU; of those, one that has the model; of those, where it was last; of those, where the
 * least is left.
 */
#include <string.h>

#include "common/base/text.h"
#include "controller/planner/plan_parts.h"

struct single_choice {
    struct plan_room *room;
    uint64_t gpu, host, left;
    bool has_gpu, has_model, was_here, is_measured;
};

static bool was_here(const struct plan_search *search, const struct plan_node *node)
{
    const struct plan_input *input = search->planner->input;

    for (size_t i = 0; i < input->past_count; i++) {
        const struct plan_held *past = &input->past[i];

        if (past->replica == search->place->replica && text_equal(past->workload, search->place->workload->name) &&
            text_equal(past->node, node->name))
            return true;
    }
    return false;
}

/* Measured where it was, else counted. */
static void choice_size(const struct plan_search *search, struct single_choice *choice)
{
    const struct plan_need *need = search->need;
    bool has_gpu = choice->has_gpu;
    const struct plan_peak *peak =
        plan_peak_find(search, plan_node_build(choice->room->node, search->rule->programs[0]), 1, has_gpu);

    choice->is_measured = peak != NULL;
    choice->gpu = peak != NULL ? peak->gpu : has_gpu ? need->gpu : 0;
    choice->host = peak != NULL ? peak->host : has_gpu ? need->gpu_host : need->host;
    if (search->rule->takes_rest)
        choice->host = choice->room->host_free > choice->host ? choice->room->host_free : choice->host;
}

static bool is_better(const struct single_choice *choice, const struct single_choice *best)
{
    if (best->room == NULL || choice->has_gpu != best->has_gpu)
        return best->room == NULL || choice->has_gpu;
    if (choice->has_model != best->has_model)
        return choice->has_model;
    if (choice->was_here != best->was_here)
        return choice->was_here;
    return choice->left != best->left ? choice->left < best->left
                                      : strcmp(choice->room->node->name, best->room->node->name) < 0;
}

bool plan_single(struct plan_search *search)
{
    struct plan_part part;

    for (size_t tries = 0; tries < search->count; tries++) {
        struct single_choice best = { .room = NULL };
        size_t at = 0;

        for (size_t i = 0; i < search->count; i++) {
            struct single_choice choice = { .room = &search->planner->rooms[search->rooms[i]] };

            choice.has_gpu = choice.room->has_gpu && !search->need->is_cpu;
            choice_size(search, &choice);
            if (!plan_room_fits(choice.room, choice.gpu, choice.host))
                continue;
            choice.has_model = plan_node_has_model(choice.room->node, search->need);
            choice.was_here = was_here(search, choice.room->node);
            choice.left = plan_capacity_for(search->need, choice.room, choice.host) - choice.gpu;
            if (is_better(&choice, &best)) {
                best = choice;
                at = i;
            }
        }
        if (best.room == NULL)
            return false;
        part = (struct plan_part){
            .node = best.room->node, .role = "head", .gpu = best.gpu, .host = best.host, .share = 1
        };
        search->place->is_measured = best.is_measured;
        if (plan_settle(search, &part, 1, plan_node_build(best.room->node, search->rule->programs[0])))
            return true;
        search->rooms[at] = search->rooms[--search->count]; /* the order of them decides nothing */
    }
    return false;
}
