/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of a play: its tree of blocks with the tasks that the chosen tags leave, and the flat list of all tasks that keeps the
 * hosts in step. Built once per play; included tasks are added while it runs.
 */
#pragma once

#include "engine/playbook/playbook.h"
#include "engine/template/template.h"

struct plan_block;
struct run_places;
struct plan_item {
    const struct node *task; /* a task, or NULL: */
    const struct plan_block *block;
};
struct plan_list {
    struct plan_item *items;
    size_t count, capacity;
};
struct plan_block {
    const struct node *node; /* NULL: tasks that stand in no block */
    struct plan_list tasks, rescue, always;
};

struct plan {
    struct arena *arena;
    const struct play *play;
    struct plan_block **blocks; /* the first one gathers facts (may be empty) */
    size_t block_count, block_capacity;
    const struct node **tasks; /* flat, in order */
    size_t task_count, task_capacity;
    size_t current; /* next task to keep in step with */
};

/* Which tasks are wanted. `call` templates tags. */
struct plan_tags {
    const char *const *only, *const *skip; /* NULL-terminated, or NULL */
    struct template_call *call;
    bool takes_all;            /* handlers are not chosen by tags */
    struct run_places *places; /* only these; NULL: all */
};

void plan_list_add(struct arena *arena, struct plan_list *list, struct plan_item item);
/* Adds `nodes` as blocks to `plan` (and their tasks to its flat list). */
bool plan_add(struct plan *plan, const struct node_list *nodes, const struct plan_tags *tags, bool force_handlers,
              struct error *err);
/* One block of filtered nodes (included tasks); NULL when no task is left. */
bool plan_block_make(struct arena *arena, const struct node_list *nodes, const struct plan_tags *tags,
                     const struct plan_block **out, struct error *err);
/* Appends the tasks of a block to the flat list at `at`, in the order tasks, rescue, always. */
void plan_insert(struct plan *plan, size_t at, const struct plan_block *block);
void plan_add_block(struct plan *plan, struct plan_block *block);
size_t plan_block_tasks(const struct plan_block *block);
bool plan_is_wanted(const struct node *task, const struct plan_tags *tags, struct arena *arena, bool *out,
                    struct error *err);
/* The tags of a task, templated and flattened: a list of strings. */
bool plan_tags_of(const struct node *task, const struct plan_tags *tags, struct arena *arena, const struct value **out,
                  struct error *err);
bool plan_is_meta(const struct node *task, const char *name);
