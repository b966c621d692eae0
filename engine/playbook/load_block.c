/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of tasks and blocks.
 */
#include "common/value/value_python.h"
#include "engine/playbook/load.h"

static bool block_keywords(const struct load_scope *scope, const struct value *value, struct node *block,
                           struct error *err)
{
    for (size_t i = 0; i < value_count(value); i++) {
        const struct value_pair *pair = value_pair_at(value, i);
        enum keyword keyword;

        if (value_text(pair->key) == NULL || !keyword_find(value_text(pair->key), IN_BLOCK, &keyword))
            return load_keywords_unknown(value, i, IN_BLOCK, "Block", err);
        if (keyword == KEYWORD_BLOCK || keyword == KEYWORD_RESCUE || keyword == KEYWORD_ALWAYS)
            block->keywords[keyword] = pair->item;
        else if (!load_keyword_put(scope, block->keywords, keyword, pair->item, "Block", err))
            return false;
    }
    block->name = value_text(block->keywords[KEYWORD_NAME]);
    return true;
}

/* Handlers stand in one flat list: a block among them, or in a file that one includes, only lends its keywords, and none may stand inside it. */
static bool handler_block_check(const struct load_scope *scope, const struct source_position *at, struct error *err)
{
    const struct node *parent = scope->parent;

    if (scope->handlers && parent != NULL && parent->kind == NODE_BLOCK && !parent->is_implicit)
        return error_set_at(err, at, "Using a block as a handler is not supported.");
    return true;
}

static bool sections_check(const struct node *block, struct error *err)
{
    if (value_is(block->keywords[KEYWORD_BLOCK], VALUE_NULL))
        return error_set_at(err, &block->at, "A malformed block was encountered while loading a block");
    if (block->tasks.count > 0 || (block->rescue.count == 0 && block->always.count == 0))
        return true;
    return error_set_at(err, &block->at, "'%s' keyword cannot be used without 'block'",
                        block->rescue.count > 0 ? "rescue" : "always");
}

static bool load_block(const struct load_scope *scope, const struct value *value, struct node_list *out,
                       struct error *err)
{
    struct source_position at = value_position(value);
    struct node *block = load_node_new(scope, NODE_BLOCK, &at);
    struct load_scope inner = *scope;

    if (!handler_block_check(scope, &at, err))
        return false;
    if (scope->depth >= LIMIT_INCLUDE_DEPTH)
        return error_set_at(err, &at, "blocks are nested more than %d deep", LIMIT_INCLUDE_DEPTH);
    inner.parent = block;
    inner.depth++;
    if (!block_keywords(scope, value, block, err) ||
        !load_nodes(&inner, block->keywords[KEYWORD_BLOCK], "block", &block->tasks, err) ||
        !load_nodes(&inner, block->keywords[KEYWORD_RESCUE], "rescue", &block->rescue, err) ||
        !load_nodes(&inner, block->keywords[KEYWORD_ALWAYS], "always", &block->always, err) ||
        !sections_check(block, err))
        return false;
    if (scope->handlers)
        load_list_extend(scope->loader->arena, out, &block->tasks);
    else
        load_list_add(scope->loader->arena, out, block);
    return true;
}

bool load_apply(const struct load_scope *scope, const struct value *apply, const struct source_position *at,
                const struct node **out, struct node **block_out, struct error *err)
{
    *block_out = NULL;
    *out = scope->parent;
    if (apply == NULL || value_count(apply) == 0)
        return true;
    *block_out = load_wrapper_new(scope, at);
    *out = *block_out;
    return block_keywords(scope, apply, *block_out, err);
}

static bool is_block(const struct value *value)
{
    return value_map_get(value, "block") != NULL || value_map_get(value, "rescue") != NULL ||
           value_map_get(value, "always") != NULL;
}

/* What stands there, as Python prints it; its beginning if it is long. */
static const char *excerpt_of(struct arena *arena, const struct value *value)
{
    return arena_printf(arena, "%.200s", value_to_text(arena, value_masked(arena, value)));
}

bool load_nodes(const struct load_scope *scope, const struct value *list, const char *what, struct node_list *out,
                struct error *err)
{
    struct source_position at = value_position(list == NULL ? value_null() : list);

    if (list == NULL || value_is(list, VALUE_NULL))
        return true;
    if (!value_is(list, VALUE_LIST))
        return error_set_at(err, &at,
                            "A malformed block was encountered while loading %s: %s should be a list or None but "
                            "is <class '%s'>",
                            what, excerpt_of(scope->loader->arena, list), value_python_type(list));
    for (size_t i = 0; i < value_count(list); i++) {
        const struct value *item = value_item(list, i);
        bool loaded;

        at = value_position(item);
        if (value_is(item, VALUE_NULL))
            continue;
        if (!value_is(item, VALUE_MAP))
            return error_set_at(err, &at,
                                "A malformed block was encountered while loading %s: an entry should be a dict "
                                "but is a %s",
                                what, value_kind_text(item));
        loaded = is_block(item) ? load_block(scope, item, out, err) : load_task(scope, item, out, err);
        if (!loaded)
            return error_locate(err, &at);
    }
    return true;
}
