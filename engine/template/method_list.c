/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Methods of list and tuple. Those that change their receiver do so in place when the evaluation owns it; a list that it does
 * not own is a copy that nobody sees again, so changing it means nothing.
 */
#include "common/value/value_python.h"
#include "engine/template/method.h"
#include "engine/template/sorting.h"

/* The list to change; a copy when it is not ours. */
static struct value *own(struct eval *eval, const struct value *self)
{
    struct value *list = eval_mutable(self);

    if (list != NULL)
        return list;
    list = eval_list(eval);
    for (size_t i = 0; i < self->as.list.count; i++)
        value_list_add(eval->arena, list, self->as.list.items[i]);
    return list;
}

static const struct value *list_append(struct eval *eval, const struct value *self, struct call_args *args)
{
    value_list_add(eval->arena, own(eval, self), args->bound[0]);
    return value_null();
}

static const struct value *list_extend(struct eval *eval, const struct value *self, struct call_args *args)
{
    const struct value *items = eval_items(eval, args->bound[0]);
    struct value *list = own(eval, self);
    size_t count = items == NULL ? 0 : items->as.list.count; /* l.extend(l) ends */

    for (size_t i = 0; i < count; i++)
        value_list_add(eval->arena, list, items->as.list.items[i]);
    return items == NULL ? NULL : value_null();
}

static const struct value *list_insert(struct eval *eval, const struct value *self, struct call_args *args)
{
    struct value *list = own(eval, self);
    int64_t at = 0, count = (int64_t)list->as.list.count;

    if (!args_int(eval, args->bound[0], 0, &at))
        return NULL;
    at = at < 0 ? at + count : at;
    at = at < 0 ? 0 : at > count ? count : at;
    value_list_insert(eval->arena, list, (size_t)at, args->bound[1]);
    return value_null();
}

static const struct value *list_pop(struct eval *eval, const struct value *self, struct call_args *args)
{
    struct value *list = own(eval, self);
    const struct value *item;
    int64_t at = -1, count = (int64_t)list->as.list.count;

    if (!args_int(eval, args->bound[0], -1, &at))
        return NULL;
    at = at < 0 ? at + count : at;
    if (count == 0)
        return eval_fail(eval, "pop from empty list");
    if (at < 0 || at >= count)
        return eval_fail(eval, "pop index out of range");
    item = list->as.list.items[at];
    value_list_remove(list, (size_t)at);
    return item;
}

/* The first equal item at or behind `from`, or -1. */
static int64_t position(const struct value *list, const struct value *wanted, size_t from, size_t to)
{
    for (size_t i = from; i < to && i < list->as.list.count; i++)
        if (value_equal(list->as.list.items[i], wanted))
            return (int64_t)i;
    return -1;
}

static const struct value *list_remove(struct eval *eval, const struct value *self, struct call_args *args)
{
    struct value *list = own(eval, self);
    int64_t at = position(list, args->bound[0], 0, list->as.list.count);

    if (at < 0)
        return eval_fail(eval, "list.remove(x): x not in list");
    value_list_remove(list, (size_t)at);
    return value_null();
}

static size_t clamp(int64_t index, size_t count)
{
    if (index < 0)
        index += (int64_t)count;
    return index < 0 ? 0 : (size_t)index > count ? count : (size_t)index;
}

static const struct value *list_index(struct eval *eval, const struct value *self, struct call_args *args)
{
    int64_t start = 0, end = 0, at;
    size_t count = self->as.list.count;
    struct text wanted;

    if (!args_int(eval, args->bound[1], 0, &start) || !args_int(eval, args->bound[2], (int64_t)count, &end))
        return NULL;
    at = position(self, args->bound[0], clamp(start, count), clamp(end, count));
    if (at >= 0)
        return eval_int(eval, at);
    if ((self->marks & VALUE_TUPLE) != 0)
        return eval_fail(eval, "tuple.index(x): x not in tuple");
    wanted = text_new(eval->arena);
    value_repr(&wanted, args->bound[0]);
    return eval_fail(eval, "%s is not in list", wanted.data);
}

static const struct value *list_count(struct eval *eval, const struct value *self, struct call_args *args)
{
    int64_t count = 0;

    for (size_t i = 0; i < self->as.list.count; i++)
        count += value_equal(self->as.list.items[i], args->bound[0]);
    return eval_int(eval, count);
}

static const struct value *list_sort(struct eval *eval, const struct value *self, struct call_args *args)
{
    struct value *list = own(eval, self);
    size_t count = list->as.list.count;
    struct sort_item *items = arena_new_array(eval->arena, struct sort_item, count + 1);

    for (size_t i = 0; i < count; i++)
        items[i] = (struct sort_item){ list->as.list.items[i], list->as.list.items[i] };
    if (!sorting_run(eval, items, count, args_true(args->bound[0], false)))
        return NULL;
    for (size_t i = 0; i < count; i++)
        list->as.list.items[i] = items[i].item;
    return value_null();
}

static const struct value *list_reverse(struct eval *eval, const struct value *self, struct call_args *args)
{
    struct value *list = own(eval, self);

    (void)args;
    for (size_t i = 0, j = list->as.list.count; i + 1 < j; i++) {
        const struct value *item = list->as.list.items[i];

        list->as.list.items[i] = list->as.list.items[--j];
        list->as.list.items[j] = item;
    }
    return value_null();
}

static const struct value *list_copy(struct eval *eval, const struct value *self, struct call_args *args)
{
    struct value *list = eval_list(eval);

    (void)args;
    for (size_t i = 0; i < self->as.list.count; i++)
        value_list_add(eval->arena, list, self->as.list.items[i]);
    return list;
}

static const struct value *list_clear(struct eval *eval, const struct value *self, struct call_args *args)
{
    (void)args;
    own(eval, self)->as.list.count = 0;
    return value_null();
}

const struct method method_of_list[] = {
    { "append", list_append, "object!", true },
    { "extend", list_extend, "iterable!", true },
    { "insert", list_insert, "index! object!", true },
    { "pop", list_pop, "index", true },
    { "remove", list_remove, "value!", true },
    { "sort", list_sort, "reverse", true },
    { "reverse", list_reverse, "", true },
    { "clear", list_clear, "", true },
    { "index", list_index, "value! start stop", false },
    { "count", list_count, "value!", false },
    { "copy", list_copy, "", false },
    { .name = NULL },
};
