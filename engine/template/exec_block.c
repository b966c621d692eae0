/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Template inheritance: blocks, super(), self, extends.
 */
#include <string.h>

#include "engine/template/exec.h"
#include "engine/template/object.h"

static struct block_entry *find_entry(const struct eval *eval, const char *name)
{
    struct block_entry *entry = eval->blocks;

    while (entry != NULL && entry->name != name)
        entry = entry->next;
    return entry;
}

/* Definitions of a template go behind those of the templates that extend it. */
static void register_blocks(struct eval *eval, const struct template *tree)
{
    for (uint32_t i = 0; i < tree->blocks.count; i++) {
        const struct node *block = tree->blocks.items[i];
        struct block_entry *entry = find_entry(eval, block->as.block.name);
        struct block_link *link = arena_new_of(eval->arena, struct block_link), **end;

        link->block = block;
        link->tree = tree;
        if (entry == NULL) {
            entry = arena_new_of(eval->arena, struct block_entry);
            entry->name = block->as.block.name;
            entry->next = eval->blocks;
            eval->blocks = entry;
        }
        for (end = &entry->link; *end != NULL; end = &(*end)->next)
            continue;
        *end = link;
    }
}

/* --- super and self --- */

struct block_call {
    const struct block_link *link;
};

static const struct value *block_object_call(struct eval *eval, void *data, struct call_args *args)
{
    (void)args;
    return exec_super(eval, ((const struct block_call *)data)->link);
}

static const struct value *block_object_attribute(struct eval *eval, void *data, const char *name);

static const struct object_kind block_kind = { .ops = OBJECT_OPS("BlockReference"),
                                               .call = block_object_call,
                                               .attribute = block_object_attribute };

static const struct value *block_object(struct eval *eval, const struct block_link *link)
{
    struct block_call *call = arena_new_of(eval->arena, struct block_call);

    call->link = link;
    return object_new(eval, call, &block_kind);
}

static const struct value *super_object(struct eval *eval, const struct block_link *link, const char *name)
{
    if (link == NULL)
        return eval_undefined(eval, "there is no parent block called '%s'.", name);
    return block_object(eval, link);
}

/* super.super */
static const struct value *block_object_attribute(struct eval *eval, void *data, const char *name)
{
    const struct block_link *link = ((const struct block_call *)data)->link;

    return strcmp(name, "super") == 0 ? super_object(eval, link->next, link->block->as.block.name) : NULL;
}

static const struct value *self_attribute(struct eval *eval, void *data, const char *name)
{
    struct block_entry *entry = find_entry(eval, environment_name(eval->env, name, strlen(name)));

    (void)data;
    return entry == NULL ? NULL : block_object(eval, entry->link);
}

static const struct object_kind self_kind = { .ops = OBJECT_OPS("TemplateReference"), .attribute = self_attribute };

/* --- running --- */

static bool run_link(struct eval *eval, const struct block_link *link, struct output *out)
{
    struct frame frame = frame_save(eval);
    bool done;

    if (!eval_enter(eval))
        return false;
    eval->tree = link->tree;
    eval->parent_tree = NULL;
    scope_push(eval);
    scope_set(eval, eval->scope, eval->env->known.super, super_object(eval, link->next, link->block->as.block.name));
    done = exec_node(eval, link->block->as.block.body, out);
    frame_restore(eval, &frame);
    eval->calls--;
    return done;
}

const struct value *exec_super(struct eval *eval, const struct block_link *link)
{
    struct output out = { .pieces = 0 };

    return run_link(eval, link, &out) ? output_result(eval, &out) : NULL;
}

bool exec_block(struct eval *eval, const struct node *node, struct output *out)
{
    const struct block_entry *entry = find_entry(eval, node->as.block.name);
    const struct block_link own = { .block = node, .tree = eval->tree }; /* in a macro of an imported template */
    const struct block_link *link = entry == NULL ? &own : entry->link;
    struct scope *outer = eval->scope;
    bool done;

    if (link->block->as.block.required)
        return eval_fail(eval, "Required block '%s' not found", node->as.block.name) != NULL;
    if (!node->flag)
        eval->scope = eval->module; /* only scoped blocks see the variables of loops around them */
    done = run_link(eval, link, out);
    eval->scope = outer;
    return done;
}

bool exec_extends(struct eval *eval, const struct node *node, struct output *out)
{
    const struct value *name = eval_expression(eval, node->as.operand);

    (void)out;
    if (name == NULL)
        return false;
    if (eval->parent_tree != NULL)
        return eval_fail(eval, "extended multiple times") != NULL;
    if (name->kind == VALUE_UNDEFINED)
        return eval_fail_undefined(eval, name) != NULL;
    if (name->kind != VALUE_STRING)
        return eval_fail_type(eval, "the name of a template must be a string, not %s", eval_type(name)) != NULL;
    if (!template_source_load(eval, name->as.string.data, &eval->parent_tree, &eval->parent_path))
        return false;
    if (eval->parent_tree != NULL)
        return true;
    eval_fail(eval, "%s", name->as.string.data); /* Jinja2's TemplateNotFound says no more than the name */
    eval_locate(eval, node);
    return false;
}

bool exec_template(struct eval *eval, const struct template *tree, struct output *out)
{
    struct scope *scope = eval->scope;
    bool done = true;

    eval->tree = tree;
    eval->parent_tree = NULL;
    eval->module = scope;
    register_blocks(eval, tree);
    if (tree->blocks.count > 0)
        scope_set(eval, scope, eval->env->known.self, object_new(eval, NULL, &self_kind));
    done = exec_node(eval, tree->body, out);
    while (done && eval->parent_tree != NULL) {
        const struct template *parent = eval->parent_tree;

        if (!eval_enter(eval))
            return false;
        eval->base = (struct source_position){ eval->parent_path, 1, 1 };
        done = exec_template(eval, parent, out);
        eval->calls--;
        eval->parent_tree = NULL;
    }
    return done;
}
