/* SPDX-License-Identifier: Apache-2.0 */
/*
 * {% for %} and the special variable loop.
 */
#include <string.h>

#include "engine/template/exec.h"
#include "engine/template/object.h"

struct loop {
    const struct node *node;
    const struct value *items; /* a list */
    size_t index;              /* from 0 */
    int depth;                 /* of recursion, from 0 */
    const struct value *seen;  /* last arguments of changed() */
    struct frame frame;        /* where a recursive call runs */
};

static bool run_loop(struct eval *eval, const struct node *node, const struct value *items, int depth,
                     struct output *out);

/* --- the variable loop --- */

static const struct value *loop_cycle(struct eval *eval, void *data, struct call_args *args)
{
    const struct loop *loop = data;

    if (args->count == 0)
        return eval_fail_type(eval, "no items for cycling given");
    return args->items[loop->index % args->count];
}

static const struct value *loop_changed(struct eval *eval, void *data, struct call_args *args)
{
    struct loop *loop = data;
    struct value *now = eval_tuple(eval);
    bool changed;

    for (uint32_t i = 0; i < args->count; i++)
        value_list_add(eval->arena, now, args->items[i]);
    changed = loop->seen == NULL || !value_equal(loop->seen, now);
    loop->seen = now;
    return value_bool(changed);
}

static const struct value *loop_recurse(struct eval *eval, void *data, struct call_args *args)
{
    struct loop *loop = data;
    struct frame frame = frame_save(eval);
    struct output out = { .pieces = 0 };
    const struct value *items;
    bool done;

    if (!loop->node->flag)
        return eval_fail_type(eval, "The loop must have the 'recursive' marker to be called recursively.");
    if (args->count != 1)
        return eval_fail_type(eval, "loop() takes exactly one argument (%u given)", args->count);
    items = eval_items(eval, args->items[0]);
    if (items == NULL || !eval_enter(eval))
        return NULL;
    frame_restore(eval, &loop->frame);
    done = run_loop(eval, loop->node, items, loop->depth + 1, &out);
    frame_restore(eval, &frame);
    eval->calls--;
    return done ? output_string(eval, &out) : NULL;
}

static const struct object_kind cycle_kind = { .ops = OBJECT_OPS("method"), .call = loop_cycle };
static const struct object_kind changed_kind = { .ops = OBJECT_OPS("method"), .call = loop_changed };

static const struct value *loop_number(struct eval *eval, const struct loop *loop, const char *name)
{
    size_t count = loop->items->as.list.count;

    if (eval_name_is(name, "index"))
        return eval_int(eval, (int64_t)loop->index + 1);
    if (eval_name_is(name, "index0"))
        return eval_int(eval, (int64_t)loop->index);
    if (eval_name_is(name, "length"))
        return eval_int(eval, (int64_t)count);
    if (eval_name_is(name, "revindex"))
        return eval_int(eval, (int64_t)(count - loop->index));
    if (eval_name_is(name, "revindex0"))
        return eval_int(eval, (int64_t)(count - loop->index) - 1);
    if (eval_name_is(name, "depth"))
        return eval_int(eval, loop->depth + 1);
    return eval_name_is(name, "depth0") ? eval_int(eval, loop->depth) : NULL;
}

static const struct value *loop_attribute(struct eval *eval, void *data, const char *name)
{
    struct loop *loop = data;
    size_t count = loop->items->as.list.count;

    if (eval_name_is(name, "first"))
        return value_bool(loop->index == 0);
    if (eval_name_is(name, "last"))
        return value_bool(loop->index + 1 == count);
    if (eval_name_is(name, "previtem"))
        return loop->index > 0 ? loop->items->as.list.items[loop->index - 1]
                               : eval_undefined(eval, "there is no previous item");
    if (eval_name_is(name, "nextitem"))
        return loop->index + 1 < count ? loop->items->as.list.items[loop->index + 1]
                                       : eval_undefined(eval, "there is no next item");
    if (eval_name_is(name, "cycle"))
        return object_new(eval, loop, &cycle_kind);
    if (eval_name_is(name, "changed"))
        return object_new(eval, loop, &changed_kind);
    return loop_number(eval, loop, name);
}

static void loop_str(struct text *out, void *data)
{
    const struct loop *loop = data;

    text_printf(out, "<LoopContext %zu/%zu>", loop->index + 1, loop->items->as.list.count);
}

static const struct object_kind loop_kind = {
    .ops = OBJECT_OPS("LoopContext"), .attribute = loop_attribute, .call = loop_recurse, .str = loop_str
};

/* --- running --- */

/* The items for which the loop's "if" holds. */
static const struct value *filtered(struct eval *eval, const struct node *node, const struct value *items)
{
    struct value *kept = value_list(eval->arena);
    struct scope *outer = eval->scope;

    for (size_t i = 0; i < items->as.list.count; i++) {
        const struct value *test = NULL;
        bool truth = false;

        scope_push(eval);
        if (eval_assign(eval, node->as.loop.target, items->as.list.items[i]))
            test = eval_expression(eval, node->as.loop.test);
        eval->scope = outer;
        if (test == NULL || !eval_truth(eval, test, &truth))
            return NULL;
        if (truth)
            value_list_add(eval->arena, kept, items->as.list.items[i]);
    }
    return kept;
}

static bool run_body(struct eval *eval, const struct node *node, struct loop *loop, struct output *out)
{
    struct scope *outer = eval->scope, *scope = scope_push(eval);
    const struct value *variable = object_new(eval, loop, &loop_kind);
    bool done = true;

    for (; done && loop->index < loop->items->as.list.count; loop->index++) {
        scope->count = 0;
        scope_set(eval, scope, eval->env->known.loop, variable);
        done = eval_assign(eval, node->as.loop.target, loop->items->as.list.items[loop->index]) &&
               exec_node(eval, node->as.loop.body, out);
        if (eval->flow == FLOW_BREAK)
            break;
        eval->flow = FLOW_NORMAL;
    }
    eval->flow = FLOW_NORMAL;
    eval->scope = outer;
    return done;
}

static bool run_otherwise(struct eval *eval, const struct node *node, struct output *out)
{
    struct scope *outer = eval->scope;
    bool done;

    if (node->as.loop.otherwise == NULL)
        return true;
    scope_push(eval);
    done = exec_node(eval, node->as.loop.otherwise, out);
    eval->scope = outer;
    return done;
}

static bool run_loop(struct eval *eval, const struct node *node, const struct value *items, int depth,
                     struct output *out)
{
    struct loop *loop;

    if (node->as.loop.test != NULL)
        items = filtered(eval, node, items);
    if (items == NULL)
        return false;
    if (items->as.list.count == 0)
        return run_otherwise(eval, node, out);
    loop = arena_new_of(eval->arena, struct loop);
    loop->node = node;
    loop->items = items;
    loop->depth = depth;
    loop->frame = frame_save(eval);
    return run_body(eval, node, loop, out);
}

bool exec_for(struct eval *eval, const struct node *node, struct output *out)
{
    const struct value *items = eval_expression(eval, node->as.loop.items);

    if (items == NULL)
        return false;
    items = eval_items(eval, items);
    if (items == NULL) {
        eval_locate(eval, node->as.loop.items);
        return false;
    }
    return run_loop(eval, node, items, 0, out);
}
