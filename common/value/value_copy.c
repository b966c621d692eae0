/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deep copies, marks on whole trees, and Ansible's merge of two maps.
 */
#include <string.h>

#include "common/value/value_internal.h"

/* A copy of the node itself; lists and maps get arrays of their own. */
static struct value *node_copy(struct arena *arena, const struct value *value)
{
    struct value *copy = arena_new_of(arena, struct value);

    *copy = *value;
    if (value->kind == VALUE_LIST) {
        copy->as.list.capacity = value->as.list.count;
        copy->as.list.items = arena_new_array(arena, const struct value *, value->as.list.count);
        if (value->as.list.count > 0)
            memcpy(copy->as.list.items, value->as.list.items, value->as.list.count * sizeof(*value->as.list.items));
    } else if (value->kind == VALUE_MAP) {
        copy->as.map.capacity = value->as.map.count;
        copy->as.map.pairs = arena_new_array(arena, struct value_pair, value->as.map.count);
        if (value->as.map.count > 0)
            memcpy(copy->as.map.pairs, value->as.map.pairs, value->as.map.count * sizeof(*value->as.map.pairs));
    }
    return copy;
}

static const struct value *value_copy_deep(struct arena *arena, const struct value *value, int depth)
{
    struct value *copy;

    if (value == value_null() || value == value_bool(true) || value == value_bool(false))
        return value;
    if (depth > LIMIT_VALUE_DEPTH)
        return value_too_deep();
    copy = node_copy(arena, value);
    if (value->kind == VALUE_STRING || value->kind == VALUE_UNDEFINED || value->kind == VALUE_BIG)
        copy->as.string.data = arena_copy_n(arena, value->as.string.data, value->as.string.length);
    for (size_t i = 0; value->kind == VALUE_LIST && i < value->as.list.count; i++)
        copy->as.list.items[i] = value_copy_deep(arena, value->as.list.items[i], depth + 1);
    for (size_t i = 0; value->kind == VALUE_MAP && i < value->as.map.count; i++) {
        copy->as.map.pairs[i].key = value_copy_deep(arena, value->as.map.pairs[i].key, depth + 1);
        copy->as.map.pairs[i].item = value_copy_deep(arena, value->as.map.pairs[i].item, depth + 1);
    }
    if (value->kind == VALUE_MAP)
        value_map_reindex(arena, copy);
    return copy;
}

const struct value *value_copy(struct arena *arena, const struct value *value)
{
    return value == NULL ? NULL : value_copy_deep(arena, value, 0);
}

struct mark_change {
    struct arena *arena;
    unsigned add, remove;
};

static const struct value *mark_deep(const struct mark_change *change, const struct value *value, int depth);

static const struct value *mark_list(const struct mark_change *change, const struct value *list, int depth)
{
    struct value *copy = NULL;

    for (size_t i = 0; i < list->as.list.count; i++) {
        const struct value *item = mark_deep(change, list->as.list.items[i], depth + 1);

        if (item == list->as.list.items[i])
            continue;
        if (copy == NULL)
            copy = node_copy(change->arena, list);
        copy->as.list.items[i] = item;
    }
    return copy == NULL ? list : copy;
}

static const struct value *mark_map(const struct mark_change *change, const struct value *map, int depth)
{
    struct value *copy = NULL;

    for (size_t i = 0; i < map->as.map.count; i++) {
        struct value_pair pair = map->as.map.pairs[i];

        pair.key = mark_deep(change, pair.key, depth + 1);
        pair.item = mark_deep(change, pair.item, depth + 1);
        if (pair.key == map->as.map.pairs[i].key && pair.item == map->as.map.pairs[i].item)
            continue;
        if (copy == NULL)
            copy = node_copy(change->arena, map);
        copy->as.map.pairs[i] = pair;
    }
    if (copy == NULL)
        return map;
    value_map_reindex(change->arena, copy);
    return copy;
}

static const struct value *mark_deep(const struct mark_change *change, const struct value *value, int depth)
{
    unsigned marks = (value->marks | change->add) & ~change->remove;
    const struct value *marked = value;
    struct value *copy;

    if (depth > LIMIT_VALUE_DEPTH)
        return value_too_deep();
    if (value->kind == VALUE_LIST)
        marked = mark_list(change, value, depth);
    else if (value->kind == VALUE_MAP)
        marked = mark_map(change, value, depth);
    if (marked->marks == marks)
        return marked;
    copy = arena_new_of(change->arena, struct value);
    *copy = *marked;
    copy->marks = (uint8_t)marks;
    return copy;
}

const struct value *value_mark(struct arena *arena, const struct value *value, unsigned add, unsigned remove)
{
    struct mark_change change = { .arena = arena, .add = add, .remove = remove };

    return value == NULL ? NULL : mark_deep(&change, value, 0);
}

static bool has_mark_deep(const struct value *value, unsigned marks, int depth)
{
    if ((value->marks & marks) != 0)
        return true;
    for (size_t i = 0; value->kind == VALUE_LIST && depth > 0 && i < value->as.list.count; i++) {
        if (has_mark_deep(value->as.list.items[i], marks, depth - 1))
            return true;
    }
    for (size_t i = 0; value->kind == VALUE_MAP && depth > 0 && i < value->as.map.count; i++) {
        if (has_mark_deep(value->as.map.pairs[i].key, marks, depth - 1) ||
            has_mark_deep(value->as.map.pairs[i].item, marks, depth - 1))
            return true;
    }
    return false;
}

bool value_has_mark(const struct value *value, unsigned marks)
{
    return value != NULL && has_mark_deep(value, marks, LIMIT_VALUE_DEPTH);
}

struct holds_walk {
    value_test *test;
    const void *context;
    size_t left;
};

static bool holds_deep(struct holds_walk *walk, const struct value *value, int depth)
{
    bool is_found;

    if (walk->left == 0 || depth == 0)
        return false;
    walk->left--;
    is_found = walk->test(value, walk->context);
    for (size_t i = 0; !is_found && walk->left > 0 && i < value_count(value); i++)
        is_found = holds_deep(walk, value->kind == VALUE_LIST ? value_item(value, i) : value_pair_at(value, i)->item,
                              depth - 1);
    return is_found;
}

bool value_holds(const struct value *value, value_test *test, const void *context, size_t most)
{
    struct holds_walk walk = { test, context, most };

    return holds_deep(&walk, value, LIMIT_VALUE_DEPTH);
}

bool value_text_is_template(const char *data, size_t length)
{
    const char *end = data + length;

    while (data != NULL && (data = memchr(data, '{', (size_t)(end - data))) != NULL) {
        data++;
        if (data < end && (*data == '{' || *data == '%' || *data == '#'))
            return true;
    }
    return false;
}

/* Marks of a map made from two: secret if one is, trusted and static only if both are. */
static uint8_t merged_marks(const struct value *base, const struct value *over)
{
    unsigned either = (unsigned)(base->marks | over->marks) & VALUE_SECRET;
    unsigned both = (unsigned)(base->marks & over->marks) & (VALUE_TRUSTED | VALUE_STATIC);

    return (uint8_t)(either | both);
}

static const struct value *merge_deep(struct arena *arena, const struct value *base, const struct value *over,
                                      bool recursive, int depth)
{
    struct value *merged;

    if (!value_is(base, VALUE_MAP) || !value_is(over, VALUE_MAP) || depth > LIMIT_VALUE_DEPTH)
        return over;
    if (base->as.map.count == 0 || value_equal(base, over))
        return over;
    merged = node_copy(arena, base);
    merged->marks = merged_marks(base, over);
    value_map_reindex(arena, merged);
    for (uint32_t i = 0; i < over->as.map.count; i++) {
        const struct value_pair *pair = &over->as.map.pairs[i];
        const struct value *old = recursive ? value_map_get_value(base, pair->key) : NULL;
        const struct value *item = pair->item;

        if (value_is(old, VALUE_MAP) && item->kind == VALUE_MAP)
            item = merge_deep(arena, old, item, true, depth + 1);
        value_map_put_value(arena, merged, pair->key, item);
    }
    return merged;
}

const struct value *value_merge(struct arena *arena, const struct value *base, const struct value *over, bool recursive)
{
    return merge_deep(arena, base, over, recursive, 0);
}
