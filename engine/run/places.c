/* SPDX-License-Identifier: Apache-2.0 */
/* Which tasks of a run are wanted by their place, and what the others leave behind. */
#include "engine/run/places.h"

#include <string.h>

#include "common/base/text.h"

struct run_places {
    struct arena *arena;
    struct value *reached; /* place -> whether its task was run */
    struct vars_world *vars;
};

struct run_places *run_places_new(struct arena *arena, const struct value *places, struct vars_world *vars)
{
    struct run_places *out = arena_new_of(arena, struct run_places);

    *out = (struct run_places){ .arena = arena, .reached = value_map(arena), .vars = vars };
    for (size_t i = 0; i < value_count(places); i++) {
        const char *place = value_text(value_item(places, i));

        if (place != NULL)
            value_map_put(arena, out->reached, place, value_bool(false));
    }
    return out;
}

static const char *place_of(const struct run_places *places, const struct node *task)
{
    return arena_printf(places->arena, "%s:%d", task->at.path == NULL ? "" : task->at.path, task->at.line);
}

/* They change nothing and bring variables under names that nobody can know before. */
static bool is_always_run(const struct node *task)
{
    static const char *const bringing[] = { "setup",        "gather_facts", "service_facts", "package_facts",
                                            "include_vars", "add_host",     "group_by",      NULL };

    return task->task_kind == TASK_META || task->task_kind == TASK_INCLUDE_TASKS ||
           task->task_kind == TASK_INCLUDE_ROLE || text_in(task->action, bringing);
}

static void withhold(struct run_places *places, const struct node *task)
{
    const char *registered = value_text(task->keywords[KEYWORD_REGISTER]);

    if (registered != NULL)
        vars_world_withhold(places->vars, registered);
    if (!text_equal(task->action, "set_fact"))
        return;
    for (size_t i = 0; i < value_count(task->args); i++) {
        const char *name = value_text(value_pair_at(task->args, i)->key);

        if (name != NULL)
            vars_world_withhold(places->vars, name);
    }
    if (value_map_get(task->args, "cacheable") != NULL)
        vars_world_withhold(places->vars, "ansible_facts");
}

/* The names that a set_fact makes are not written down: only running it tells them. */
static bool has_hidden_names(const struct node *task)
{
    const struct value *args = task->args;

    if (!text_equal(task->action, "set_fact"))
        return false;
    for (size_t i = 0; i < value_count(args); i++) {
        const char *name = value_text(value_pair_at(args, i)->key);

        if (name == NULL || text_starts(name, "_") || strstr(name, "{{") != NULL)
            return true;
    }
    return false;
}

bool run_places_take(struct run_places *places, const struct node *task)
{
    if (is_always_run(task) || has_hidden_names(task) || value_map_get(places->reached, place_of(places, task)) != NULL)
        return true;
    withhold(places, task);
    return false;
}

void run_places_reach(struct run_places *places, const struct node *task)
{
    const char *place = place_of(places, task);

    if (value_map_get(places->reached, place) != NULL)
        value_map_put(places->arena, places->reached, place, value_bool(true));
}

bool run_places_check(struct run_places *places, struct error *err)
{
    const char *missed = vars_world_missed(places->vars);

    if (missed != NULL)
        return error_set_kind(err, ERROR_PARTIAL, "the chosen tasks need '%s', which a task that was passed over sets",
                              missed);
    for (size_t i = 0; i < value_count(places->reached); i++) {
        const struct value_pair *pair = value_pair_at(places->reached, i);

        if (!pair->item->as.boolean)
            return error_set_kind(err, ERROR_PARTIAL, "no task was run at %s", value_text(pair->key));
    }
    return true;
}
