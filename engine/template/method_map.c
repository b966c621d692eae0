/* SPDX-License-Identifier: Apache-2.0 */
/* Methods of dict; the reading ones also of mappings that are computed on demand (hostvars, groups ...). */
#include <string.h>

#include "engine/template/method.h"

static struct value *own(struct eval *eval, const struct value *self)
{
    struct value *map = self->kind == VALUE_MAP ? eval_mutable(self) : NULL;

    if (map != NULL)
        return map;
    map = eval_map(eval);
    for (size_t i = 0; i < value_count(self); i++)
        value_map_put_value(eval->arena, map, value_pair_at(self, i)->key, value_pair_at(self, i)->item);
    return map;
}

static const struct value *item_of(struct eval *eval, const struct value *self, const struct value *key)
{
    if (self->kind == VALUE_MAP)
        return value_map_get_value(self, key);
    if (key->kind != VALUE_STRING)
        return NULL;
    return self->as.object.ops->get(self->as.object.data, eval->arena, key->as.string.data, key->as.string.length);
}

/* The keys of either sort of mapping, as a list. */
static const struct value *keys_of(struct eval *eval, const struct value *self)
{
    struct value *keys;

    if (self->kind == VALUE_OBJECT)
        return self->as.object.ops->keys == NULL ? eval_fail_type(eval, "'%s' object is not a mapping", eval_type(self))
                                                 : self->as.object.ops->keys(self->as.object.data, eval->arena);
    keys = eval_list(eval);
    for (size_t i = 0; i < self->as.map.count; i++)
        value_list_add(eval->arena, keys, self->as.map.pairs[i].key);
    return keys;
}

static const struct value *map_keys(struct eval *eval, const struct value *self, struct call_args *args)
{
    (void)args;
    return keys_of(eval, self);
}

static const struct value *map_get(struct eval *eval, const struct value *self, struct call_args *args)
{
    const struct value *found = item_of(eval, self, args->bound[0]);

    if (found != NULL)
        return found;
    return args->bound[1] != NULL ? args->bound[1] : value_null();
}

static const struct value *map_items(struct eval *eval, const struct value *self, struct call_args *args)
{
    const struct value *keys = keys_of(eval, self);
    struct value *items = eval_list(eval);

    (void)args;
    for (size_t i = 0; keys != NULL && i < keys->as.list.count; i++) {
        const struct value *item = item_of(eval, self, keys->as.list.items[i]);
        struct value *pair = eval_tuple(eval);

        if (item == NULL)
            continue;
        value_list_add(eval->arena, pair, keys->as.list.items[i]);
        value_list_add(eval->arena, pair, item);
        value_list_add(eval->arena, items, pair);
    }
    return keys == NULL ? NULL : items;
}

static const struct value *map_values(struct eval *eval, const struct value *self, struct call_args *args)
{
    const struct value *keys = keys_of(eval, self);
    struct value *values = eval_list(eval);

    (void)args;
    for (size_t i = 0; keys != NULL && i < keys->as.list.count; i++) {
        const struct value *item = item_of(eval, self, keys->as.list.items[i]);

        if (item != NULL)
            value_list_add(eval->arena, values, item);
    }
    return keys == NULL ? NULL : values;
}

/* update(mapping), update(list of pairs), update(name=value) */
static const struct value *map_update(struct eval *eval, const struct value *self, struct call_args *args)
{
    struct value *map = own(eval, self);
    const struct value *from = args->count > 0 ? args->items[0] : NULL;

    if (args->count > 1)
        return eval_fail_type(eval, "update expected at most 1 argument, got %u", args->count);
    if (from != NULL && from->kind == VALUE_UNDEFINED)
        return eval_fail_undefined(eval, from);
    for (size_t i = 0; value_is(from, VALUE_MAP) && i < from->as.map.count; i++)
        value_map_put_value(eval->arena, map, from->as.map.pairs[i].key, from->as.map.pairs[i].item);
    for (size_t i = 0; value_is(from, VALUE_LIST) && i < from->as.list.count; i++) {
        const struct value *pair = from->as.list.items[i];

        if (!value_is(pair, VALUE_LIST) || pair->as.list.count != 2)
            return eval_fail(eval, "dictionary update sequence element #%zu has length %zu; 2 is required", i,
                             value_count(pair));
        value_map_put_value(eval->arena, map, pair->as.list.items[0], pair->as.list.items[1]);
    }
    if (from != NULL && from->kind != VALUE_MAP && from->kind != VALUE_LIST)
        return eval_fail_type(eval, "'%s' object is not iterable", eval_type(from));
    for (uint32_t i = 0; i < args->named_count; i++)
        value_map_put(eval->arena, map, args->names[i], args->named[i]);
    return value_null();
}

static const struct value *map_setdefault(struct eval *eval, const struct value *self, struct call_args *args)
{
    const struct value *found = item_of(eval, self, args->bound[0]);

    if (found != NULL)
        return found;
    found = args->bound[1] != NULL ? args->bound[1] : value_null();
    value_map_put_value(eval->arena, own(eval, self), args->bound[0], found);
    return found;
}

static const struct value *map_pop(struct eval *eval, const struct value *self, struct call_args *args)
{
    const struct value *found = item_of(eval, self, args->bound[0]);

    if (found == NULL && args->bound[1] == NULL)
        return args->bound[0]->kind == VALUE_STRING ? eval_fail(eval, "'%s'", args->bound[0]->as.string.data)
                                                    : eval_fail(eval, "key not found");
    if (found == NULL)
        return args->bound[1];
    value_map_remove(eval->arena, own(eval, self), args->bound[0]);
    return found;
}

static const struct value *map_popitem(struct eval *eval, const struct value *self, struct call_args *args)
{
    struct value *pair = eval_tuple(eval);
    size_t count = value_count(self);

    (void)args;
    if (count == 0)
        return eval_fail(eval, "'popitem(): dictionary is empty'");
    value_list_add(eval->arena, pair, value_pair_at(self, count - 1)->key);
    value_list_add(eval->arena, pair, value_pair_at(self, count - 1)->item);
    value_map_remove(eval->arena, own(eval, self), pair->as.list.items[0]);
    return pair;
}

static const struct value *map_copy(struct eval *eval, const struct value *self, struct call_args *args)
{
    const struct value *keys = keys_of(eval, self);
    struct value *map = eval_map(eval);

    (void)args;
    for (size_t i = 0; keys != NULL && i < keys->as.list.count; i++) {
        const struct value *item = item_of(eval, self, keys->as.list.items[i]);

        if (item != NULL)
            value_map_put_value(eval->arena, map, keys->as.list.items[i], item);
    }
    return keys == NULL ? NULL : map;
}

static const struct value *map_clear(struct eval *eval, const struct value *self, struct call_args *args)
{
    struct value *map = own(eval, self);

    (void)args;
    while (map->as.map.count > 0)
        value_map_remove(eval->arena, map, map->as.map.pairs[map->as.map.count - 1].key);
    return value_null();
}

/* {}.fromkeys(['a', 'b'], 0) */
static const struct value *map_fromkeys(struct eval *eval, const struct value *self, struct call_args *args)
{
    const struct value *keys = eval_items(eval, args->bound[0]);
    struct value *map = eval_map(eval);

    (void)self;
    for (size_t i = 0; keys != NULL && i < keys->as.list.count; i++) {
        const struct value *key = keys->as.list.items[i];

        if (key->kind == VALUE_MAP || (key->kind == VALUE_LIST && (key->marks & VALUE_TUPLE) == 0))
            return eval_fail_type(eval, "unhashable type: '%s'", eval_type(key));
        value_map_put_value(eval->arena, map, key, args->bound[1] == NULL ? value_null() : args->bound[1]);
    }
    return keys == NULL ? NULL : map;
}

const struct method method_of_map[] = {
    { "get", map_get, "key! default", false },
    { "items", map_items, "", false },
    { "keys", map_keys, "", false },
    { "values", map_values, "", false },
    { "copy", map_copy, "", false },
    { "update", map_update, NULL, true },
    { "setdefault", map_setdefault, "key! default", true },
    { "pop", map_pop, "key! default", true },
    { "popitem", map_popitem, "", true },
    { "clear", map_clear, "", true },
    { "fromkeys", map_fromkeys, "iterable! value", false },
    { .name = NULL },
};
