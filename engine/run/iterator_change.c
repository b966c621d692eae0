/* SPDX-License-Identifier: Apache-2.0 */
/* What metas and includes do to a host's position, and questions about it. */
#include <string.h>

#include "engine/run/iterator.h"

static const struct plan_block *block_of(const struct iterator_level *level)
{
    return level->own != NULL ? level->own : level->block < level->block_count ? level->blocks[level->block] : NULL;
}

bool iterator_is_rescuing(const struct iterator_position *position)
{
    for (size_t at = 0; at < position->depth; at++) {
        const struct iterator_level *level = &position->levels[at];
        const struct plan_block *block = block_of(level);

        if (level->state == ITERATOR_TASKS && block != NULL && block->rescue.count > 0)
            return true;
    }
    return false;
}

void iterator_clear_failure(struct iterator_position *position)
{
    for (size_t at = 0; at < position->depth; at++)
        position->levels[at].failed = FAILED_NOWHERE;
}

enum iterator_state iterator_active_state(const struct iterator_position *position, unsigned *failed_out)
{
    const struct iterator_level *level;

    *failed_out = FAILED_NOWHERE;
    if (position->depth == 0)
        return ITERATOR_COMPLETE;
    level = &position->levels[0];
    if (level->state == ITERATOR_TASKS || level->state == ITERATOR_RESCUE || level->state == ITERATOR_ALWAYS)
        level = &position->levels[position->depth - 1];
    *failed_out = level->failed;
    return (enum iterator_state)level->state;
}

void iterator_end(struct iterator_position *position)
{
    if (position->depth > 0)
        position->levels[0].state = ITERATOR_COMPLETE;
}

void iterator_flush(struct iterator_position *position)
{
    if (position->depth == 0)
        return;
    position->before_flush = position->levels[0].state;
    position->levels[0].state = ITERATOR_HANDLERS;
}

static struct plan_list list_with(struct arena *arena, const struct plan_list *list, size_t at,
                                  const struct plan_block *const *blocks, size_t count)
{
    struct plan_list out = { .capacity = list->count + count };

    out.items = arena_new_array(arena, struct plan_item, out.capacity);
    for (size_t i = 0; i < at; i++)
        plan_list_add(arena, &out, list->items[i]);
    for (size_t i = 0; i < count; i++)
        plan_list_add(arena, &out, (struct plan_item){ .block = blocks[i] });
    for (size_t i = at; i < list->count; i++)
        plan_list_add(arena, &out, list->items[i]);
    return out;
}

static void insert_handlers(struct iterator_play *play, struct iterator_position *position,
                            const struct plan_block *block)
{
    size_t added = block->tasks.count, total = position->handler_count + added;
    const struct node **list = arena_new_array(play->arena, const struct node *, total + 1);
    size_t at = position->handler, next = at;

    memcpy(list, position->handlers, at * sizeof(*list));
    for (size_t i = 0; i < added; i++)
        if (block->tasks.items[i].task != NULL)
            list[next++] = block->tasks.items[i].task;
    memcpy(list + next, position->handlers + at, (position->handler_count - at) * sizeof(*list));
    position->handlers = list;
    position->handler_count = next + position->handler_count - at;
}

void iterator_insert(struct iterator_play *play, struct iterator_position *position,
                     const struct plan_block *const *blocks, size_t count)
{
    struct iterator_level *level;
    const struct plan_block *block;
    struct plan_block *own;

    if (position->depth == 0 || count == 0)
        return;
    if (position->levels[0].state == ITERATOR_HANDLERS) {
        for (size_t i = count; i > 0; i--)
            insert_handlers(play, position, blocks[i - 1]);
        return;
    }
    level = &position->levels[position->depth - 1];
    block = block_of(level);
    if (!block || (level->failed != FAILED_NOWHERE && level->state == ITERATOR_TASKS))
        return;
    own = arena_new_of(play->arena, struct plan_block);
    *own = *block;
    if (level->state == ITERATOR_TASKS)
        own->tasks = list_with(play->arena, &own->tasks, level->task, blocks, count);
    else if (level->state == ITERATOR_RESCUE)
        own->rescue = list_with(play->arena, &own->rescue, level->rescue, blocks, count);
    else if (level->state == ITERATOR_ALWAYS)
        own->always = list_with(play->arena, &own->always, level->always, blocks, count);
    else
        return;
    level->own = own;
}
