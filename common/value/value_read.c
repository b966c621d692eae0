/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading values: what is not there, or is of another kind, is NULL, 0 or false; nothing here fails.
 */
#include <math.h>
#include <string.h>

#include "common/value/value_big.h"
#include "common/value/value_internal.h"

const char *value_text(const struct value *value)
{
    return value_is(value, VALUE_STRING) ? value->as.string.data : NULL;
}

size_t value_count(const struct value *value)
{
    if (value_is(value, VALUE_LIST))
        return value->as.list.count;
    return value_is(value, VALUE_MAP) ? value->as.map.count : 0;
}

size_t value_map_count(const struct value *value)
{
    return value_is(value, VALUE_MAP) ? value->as.map.count : 0;
}

const struct value *value_item(const struct value *list, size_t index)
{
    if (!value_is(list, VALUE_LIST) || index >= list->as.list.count)
        return NULL;
    return list->as.list.items[index];
}

const struct value_pair *value_pair_at(const struct value *map, size_t index)
{
    if (!value_is(map, VALUE_MAP) || index >= map->as.map.count)
        return NULL;
    return &map->as.map.pairs[index];
}

const struct value *value_map_get_n(const struct value *map, const char *key, size_t length)
{
    int64_t position = value_is(map, VALUE_MAP) ? value_map_find_text(map, key, length) : -1;

    return position < 0 ? NULL : map->as.map.pairs[position].item;
}

const struct value *value_map_get(const struct value *map, const char *key)
{
    return value_map_get_n(map, key, strlen(key));
}

const struct value *value_map_get_value(const struct value *map, const struct value *key)
{
    int64_t position = value_is(map, VALUE_MAP) ? value_map_find(map, key) : -1;

    return position < 0 ? NULL : map->as.map.pairs[position].item;
}

const char *value_map_text(const struct value *map, const char *key)
{
    return value_text(value_map_get(map, key));
}

bool value_map_true(const struct value *map, const char *key)
{
    const struct value *item = value_map_get(map, key);

    return item != NULL && value_truthy(item);
}

int64_t value_map_int(const struct value *map, const char *key, int64_t otherwise)
{
    const struct value *item = value_map_get(map, key);

    return value_is(item, VALUE_INT) ? item->as.integer : otherwise;
}

double value_map_real(const struct value *map, const char *key)
{
    const struct value *item = value_map_get(map, key);

    if (value_is(item, VALUE_REAL))
        return item->as.real;
    if (value_is(item, VALUE_BIG))
        return value_big_real(item);
    return value_is(item, VALUE_INT) ? (double)item->as.integer : (double)NAN;
}

struct source_position value_position(const struct value *value)
{
    if (value == NULL)
        return (struct source_position){ 0 };
    return (struct source_position){ .path = value->path, .line = (int)value->line, .column = value->column };
}

const char *value_kind_text(const struct value *value)
{
    static const char *const names[] = {
        [VALUE_UNDEFINED] = "undefined", [VALUE_NULL] = "null",
        [VALUE_BOOL] = "boolean",        [VALUE_INT] = "integer",
        [VALUE_REAL] = "number",         [VALUE_STRING] = "string",
        [VALUE_LIST] = "list",           [VALUE_MAP] = "mapping",
        [VALUE_OBJECT] = "object",       [VALUE_BIG] = "number beyond 64 bits",
    };

    return value == NULL ? "nothing" : names[value->kind];
}
