/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scopes: the stack of maps that one task on one host sees, and looking names up in it. Opening a scope only collects
 * pointers; templating happens in vars_lookup.c.
 */
#include <string.h>

#include "engine/vars/vars_internal.h"

#define FIXED_LAYERS 20

struct stack {
    struct vars_layer *layers;
    size_t count;
};

static void push(struct stack *stack, const struct value *map, bool is_final)
{
    if (value_count(map) > 0)
        stack->layers[stack->count++] = (struct vars_layer){ map, is_final };
}

static size_t chain_length(const struct node *task)
{
    size_t length = 0;

    for (const struct node *node = task; node != NULL; node = node->parent)
        length++;
    return length;
}

static bool is_include(const struct node *node)
{
    return node->gives_params ||
           (node->kind == NODE_TASK && (node->task_kind == TASK_INCLUDE_TASKS || node->task_kind == TASK_INCLUDE_ROLE));
}

static void push_task_levels(struct stack *stack, struct vars_scope *scope, const struct vars_host *known)
{
    const struct vars_role *role = scope->role == NULL ? NULL : vars_role_of(scope->world, scope->role);

    for (const struct node *node = scope->task; node != NULL; node = node->parent)
        if (is_include(node))
            push(stack, node->keywords[KEYWORD_VARS], false);
    if (role != NULL)
        push(stack, role->params, false);
    if (known != NULL) {
        push(stack, known->set, true);
        push(stack, known->included, false);
    }
    for (const struct node *node = scope->task; node != NULL; node = node->parent)
        push(stack, node->keywords[KEYWORD_VARS], false);
    if (role != NULL)
        push(stack, role->vars, false);
}

/* Empty layers that vars_files_read fills, one file after the other. It sees them, what is below and the extra vars. */
static void push_file_levels(struct stack *stack, struct vars_scope *scope)
{
    scope->naming_layer = stack->count;
    push(stack, scope->world->config.extra_vars, false);
    scope->file_layers = &stack->layers[stack->count];
    for (size_t i = 0; i < scope->file_count; i++)
        stack->layers[stack->count++].map = value_null();
}

static void push_play_levels(struct stack *stack, struct vars_scope *scope)
{
    const struct vars_play *play = scope->play;

    if (play == NULL)
        return;
    if (!scope->world->config.private_role_vars)
        push(stack, scope->world->play_role_vars, false);
    if (scope->file_count > 0)
        push_file_levels(stack, scope);
    push(stack, play->play->import_vars, false);
    push(stack, play->prompted, false);
    push(stack, play->play->vars, false);
}

static void push_host_levels(struct stack *stack, const struct vars_scope *scope, const struct vars_host *known,
                             const struct value *inventory)
{
    if (known == NULL)
        return;
    if (scope->world->config.inject_facts)
        push(stack, known->injected, true);
    push(stack, known->wrapper, true);
    stack->layers[stack->count++] = (struct vars_layer){ NULL, true }; /* inventory_hostname and its like */
    push(stack, inventory, false);
}

static void scope_stack(struct vars_scope *scope, const struct vars_host *known, const struct value *inventory)
{
    size_t room = FIXED_LAYERS + 2 * chain_length(scope->task) + scope->file_count;
    struct stack stack = { arena_new_array(scope->arena, struct vars_layer, room), 0 };

    push(&stack, scope->world->config.extra_vars, false);
    push_task_levels(&stack, scope, known);
    push_play_levels(&stack, scope);
    push_host_levels(&stack, scope, known, inventory);
    if (scope->role != NULL)
        push(&stack, vars_role_of(scope->world, scope->role)->defaults, false);
    if (scope->play != NULL)
        push(&stack, scope->world->play_defaults, false);
    scope->layers = stack.layers;
    scope->layer_count = stack.count;
}

static bool files_read(struct vars_scope *scope, struct error *err)
{
    size_t hidden = scope->naming_layer;
    bool ok;

    scope->layers += hidden;
    scope->layer_count -= hidden;
    ok = vars_files_read(scope, err);
    if (&scope->layers[0] != scope->file_layers) /* the extra vars were there for the names only */
        scope->layers[0].map = value_null();
    scope->layers -= hidden;
    scope->layer_count += hidden;
    return ok;
}

static void scope_start(struct vars_scope *scope, struct vars_world *world, struct arena *arena,
                        const struct vars_place *place)
{
    *scope = (struct vars_scope){
        .world = world,
        .arena = arena,
        .play = place->is_alone ? NULL : world->play,
        .host = place->host,
        .task = place->task,
        .role = place->task == NULL ? NULL : place->task->role,
    };
    scope->search_folders = vars_search_folders(world, place->task, world->play);
}

bool vars_scope_open(struct vars_scope *scope, struct vars_world *world, struct arena *arena,
                     const struct vars_place *place, struct error *err)
{
    const struct vars_host *known = place->host == NULL ? NULL : vars_host_of(world, place->host);
    const char *folder = world->play == NULL ? NULL : world->play->play->folder;
    const struct value *inventory = NULL;

    scope_start(scope, world, arena, place);
    vars_scope_connect(scope);
    if (place->host != NULL && !vars_host_inventory(world, place->host, folder, &inventory, err))
        return false;
    scope->file_count = scope->play == NULL ? 0 : vars_files_count(scope->play->play);
    scope_stack(scope, known, inventory);
    return scope->file_count == 0 || files_read(scope, err);
}

void vars_scope_put(struct vars_scope *scope, const char *name, const struct value *value)
{
    if (scope->local == NULL)
        scope->local = value_map(scope->arena);
    if (value != NULL) {
        value_map_put(scope->arena, scope->local, name, value);
    } else {
        struct value *key = value_string(scope->arena, name);

        value_map_remove(scope->arena, scope->local, key);
    }
}

static const struct value *layer_get(struct vars_scope *scope, const struct vars_layer *layer, const char *name,
                                     size_t length)
{
    return layer->map == NULL ? vars_magic_of_host(scope, name, length) : value_map_get_n(layer->map, name, length);
}

/* hash_behaviour = merge: maps of lower layers show through. */
static const struct value *merge_below(struct vars_scope *scope, size_t from, const char *name, size_t length,
                                       const struct value *top)
{
    for (size_t i = from; i < scope->layer_count && value_is(top, VALUE_MAP); i++) {
        const struct value *below = layer_get(scope, &scope->layers[i], name, length);

        if (value_is(below, VALUE_MAP))
            top = value_merge(scope->arena, below, top, true);
    }
    return top;
}

const struct value *vars_scope_raw(struct vars_scope *scope, const char *name, size_t length, bool *final_out)
{
    const struct value *value = scope->local == NULL ? NULL : value_map_get_n(scope->local, name, length);

    *final_out = true;
    if (scope->watch != NULL && strlen(scope->watch) == length && memcmp(scope->watch, name, length) == 0)
        scope->is_watch_hit = true;
    if (value == NULL && value_map_get_n(scope->world->withheld, name, length) != NULL && scope->world->missed == NULL)
        scope->world->missed = arena_copy_n(scope->world->arena, name, length);
    if (value == NULL)
        value = vars_magic(scope, name, length);
    if (value != NULL)
        return value;
    for (size_t i = 0; i < scope->layer_count; i++) {
        value = layer_get(scope, &scope->layers[i], name, length);
        if (value == NULL)
            continue;
        *final_out = scope->layers[i].is_final;
        if (scope->world->config.merge_hashes && value_is(value, VALUE_MAP))
            return merge_below(scope, i + 1, name, length, value);
        return value;
    }
    *final_out = true;
    return value_map_get_n(scope->fallback, name, length);
}
