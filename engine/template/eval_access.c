/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes, subscripts and slices, with Jinja2's order: x.y tries methods first and then items, x['y']
 * the other way round.
 */
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_big.h"
#include "common/value/value_python.h"
#include "engine/template/eval_expression.h"
#include "engine/template/method.h"
#include "engine/template/object.h"

static const struct value *no_attribute(struct eval *eval, const struct value *target, const char *name)
{
    if (target->kind == VALUE_NULL)
        return eval_undefined(eval, "'None' has no attribute '%s'", name);
    if (target->kind == VALUE_OBJECT && eval_name_is(eval_type(target), "HostVars"))
        return eval_undefined(eval, "\"hostvars['%s']\" is undefined", name);
    if (target->kind == VALUE_OBJECT && eval_name_is(eval_type(target), "HostVarsVars"))
        return eval_undefined(eval, "'ansible.vars.hostvars.HostVarsVars object' has no attribute '%s'", name);
    return eval_undefined(eval, "'%s object' has no attribute '%s'", eval_type(target), name);
}

static const struct value *of_undefined(struct eval *eval, const struct value *target)
{
    return eval_is_strict(eval, target) ? target : eval_fail_undefined(eval, target);
}

/* .grouper and .list of what groupby makes. */
static const struct value *group_part(const struct value *tuple, const char *name, size_t length)
{
    if ((tuple->marks & VALUE_GROUP) == 0 || (tuple->marks & VALUE_TUPLE) == 0)
        return NULL;
    if (length == strlen("grouper") && memcmp(name, "grouper", length) == 0)
        return value_item(tuple, 0);
    return length == strlen("list") && memcmp(name, "list", length) == 0 ? value_item(tuple, 1) : NULL;
}

/* An item of a mapping of either sort, or NULL. */
static const struct value *mapping_get(struct eval *eval, const struct value *target, const char *name, size_t length)
{
    if (target->kind == VALUE_MAP)
        return value_map_get_n(target, name, length);
    if (target->kind == VALUE_OBJECT && object_kind(target) == NULL)
        return target->as.object.ops->get(target->as.object.data, eval->arena, name, length);
    return target->kind == VALUE_LIST ? group_part(target, name, length) : NULL;
}

/* NULL with no error: there is none. */
static const struct value *own_attribute(struct eval *eval, const struct value *target, const char *name)
{
    const struct object_kind *kind = object_kind(target);

    return kind == NULL || kind->attribute == NULL ? NULL : kind->attribute(eval, target->as.object.data, name);
}

static const struct value *attribute_of(struct eval *eval, const struct value *target, const char *name,
                                        const struct method_set *methods)
{
    const struct method *method = method_for(methods, target);
    const struct value *found = NULL;

    if (target->kind == VALUE_UNDEFINED)
        return of_undefined(eval, target);
    if (method != NULL && (target->kind != VALUE_OBJECT || object_kind(target) == NULL))
        return object_bound_method(eval, method, target);
    if (object_kind(target) != NULL)
        found = own_attribute(eval, target, name);
    else if (target->kind <= VALUE_REAL && target->kind >= VALUE_BOOL && eval_name_is(name, "real"))
        found = target;
    else
        found = mapping_get(eval, target, name, strlen(name));
    if (found == NULL && eval_name_is(name, "__class__"))
        return object_class(eval, target);
    return found == NULL ? no_attribute(eval, target, name) : eval_opened(eval, found);
}

const struct value *eval_attribute(struct eval *eval, const struct value *target, const char *name)
{
    struct method_set methods = method_find(name);

    return attribute_of(eval, target, name, &methods);
}

const struct value *eval_attribute_node(struct eval *eval, const struct node *node)
{
    const struct value *target = eval_expression(eval, node->as.attribute.target);

    if (target == NULL)
        return NULL;
    return attribute_of(eval, target, node->as.attribute.name, &node->as.attribute.methods);
}

/* --- subscripts --- */

static const struct value *no_element(struct eval *eval, const struct value *target, const struct value *index)
{
    struct text repr = text_new(eval->arena);

    if (index->kind == VALUE_STRING)
        return no_attribute(eval, target, index->as.string.data);
    value_repr(&repr, index);
    return eval_undefined(eval, "%s object has no element %s", eval_type(target), repr.data);
}

static const struct value *character_at(struct eval *eval, const struct value *string, int64_t index)
{
    const char *data = string->as.string.data;
    size_t length = string->as.string.length, from, to;
    int64_t count = (int64_t)text_utf8_count(data, length);

    index += index < 0 ? count : 0;
    if (index < 0 || index >= count)
        return NULL;
    from = text_utf8_offset(data, length, (size_t)index);
    to = from + text_utf8_offset(data + from, length - from, 1);
    return eval_taint(eval, eval_string(eval, data + from, to - from), string);
}

static const struct value *element_at(struct eval *eval, const struct value *target, int64_t index)
{
    if (target->kind == VALUE_STRING)
        return character_at(eval, target, index);
    if (target->kind != VALUE_LIST)
        return NULL;
    index += index < 0 ? (int64_t)target->as.list.count : 0;
    return index < 0 ? NULL : value_item(target, (size_t)index);
}

static const struct value *item_by_value(struct eval *eval, const struct value *target, const struct value *index)
{
    if (target->kind == VALUE_MAP)
        return value_map_get_value(target, index);
    if (index->kind == VALUE_STRING)
        return mapping_get(eval, target, index->as.string.data, index->as.string.length);
    if (index->kind == VALUE_INT)
        return element_at(eval, target, index->as.integer);
    return index->kind == VALUE_BOOL ? element_at(eval, target, index->as.boolean) : NULL;
}

const struct value *eval_item(struct eval *eval, const struct value *target, const struct value *index)
{
    const struct value *found;
    struct method_set methods;

    if (target->kind == VALUE_UNDEFINED)
        return of_undefined(eval, target);
    if (eval_is_strict(eval, index))
        return eval_fail_undefined(eval, index);
    found = item_by_value(eval, target, index);
    if (found != NULL)
        return eval_opened(eval, found);
    if (index->kind != VALUE_STRING)
        return no_element(eval, target, index);
    methods = method_find(index->as.string.data);
    return attribute_of(eval, target, index->as.string.data, &methods);
}

/* --- slices --- */

#define SLICE_FAR (INT64_MAX / 2)

struct range {
    int64_t start, stop, step;
};

static int64_t clamp(int64_t index, int64_t count, int64_t low, int64_t high)
{
    if (index < 0)
        index += count;
    return index < low ? low : index > high ? high : index;
}

/* Python's slice.indices(); NULL parts take the defaults. */
static struct range slice_range(const int64_t *parts[3], int64_t count)
{
    int64_t step = parts[2] == NULL ? 1 : *parts[2];
    int64_t low = step < 0 ? -1 : 0, high = step < 0 ? count - 1 : count;
    struct range range = { .step = step };

    range.start = parts[0] == NULL ? (step < 0 ? high : low) : clamp(*parts[0], count, low, high);
    range.stop = parts[1] == NULL ? (step < 0 ? low : high) : clamp(*parts[1], count, low, high);
    return range;
}

static bool range_goes_on(const struct range *range, int64_t at)
{
    return range->step > 0 ? at < range->stop : at > range->stop;
}

static const struct value *slice_string(struct eval *eval, const struct value *string, const int64_t *parts[3])
{
    const char *data = string->as.string.data;
    size_t length = string->as.string.length;
    struct range range = slice_range(parts, (int64_t)text_utf8_count(data, length));
    struct text out = text_new(eval->arena);

    for (int64_t i = range.start; range_goes_on(&range, i); i += range.step) {
        size_t from = text_utf8_offset(data, length, (size_t)i);

        text_add_n(&out, data + from, text_utf8_offset(data + from, length - from, 1));
    }
    return eval_taint(eval, value_string_borrow(eval->arena, out.data, out.length), string);
}

const struct value *eval_slice(struct eval *eval, const struct value *target, const int64_t *parts[3])
{
    struct value *list;
    struct range range;

    if (target->kind == VALUE_UNDEFINED)
        return of_undefined(eval, target);
    if (parts[2] != NULL && *parts[2] == 0)
        return eval_fail(eval, "slice step cannot be zero");
    if (target->kind == VALUE_STRING)
        return slice_string(eval, target, parts);
    if (target->kind != VALUE_LIST)
        return eval_fail_type(eval, "unhashable type: 'slice'");
    list = (target->marks & VALUE_TUPLE) != 0 ? eval_tuple(eval) : eval_list(eval);
    range = slice_range(parts, (int64_t)target->as.list.count);
    for (int64_t i = range.start; range_goes_on(&range, i); i += range.step)
        value_list_add(eval->arena, list, target->as.list.items[i]);
    return list;
}

static bool slice_part(struct eval *eval, const struct node *node, int64_t *storage, const int64_t **out)
{
    const struct value *value;

    if (node == NULL)
        return true;
    value = eval_expression(eval, node);
    if (value == NULL)
        return false;
    if (value->kind == VALUE_NULL)
        return true;
    *out = storage;
    if (value->kind == VALUE_BIG) { /* as far as there is anything */
        *storage = value_big_is_negative(value) ? -SLICE_FAR : SLICE_FAR;
        return true;
    }
    return args_int(eval, value, 0, storage);
}

static const struct value *slice_node(struct eval *eval, const struct value *target, const struct node *node)
{
    int64_t storage[3] = { 0, 0, 0 };
    const int64_t *parts[3] = { NULL, NULL, NULL };

    if (!slice_part(eval, node->as.slice.start, &storage[0], &parts[0]) ||
        !slice_part(eval, node->as.slice.stop, &storage[1], &parts[1]) ||
        !slice_part(eval, node->as.slice.step, &storage[2], &parts[2]))
        return NULL;
    return eval_slice(eval, target, parts);
}

const struct value *eval_item_node(struct eval *eval, const struct node *node)
{
    const struct value *target = eval_expression(eval, node->as.item.target), *index;

    if (target == NULL)
        return NULL;
    if (node->as.item.index->kind == NODE_SLICE)
        return slice_node(eval, target, node->as.item.index);
    index = eval_expression(eval, node->as.item.index);
    return index == NULL ? NULL : eval_item(eval, target, index);
}

/* --- iteration --- */

static const struct value *characters(struct eval *eval, const struct value *string)
{
    struct value *list = eval_list(eval);
    const char *data = string->as.string.data;
    size_t length = string->as.string.length, at = 0;

    while (at < length) {
        size_t from = at;

        text_utf8_next(data, length, &at);
        value_list_add(eval->arena, list, eval_taint(eval, eval_string(eval, data + from, at - from), string));
    }
    return list;
}

static const struct value *keys_of(struct eval *eval, const struct value *map)
{
    struct value *list = eval_list(eval);

    for (size_t i = 0; i < map->as.map.count; i++)
        value_list_add(eval->arena, list, map->as.map.pairs[i].key);
    return list;
}

const struct value *eval_items(struct eval *eval, const struct value *value)
{
    const struct object_kind *kind = object_kind(value);

    if (value->kind == VALUE_LIST)
        return value;
    if (value->kind == VALUE_MAP)
        return keys_of(eval, value);
    if (value->kind == VALUE_STRING)
        return characters(eval, value);
    if (value->kind == VALUE_UNDEFINED)
        return eval_is_strict(eval, value) ? eval_fail_undefined(eval, value) : eval_list(eval);
    if (kind != NULL && kind->items != NULL)
        return kind->items(eval, value->as.object.data);
    if (kind == NULL && value->kind == VALUE_OBJECT && value->as.object.ops->keys != NULL)
        return value->as.object.ops->keys(value->as.object.data, eval->arena);
    return eval_fail_type(eval, "'%s' object is not iterable", eval_type(value));
}

/* A host of no group is the localhost that no inventory names. */
static bool is_in_inventory(struct eval *eval, const struct value *hosts, const struct value *name)
{
    const struct value *host =
        hosts->as.object.ops->get(hosts->as.object.data, eval->arena, name->as.string.data, name->as.string.length);

    return value_is(host, VALUE_OBJECT) &&
           value_count(host->as.object.ops->get(host->as.object.data, eval->arena, "group_names", 11)) > 0;
}

const struct value *eval_shown_items(struct eval *eval, const struct value *value)
{
    const struct value *items = eval_items(eval, value);
    struct value *shown;

    if (items == NULL || value->kind != VALUE_OBJECT || strcmp(value->as.object.ops->type_name, "HostVars") != 0)
        return items;
    shown = eval_list(eval);
    for (size_t i = 0; i < items->as.list.count; i++)
        if (is_in_inventory(eval, value, items->as.list.items[i]))
            value_list_add(eval->arena, shown, items->as.list.items[i]);
    return shown;
}
