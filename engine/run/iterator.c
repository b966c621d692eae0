/* SPDX-License-Identifier: Apache-2.0 */
/* Moving a host through a play: the next task, level by level. */
#include "engine/run/iterator.h"

#include <string.h>

static void level_push(struct iterator_play *play, struct iterator_position *position,
                       const struct plan_block *const *blocks, size_t count, enum iterator_state state)
{
    if (position->depth == position->capacity) {
        size_t capacity = position->capacity == 0 ? 4 : position->capacity * 2;

        position->levels = arena_grow(play->arena, position->levels, position->capacity * sizeof(*position->levels),
                                      capacity * sizeof(*position->levels));
        position->capacity = capacity;
    }
    position->levels[position->depth++] =
        (struct iterator_level){ .blocks = blocks, .block_count = count, .state = (uint8_t)state };
}

void iterator_start(struct iterator_play *play, struct iterator_position *position)
{
    position->depth = 0;
    position->refresh_handlers = true;
    position->pending_setup = false;
    level_push(play, position, (const struct plan_block *const *)play->plan->blocks, play->plan->block_count,
               ITERATOR_SETUP);
}

void iterator_copy(struct iterator_play *play, struct iterator_position *dst, const struct iterator_position *src)
{
    struct iterator_level *levels = dst->levels;
    size_t capacity = dst->capacity;

    if (capacity < src->depth) {
        levels = arena_grow(play->arena, levels, capacity * sizeof(*levels), src->capacity * sizeof(*levels));
        capacity = src->capacity;
    }
    memcpy(levels, src->levels, src->depth * sizeof(*levels));
    *dst = *src;
    dst->levels = levels;
    dst->capacity = capacity;
}

static const struct plan_block *block_of(const struct iterator_level *level)
{
    return level->own != NULL ? level->own : level->blocks[level->block];
}

static void next_block(struct iterator_level *level)
{
    level->block++;
    level->own = NULL;
    level->task = level->rescue = level->always = 0;
    level->state = ITERATOR_TASKS;
    level->did_rescue = false;
}

static bool has_child(const struct iterator_position *position, size_t at)
{
    return position->depth > at + 1;
}

static bool level_has_failed(const struct iterator_position *position, size_t at)
{
    const struct iterator_level *level = &position->levels[at];
    bool child_failed = has_child(position, at) && level_has_failed(position, at + 1);

    if ((level->state == ITERATOR_RESCUE || level->state == ITERATOR_ALWAYS) && child_failed)
        return true;
    if (level->state == ITERATOR_HANDLERS && (level->failed & FAILED_HANDLERS) != 0)
        return true;
    if (level->failed != FAILED_NOWHERE) {
        if (level->state == ITERATOR_RESCUE && (level->failed & FAILED_RESCUE) == 0)
            return false;
        if (level->state == ITERATOR_ALWAYS && (level->failed & FAILED_ALWAYS) == 0)
            return false;
        return !(level->did_rescue && (level->failed & FAILED_ALWAYS) == 0);
    }
    if (level->state == ITERATOR_TASKS && child_failed)
        return block_of(level)->rescue.count == 0 || (level->failed & FAILED_RESCUE) != 0;
    return false;
}

static void level_recover(struct iterator_level *level, unsigned failure, bool can_rescue)
{
    const struct plan_block *block = block_of(level);

    level->failed = (uint8_t)(level->failed | failure);
    if (can_rescue && block->rescue.count > 0)
        level->state = ITERATOR_RESCUE;
    else if (block->always.count > 0 && failure != FAILED_ALWAYS)
        level->state = ITERATOR_ALWAYS;
    else
        level->state = ITERATOR_COMPLETE;
}

static void level_fail(struct iterator_position *position, size_t at)
{
    struct iterator_level *level = &position->levels[at];

    if (level->state == ITERATOR_HANDLERS) {
        position->depth = at + 1;
        position->refresh_handlers = true;
        level_recover(level, FAILED_HANDLERS, true);
    } else if (level->state == ITERATOR_SETUP) {
        level->failed |= FAILED_SETUP;
        level->state = ITERATOR_COMPLETE;
    } else if (level->state != ITERATOR_COMPLETE && has_child(position, at)) {
        level_fail(position, at + 1);
    } else if (level->state == ITERATOR_TASKS) {
        level_recover(level, FAILED_TASKS, true);
    } else if (level->state == ITERATOR_RESCUE) {
        level_recover(level, FAILED_RESCUE, false);
    } else if (level->state == ITERATOR_ALWAYS) {
        level_recover(level, FAILED_ALWAYS, false);
    }
}

void iterator_fail(struct iterator_position *position)
{
    if (position->depth > 0)
        level_fail(position, 0);
}

bool iterator_has_failed(const struct iterator_position *position)
{
    return position->depth > 0 && level_has_failed(position, 0);
}

static const struct node *level_next(struct iterator_play *play, struct iterator_position *position, size_t at,
                                     size_t host);

/* The next entry of one part of the block; a nested block becomes a level of its own. */
static const struct node *part_next(struct iterator_play *play, struct iterator_position *position,
                                    const struct plan_list *part, size_t *next)
{
    const struct plan_item *item = &part->items[(*next)++];

    if (item->block != NULL)
        level_push(play, position, &item->block, 1, ITERATOR_TASKS);
    return item->task;
}

/* Goes on inside a nested block. *task_out NULL: look again at this level. */
static void child_next(struct iterator_play *play, struct iterator_position *position, size_t at, size_t host,
                       const struct node **task_out)
{
    const struct node *task = level_next(play, position, at + 1, host);

    *task_out = task;
    if (level_has_failed(position, at + 1)) {
        position->depth = at + 1;
        level_fail(position, at);
    } else if (task == NULL || position->levels[at + 1].state == ITERATOR_COMPLETE) {
        position->depth = at + 1;
        *task_out = NULL;
    }
}

static const struct node *setup_next(struct iterator_play *play, struct iterator_position *position, size_t host)
{
    struct iterator_level *level = &position->levels[0];

    if (!position->pending_setup) {
        position->pending_setup = true;
        if (level->blocks[0]->tasks.count > 0 && play->gathers(play->context, host))
            return level->blocks[0]->tasks.items[0].task;
        return NULL;
    }
    position->pending_setup = false;
    level->state = ITERATOR_TASKS;
    if (!position->started_at_task)
        next_block(level);
    return NULL;
}

static const struct node *tasks_next(struct iterator_play *play, struct iterator_position *position, size_t at)
{
    struct iterator_level *level = &position->levels[at];
    const struct plan_list *part = &block_of(level)->tasks;

    if (level_has_failed(position, at))
        level->state = ITERATOR_RESCUE;
    else if (level->task >= part->count)
        level->state = ITERATOR_ALWAYS;
    else {
        size_t next = level->task++;

        return part_next(play, position, part, &next);
    }
    return NULL;
}

static const struct node *rescue_next(struct iterator_play *play, struct iterator_position *position, size_t at)
{
    struct iterator_level *level = &position->levels[at];
    const struct plan_list *part = &block_of(level)->rescue;

    if ((level->failed & FAILED_RESCUE) != 0) {
        level->state = ITERATOR_ALWAYS;
    } else if (level->rescue >= part->count) {
        if (part->count > 0)
            level->failed = FAILED_NOWHERE;
        level->state = ITERATOR_ALWAYS;
        level->did_rescue = true;
    } else {
        size_t next = level->rescue++;

        return part_next(play, position, part, &next);
    }
    return NULL;
}

static const struct node *always_next(struct iterator_play *play, struct iterator_position *position, size_t at)
{
    struct iterator_level *level = &position->levels[at];
    const struct plan_list *part = &block_of(level)->always;
    size_t next = level->always;

    if (next < part->count) {
        level->always++;
        return part_next(play, position, part, &next);
    }
    if (level->failed != FAILED_NOWHERE)
        level->state = ITERATOR_COMPLETE;
    else
        next_block(level);
    return NULL;
}

static const struct node *handlers_next(struct iterator_play *play, struct iterator_position *position, size_t host)
{
    struct iterator_level *level = &position->levels[0];

    if (position->refresh_handlers) {
        position->handlers = arena_new_array(play->arena, const struct node *, play->handler_count + 1);
        memcpy(position->handlers, play->handlers, play->handler_count * sizeof(*play->handlers));
        position->handler_count = play->handler_count;
        position->handler = 0;
        position->refresh_handlers = false;
    }
    if ((level->failed & FAILED_HANDLERS) != 0) {
        position->refresh_handlers = true;
        level->state = ITERATOR_COMPLETE;
        return NULL;
    }
    while (position->handler < position->handler_count) {
        const struct node *handler = position->handlers[position->handler++];

        if (play->is_notified(play->context, host, handler))
            return handler;
    }
    level->state = position->before_flush;
    position->refresh_handlers = true;
    return NULL;
}

static const struct node *level_step(struct iterator_play *play, struct iterator_position *position, size_t at,
                                     size_t host)
{
    const struct node *task = NULL;
    enum iterator_state state = (enum iterator_state)position->levels[at].state;

    if (state == ITERATOR_SETUP)
        return setup_next(play, position, host);
    if (state == ITERATOR_HANDLERS)
        return handlers_next(play, position, host);
    if (has_child(position, at)) {
        child_next(play, position, at, host, &task);
        return task;
    }
    return state == ITERATOR_TASKS    ? tasks_next(play, position, at)
           : state == ITERATOR_RESCUE ? rescue_next(play, position, at)
                                      : always_next(play, position, at);
}

static const struct node *level_next(struct iterator_play *play, struct iterator_position *position, size_t at,
                                     size_t host)
{
    for (;;) {
        struct iterator_level *level = &position->levels[at];
        const struct node *task;

        if (level->state == ITERATOR_COMPLETE)
            return NULL;
        if (level->block >= level->block_count) {
            level->state = ITERATOR_COMPLETE;
            return NULL;
        }
        task = level_step(play, position, at, host);
        if (task != NULL)
            return task;
    }
}

const struct node *iterator_next(struct iterator_play *play, struct iterator_position *position, size_t host)
{
    return position->depth == 0 ? NULL : level_next(play, position, 0, host);
}
