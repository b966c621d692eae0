/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building the steps of a play: a mirror of the node tree that holds only the tasks the tags leave; empty blocks vanish. With
 * forced handlers each of the play's three sections becomes a block that flushes handlers in its `always` part.
 */
#include "engine/run/plan.h"

#include <string.h>

void plan_list_add(struct arena *arena, struct plan_list *list, struct plan_item item)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;

        list->items =
            arena_grow(arena, list->items, list->capacity * sizeof(*list->items), capacity * sizeof(*list->items));
        list->capacity = capacity;
    }
    list->items[list->count++] = item;
}

bool plan_is_meta(const struct node *task, const char *name)
{
    const char *text =
        task->kind == NODE_TASK && task->task_kind == TASK_META ? value_map_text(task->args, "_raw_params") : NULL;

    return text != NULL && strcmp(text, name) == 0;
}

static size_t list_tasks(const struct plan_list *list)
{
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++)
        count += list->items[i].block == NULL ? 1 : plan_block_tasks(list->items[i].block);
    return count;
}

size_t plan_block_tasks(const struct plan_block *block)
{
    return list_tasks(&block->tasks) + list_tasks(&block->rescue) + list_tasks(&block->always);
}

static bool list_filter(struct arena *arena, const struct node_list *nodes, const struct plan_tags *tags,
                        struct plan_list *out, struct error *err);

static bool block_filter(struct arena *arena, const struct node *node, const struct plan_tags *tags,
                         struct plan_block *out, struct error *err)
{
    out->node = node;
    return list_filter(arena, &node->tasks, tags, &out->tasks, err) &&
           list_filter(arena, &node->rescue, tags, &out->rescue, err) &&
           list_filter(arena, &node->always, tags, &out->always, err);
}

static bool node_filter(struct arena *arena, const struct node *node, const struct plan_tags *tags,
                        struct plan_list *out, struct error *err)
{
    struct plan_block *block;
    bool wanted = false;

    if (node->kind == NODE_BLOCK) {
        block = arena_new_of(arena, struct plan_block);
        if (!block_filter(arena, node, tags, block, err))
            return false;
        if (plan_block_tasks(block) > 0)
            plan_list_add(arena, out, (struct plan_item){ .block = block });
        return true;
    }
    if (!plan_is_wanted(node, tags, arena, &wanted, err))
        return false;
    if (wanted)
        plan_list_add(arena, out, (struct plan_item){ .task = node });
    return true;
}

static bool list_filter(struct arena *arena, const struct node_list *nodes, const struct plan_tags *tags,
                        struct plan_list *out, struct error *err)
{
    for (size_t i = 0; i < nodes->count; i++)
        if (!node_filter(arena, nodes->items[i], tags, out, err))
            return false;
    return true;
}

bool plan_block_make(struct arena *arena, const struct node_list *nodes, const struct plan_tags *tags,
                     const struct plan_block **out, struct error *err)
{
    struct plan_block *block = arena_new_of(arena, struct plan_block);

    if (!list_filter(arena, nodes, tags, &block->tasks, err))
        return false;
    *out = plan_block_tasks(block) > 0 ? block : NULL;
    return true;
}

static void insert_list(const struct node **into, size_t *at, const struct plan_list *list);

static void insert_block(const struct node **into, size_t *at, const struct plan_block *block)
{
    insert_list(into, at, &block->tasks);
    insert_list(into, at, &block->rescue);
    insert_list(into, at, &block->always);
}

static void insert_list(const struct node **into, size_t *at, const struct plan_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].block != NULL)
            insert_block(into, at, list->items[i].block);
        else
            into[(*at)++] = list->items[i].task;
    }
}

void plan_insert(struct plan *plan, size_t at, const struct plan_block *block)
{
    size_t added = plan_block_tasks(block), needed = plan->task_count + added;

    if (needed > plan->task_capacity) {
        size_t capacity = plan->task_capacity == 0 ? 64 : plan->task_capacity;

        while (capacity < needed)
            capacity *= 2;
        plan->tasks = arena_grow(plan->arena, plan->tasks, plan->task_capacity * sizeof(*plan->tasks),
                                 capacity * sizeof(*plan->tasks));
        plan->task_capacity = capacity;
    }
    memmove(plan->tasks + at + added, plan->tasks + at, (plan->task_count - at) * sizeof(*plan->tasks));
    insert_block(plan->tasks, &at, block);
    plan->task_count = needed;
}

void plan_add_block(struct plan *plan, struct plan_block *block)
{
    if (plan->block_count == plan->block_capacity) {
        size_t capacity = plan->block_capacity == 0 ? 16 : plan->block_capacity * 2;

        plan->blocks = arena_grow(plan->arena, plan->blocks, plan->block_capacity * sizeof(*plan->blocks),
                                  capacity * sizeof(*plan->blocks));
        plan->block_capacity = capacity;
    }
    plan->blocks[plan->block_count++] = block;
    plan_insert(plan, plan->task_count, block);
}

/* Tasks that stand in no block of the user's share one, as long as they follow each other. */
static void into_blocks(struct arena *arena, const struct plan_list *items, struct plan_list *out)
{
    struct plan_block *loose = NULL;

    for (size_t i = 0; i < items->count; i++) {
        const struct plan_item *item = &items->items[i];

        if (item->block != NULL) {
            loose = NULL;
            plan_list_add(arena, out, *item);
            continue;
        }
        if (loose == NULL) {
            loose = arena_new_of(arena, struct plan_block);
            plan_list_add(arena, out, (struct plan_item){ .block = loose });
        }
        plan_list_add(arena, &loose->tasks, *item);
    }
}

static void add_items(struct plan *plan, const struct plan_list *items)
{
    struct plan_list blocks = { 0 };

    into_blocks(plan->arena, items, &blocks);
    for (size_t i = 0; i < blocks.count; i++) {
        struct plan_block *copy = arena_new_of(plan->arena, struct plan_block);

        *copy = *blocks.items[i].block;
        plan_add_block(plan, copy);
    }
}

static void add_section(struct plan *plan, const struct plan_list *items, const struct plan_item *flush)
{
    struct plan_block *section = arena_new_of(plan->arena, struct plan_block);

    into_blocks(plan->arena, items, &section->tasks);
    if (flush != NULL) {
        struct plan_block *last = arena_new_of(plan->arena, struct plan_block);

        plan_list_add(plan->arena, &last->tasks, *flush);
        plan_list_add(plan->arena, &section->always, (struct plan_item){ .block = last });
    }
    plan_add_block(plan, section);
}

/* Sections end at the implicit flushes of the play. Tasks and flush are in blocks of their own within, as in Ansible: a host
 * whose task has failed is not yet in the section's `always`, where any_errors_fatal would spare it, nor is one at the flush. */
static void add_forced(struct plan *plan, const struct plan_list *items)
{
    struct plan_list section = { 0 };

    for (size_t i = 0; i < items->count; i++) {
        const struct plan_item *item = &items->items[i];

        if (item->task == NULL || !item->task->is_implicit || !plan_is_meta(item->task, "flush_handlers")) {
            plan_list_add(plan->arena, &section, *item);
            continue;
        }
        add_section(plan, &section, item);
        section = (struct plan_list){ 0 };
    }
    if (section.count > 0)
        add_section(plan, &section, NULL);
}

bool plan_add(struct plan *plan, const struct node_list *nodes, const struct plan_tags *tags, bool force_handlers,
              struct error *err)
{
    struct plan_list items = { 0 };

    if (!list_filter(plan->arena, nodes, tags, &items, err))
        return false;
    if (force_handlers)
        add_forced(plan, &items);
    else
        add_items(plan, &items);
    return true;
}
