/* SPDX-License-Identifier: Apache-2.0 */
/* Finding methods by name and calling them. */
#include "engine/template/method.h"

#include <string.h>

static const struct method *find_in(const struct method *table, const char *name)
{
    for (; table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
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
    case VALUE_BOOL:
    case VALUE_REAL:
        return set->of_number;
    default:
        return NULL;
    }
}

const struct value *method_run(struct eval *eval, const struct method *method, const struct value *self,
                               struct call_args *args)
{
    const struct value *made;

    if (!args_bind(eval, args, method->name, method->params))
        return NULL;
    made = method->run(eval, self, args);
    if (made == NULL || made->kind != VALUE_STRING)
        return made;
    for (uint32_t i = 0; i < args->count; i++)
        made = eval_taint(eval, made, args->items[i]);
    return self->kind == VALUE_STRING ? eval_taint(eval, made, self) : made;
}
