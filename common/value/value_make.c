/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making values: scalars, and lists while they are being built. Maps are in value_map.c.
 */
#include <string.h>

#include "common/value/value_internal.h"

#define LIST_FIRST 4

const struct value *value_null(void)
{
    static const struct value null = { .kind = VALUE_NULL, .marks = VALUE_STATIC };

    return &null;
}

const struct value *value_bool(bool boolean)
{
    static const struct value booleans[] = {
        { .kind = VALUE_BOOL, .marks = VALUE_STATIC, .as.boolean = false },
        { .kind = VALUE_BOOL, .marks = VALUE_STATIC, .as.boolean = true },
    };

    return &booleans[boolean];
}

const struct value *value_too_deep(void)
{
    static const struct value deep = { .kind = VALUE_STRING, .marks = VALUE_STATIC, .as.string = { "...", 3 } };

    return &deep;
}

struct value *value_new(struct arena *arena, enum value_kind kind)
{
    struct value *value = arena_new_of(arena, struct value);

    value->kind = (uint8_t)kind;
    return value;
}

struct value *value_undefined(struct arena *arena, const char *name)
{
    struct value *value = value_string(arena, name == NULL ? "" : name);

    value->kind = VALUE_UNDEFINED;
    return value;
}

struct value *value_int(struct arena *arena, int64_t integer)
{
    struct value *value = value_new(arena, VALUE_INT);

    value->marks = VALUE_STATIC;
    value->as.integer = integer;
    return value;
}

struct value *value_real(struct arena *arena, double real)
{
    struct value *value = value_new(arena, VALUE_REAL);

    value->marks = VALUE_STATIC;
    value->as.real = real;
    return value;
}

struct value *value_string_borrow(struct arena *arena, const char *data, size_t length)
{
    struct value *value = value_new(arena, VALUE_STRING);

    value->as.string.data = data;
    value->as.string.length = length;
    return value;
}

struct value *value_string_n(struct arena *arena, const char *data, size_t length)
{
    return value_string_borrow(arena, arena_copy_n(arena, data, length), length);
}

struct value *value_string(struct arena *arena, const char *string)
{
    return value_string_n(arena, string, strlen(string));
}

struct value *value_list(struct arena *arena)
{
    return value_new(arena, VALUE_LIST);
}

struct value *value_map(struct arena *arena)
{
    return value_new(arena, VALUE_MAP);
}

struct value *value_object(struct arena *arena, void *data, const struct value_object_ops *ops)
{
    struct value *value = value_new(arena, VALUE_OBJECT);

    value->as.object.data = data;
    value->as.object.ops = ops;
    return value;
}

void value_list_add(struct arena *arena, struct value *list, const struct value *item)
{
    size_t capacity = list->as.list.capacity;

    if (list->as.list.count == capacity) {
        size_t wider = capacity == 0 ? LIST_FIRST : capacity * 2;

        list->as.list.items = arena_grow(arena, list->as.list.items, capacity * sizeof(item), wider * sizeof(item));
        list->as.list.capacity = wider;
    }
    list->as.list.items[list->as.list.count++] = item;
}

void value_list_insert(struct arena *arena, struct value *list, size_t index, const struct value *item)
{
    const struct value **items;
    size_t count = list->as.list.count;

    value_list_add(arena, list, item);
    if (index >= count)
        return;
    items = list->as.list.items;
    memmove(items + index + 1, items + index, (count - index) * sizeof(*items));
    items[index] = item;
}

void value_list_remove(struct value *list, size_t index)
{
    const struct value **items = list->as.list.items;

    if (index >= list->as.list.count)
        return;
    list->as.list.count--;
    memmove(items + index, items + index + 1, (list->as.list.count - index) * sizeof(*items));
}
