/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where each host is in a play. A position is a stack of levels: the play's list of blocks, then one level per block that the host is
 * inside of. Each level is in one of six states; failing moves a level to its rescue part, its always part or its end.
 * The rules are those of ansible-core 2.14's play iterator, observed, so that blocks, rescues and handlers nest alike.
 */
#pragma once

#include <stdint.h>

#include "engine/run/plan.h"

enum iterator_state {
    ITERATOR_SETUP,
    ITERATOR_TASKS,
    ITERATOR_RESCUE,
    ITERATOR_ALWAYS,
    ITERATOR_HANDLERS,
    ITERATOR_COMPLETE
};
enum iterator_failure {
    FAILED_NOWHERE = 0,
    FAILED_SETUP = 1,
    FAILED_TASKS = 2,
    FAILED_RESCUE = 4,
    FAILED_ALWAYS = 8,
    FAILED_HANDLERS = 16,
};

struct iterator_level {
    const struct plan_block *const *blocks;
    size_t block_count, block;    /* which block it is in */
    const struct plan_block *own; /* this host's version of that block (included tasks inside), or NULL */
    size_t task, rescue, always;  /* next entry of each part */
    uint8_t state, failed;
    bool did_rescue;
};

struct iterator_position {
    struct iterator_level *levels;
    size_t depth, capacity;
    const struct node **handlers; /* this flush's list; included handlers are inserted */
    size_t handler_count, handler;
    uint8_t before_flush; /* state to return to */
    bool refresh_handlers, pending_setup, started_at_task;
};

/* What the iterator needs to know of its play. */
struct iterator_play {
    struct arena *arena;
    const struct plan *plan;
    const struct node *const *handlers;
    size_t handler_count;
    void *context;
    bool (*gathers)(void *context, size_t host);
    bool (*is_notified)(void *context, size_t host, const struct node *handler);
};

void iterator_start(struct iterator_play *play, struct iterator_position *position);
/* Moves to the next task; NULL: none, the host is done. */
const struct node *iterator_next(struct iterator_play *play, struct iterator_position *position, size_t host);
/* dst becomes a copy of src; its memory is reused. */
void iterator_copy(struct iterator_play *play, struct iterator_position *dst, const struct iterator_position *src);
void iterator_fail(struct iterator_position *position);
bool iterator_has_failed(const struct iterator_position *position);
bool iterator_is_rescuing(const struct iterator_position *position); /* a block around the host has a rescue part */
void iterator_clear_failure(struct iterator_position *position);
enum iterator_state iterator_active_state(const struct iterator_position *position, unsigned *failed_out);
static inline enum iterator_state iterator_state_of(const struct iterator_position *position)
{
    return position->depth == 0 ? ITERATOR_COMPLETE : (enum iterator_state)position->levels[0].state;
}
void iterator_end(struct iterator_position *position);   /* end_host, end_play */
void iterator_flush(struct iterator_position *position); /* run handlers next */
/* Included blocks come next for this host. */
void iterator_insert(struct iterator_play *play, struct iterator_position *position,
                     const struct plan_block *const *blocks, size_t count);
