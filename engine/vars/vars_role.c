/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Role variables: for each role one merged view of its defaults, its vars and its parameters, together with those of its
 * dependencies and of the roles that brought it in; and the views of all roles that a whole play sees.
 */
#include "engine/vars/vars_internal.h"

static const struct value *over(struct vars_world *world, const struct value *base, const struct value *top)
{
    if (value_count(top) == 0)
        return base;
    if (value_count(base) == 0)
        return top;
    return value_merge(world->arena, base, top, world->config.merge_hashes);
}

/* The roles that led to `role`, outermost first, through `take`. */
static const struct value *chain_merge(struct vars_world *world, const struct role *role, const struct value *base,
                                       const struct value *(*take)(const struct role *role))
{
    if (role == NULL)
        return base;
    return over(world, chain_merge(world, role->parent, base, take), take(role));
}

static const struct value *take_defaults(const struct role *role)
{
    return role->defaults;
}

static const struct value *take_vars(const struct role *role)
{
    return role->vars;
}

static const struct value *take_params(const struct role *role)
{
    return role->params;
}

/* Dependencies of all levels, deepest first, as they run. */
static const struct value *dependencies_merge(struct vars_world *world, const struct role *role,
                                              const struct value *base,
                                              const struct value *(*take)(const struct role *role))
{
    for (size_t i = 0; i < role->dependency_count; i++) {
        base = dependencies_merge(world, role->dependencies[i], base, take);
        base = over(world, base, take(role->dependencies[i]));
    }
    return base;
}

const struct vars_role *vars_role_of(struct vars_world *world, const struct role *role)
{
    struct vars_role **bucket = &world->roles[((uintptr_t)role >> 5) % VARS_ROLE_BUCKETS];
    struct vars_role *view = *bucket;

    while (view != NULL && view->role != role)
        view = view->next;
    if (view != NULL)
        return view;
    view = arena_new_of(world->arena, struct vars_role);
    view->role = role;
    view->defaults = over(
        world, chain_merge(world, role->parent, dependencies_merge(world, role, NULL, take_defaults), take_defaults),
        role->defaults);
    view->vars =
        over(world, dependencies_merge(world, role, chain_merge(world, role->parent, NULL, take_vars), take_vars),
             role->vars);
    view->params = chain_merge(world, role, NULL, take_params);
    view->next = *bucket;
    *bucket = view;
    return view;
}

/* What the play sees of one role: its dependencies and itself, not the parameters. */
static void play_add(struct vars_world *world, const struct role *role)
{
    world->play_defaults =
        over(world, dependencies_merge(world, role, world->play_defaults, take_defaults), role->defaults);
    world->play_role_vars = over(world, dependencies_merge(world, role, world->play_role_vars, take_vars), role->vars);
}

void vars_play_roles(struct vars_world *world, const struct play *play)
{
    world->play_defaults = NULL;
    world->play_role_vars = NULL;
    for (size_t i = 0; i < play->role_count; i++)
        if (play->roles[i]->is_public)
            play_add(world, play->roles[i]);
}

void vars_world_publish(struct vars_world *world, const struct role *role)
{
    play_add(world, role);
}
