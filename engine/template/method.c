/* SPDX-License-Identifier: Apache-2.0 */
/* Finding methods by name and calling them. */
#include "engine/template/method.h"

#include <string.h>

static const struct method *find_in(const struct method *table, const char *name)
{
    for (; table->name != NULL; table++)
        if (eval_name_is(table->name, name))
            return table;
    return NULL;
}

static const struct method *find_of_string(const char *name)
{
    const struct method *found = find_in(method_of_string, name);

    if (found == NULL)
        found = find_in(method_of_string_case, name);
    return found == NULL ? find_in(method_of_string_test, name) : found;
}

struct method_set method_find(const char *name)
{
    return (struct method_set){ .of_string = find_of_string(name),
                                .of_list = find_in(method_of_list, name),
                                .of_map = find_in(method_of_map, name),
                                .of_number = find_in(method_of_number, name) };
}

bool method_mutates(const struct method_set *set)
{
    return (set->of_list != NULL && set->of_list->mutates) || (set->of_map != NULL && set->of_map->mutates);
}

const struct method *method_for(const struct method_set *set, const struct value *self)
{
    switch (self->kind) {
    case VALUE_STRING:
        return set->of_string;
    case VALUE_LIST:
        if ((self->marks & VALUE_TUPLE) != 0 && set->of_list != NULL && strcmp(set->of_list->name, "index") != 0 &&
            strcmp(set->of_list->name, "count") != 0)
            return NULL;
        return set->of_list;
    case VALUE_MAP:
    case VALUE_OBJECT:
        return set->of_map;
    case VALUE_INT:
    case VALUE_BIG:
    case VALUE_BOOL:
    case VALUE_REAL:
        return set->of_number;
    default:
        return NULL;
    }
}

#define HOLDS_MAX 1000000 /* parts that are looked at */

/* Is `what` somewhere beneath `value`? What is too large to tell counts as yes. */
static bool holds(const struct value *value, const struct value *what, int *left)
{
    if (value == what || --*left < 0)
        return true;
    for (size_t i = 0; value->kind == VALUE_LIST && i < value->as.list.count; i++)
        if (holds(value->as.list.items[i], what, left))
            return true;
    for (size_t i = 0; value->kind == VALUE_MAP && i < value->as.map.count; i++)
        if (holds(value->as.map.pairs[i].item, what, left))
            return true;
    return false;
}

/* Values are trees: what holds itself could be neither printed nor compared nor stored. */
static bool stays_tree(struct eval *eval, const char *name, const struct value *self, const struct call_args *args)
{
    bool takes_parts = strcmp(name, "extend") == 0 || strcmp(name, "update") == 0;
    int left = HOLDS_MAX;

    for (uint32_t i = 0; i < args->count; i++) {
        const struct value *item = args->items[i];
        bool container = item->kind == VALUE_LIST || item->kind == VALUE_MAP;

        if (!eval_nests(eval, item))
            return false;
        if (container && !(takes_parts && item == self) && holds(item, self, &left))
            return eval_fail(eval, "a list or dict cannot hold itself") != NULL;
    }
    return true;
}

const struct value *method_run(struct eval *eval, const struct method *method, const struct value *self,
                               struct call_args *args)
{
    const struct value *made;

    if (!args_bind(eval, args, method->name, method->params))
        return NULL;
    if (method->mutates && !stays_tree(eval, method->name, self, args))
        return NULL;
    made = method->run(eval, self, args);
    if (made == NULL || made->kind != VALUE_STRING)
        return made;
    for (uint32_t i = 0; i < args->count; i++)
        made = eval_taint(eval, made, args->items[i]);
    return self->kind == VALUE_STRING ? eval_taint(eval, made, self) : made;
}
