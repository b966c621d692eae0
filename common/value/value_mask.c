/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What people may see: a copy in which secrets are asterisks. Whatever holds no secret is shared, not copied.
 */
#include "common/value/value_internal.h"
#include "common/value/value_python.h"

#define MASK "********"

static const struct value *mask_deep(struct arena *arena, const struct value *value, int depth);

static const struct value *mask_list(struct arena *arena, const struct value *list, int depth)
{
    struct value *copy = value_list(arena);

    for (size_t i = 0; i < list->as.list.count; i++)
        value_list_add(arena, copy, mask_deep(arena, list->as.list.items[i], depth + 1));
    copy->marks = list->marks;
    return copy;
}

static const struct value *mask_map(struct arena *arena, const struct value *map, int depth)
{
    struct value *copy = value_map(arena);

    /* two secret keys give the same text: the map keeps the last */
    for (size_t i = 0; i < map->as.map.count; i++)
        value_map_put_value(arena, copy, mask_deep(arena, map->as.map.pairs[i].key, depth + 1),
                            mask_deep(arena, map->as.map.pairs[i].item, depth + 1));
    copy->marks = map->marks;
    return copy;
}

static const struct value *mask_deep(struct arena *arena, const struct value *value, int depth)
{
    bool shows_nothing = value->kind == VALUE_NULL || value->kind == VALUE_BOOL || value->kind == VALUE_UNDEFINED;

    if (shows_nothing)
        return value;
    if ((value->marks & VALUE_SECRET) != 0 || depth > LIMIT_VALUE_DEPTH)
        return value_string_borrow(arena, MASK, sizeof(MASK) - 1);
    if (value->kind == VALUE_LIST)
        return mask_list(arena, value, depth);
    if (value->kind == VALUE_MAP)
        return mask_map(arena, value, depth);
    return value;
}

const struct value *value_masked(struct arena *arena, const struct value *value)
{
    return value_has_mark(value, VALUE_SECRET) ? mask_deep(arena, value, 0) : value;
}
