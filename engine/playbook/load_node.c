/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making nodes and lists of nodes.
 */
#include "engine/playbook/load.h"

#define LIST_FIRST 4

struct node *load_node_new(const struct load_scope *scope, enum node_kind kind, const struct source_position *at)
{
    struct node *node = arena_new_of(scope->loader->arena, struct node);

    node->kind = kind;
    node->at = *at;
    node->number = ++scope->loader->number;
    node->parent = scope->parent;
    node->play = scope->play;
    node->role = scope->role;
    node->is_handler = scope->handlers;
    node->include_path_folder = scope->folder;
    return node;
}

struct node *load_wrapper_new(const struct load_scope *scope, const struct source_position *at)
{
    struct node *node = load_node_new(scope, NODE_BLOCK, at);

    node->is_implicit = true;
    return node;
}

struct node *load_meta_new(const struct load_scope *scope, const char *what)
{
    struct arena *arena = scope->loader->arena;
    struct source_position at = scope->play->at;
    struct node *node = load_node_new(scope, NODE_TASK, &at);
    struct value *args = value_map(arena), *tags = value_list(arena);

    value_map_put_string(arena, args, "_raw_params", what);
    value_list_add(arena, tags, value_string(arena, "always"));
    node->is_implicit = true;
    node->task_kind = TASK_META;
    node->action = node->action_text = "meta";
    node->args = args;
    node->keywords[KEYWORD_TAGS] = tags;
    return node;
}

/* Room doubles whenever the count reaches a power of two, so that no capacity needs to be kept. */
static void *list_room(struct arena *arena, void *items, size_t count)
{
    if (count == 0)
        return arena_alloc(arena, LIST_FIRST * sizeof(void *));
    if (count >= LIST_FIRST && (count & (count - 1)) == 0)
        return arena_grow(arena, items, count * sizeof(void *), 2 * count * sizeof(void *));
    return items;
}

void load_list_add(struct arena *arena, struct node_list *list, struct node *node)
{
    list->items = list_room(arena, list->items, list->count);
    list->items[list->count++] = node;
}

void load_list_extend(struct arena *arena, struct node_list *list, const struct node_list *more)
{
    for (size_t i = 0; i < more->count; i++)
        load_list_add(arena, list, more->items[i]);
}

void load_roles_add(struct arena *arena, struct role ***roles, size_t *count, struct role *role)
{
    *roles = list_room(arena, *roles, *count);
    (*roles)[(*count)++] = role;
}
