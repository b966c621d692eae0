/* SPDX-License-Identifier: Apache-2.0 */
/*
 * namespace(), cycler() and joiner(): the objects of Jinja2 that keep state across iterations.
 */
#include <string.h>

#include "engine/template/object.h"

/* --- namespace --- */

struct namespace
{
    struct value *map;
    bool printing; /* one that holds itself is shown once */
};

static const struct value *namespace_attribute(struct eval *eval, void *data, const char *name)
{
    (void)eval;
    return value_map_get(((struct namespace *)data)->map, name);
}

static void namespace_str(struct text *out, void *data)
{
    struct namespace *space = data;

    if (space->printing) {
        text_add(out, "<Namespace {...}>");
        return;
    }
    space->printing = true;
    text_add(out, "<Namespace ");
    object_str(out, space->map);
    text_add_char(out, '>');
    space->printing = false;
}

static const struct object_kind namespace_kind = { .ops = OBJECT_OPS("Namespace"),
                                                   .attribute = namespace_attribute,
                                                   .str = namespace_str };

static void namespace_copy(struct eval *eval, struct value *map, const struct value *from)
{
    for (size_t i = 0; i < value_count(from); i++) {
        const struct value_pair *pair = value_pair_at(from, i);

        if (pair != NULL)
            value_map_put_value(eval->arena, map, pair->key, pair->item);
    }
}

const struct value *namespace_new(struct eval *eval, struct call_args *args)
{
    struct namespace *space = arena_new_of(eval->arena, struct namespace);
    struct value *map = space->map = value_map(eval->arena);

    if (args->count > 0)
        namespace_copy(eval, map, args->items[0]);
    for (uint32_t i = 0; i < args->named_count; i++)
        value_map_put(eval->arena, map, args->names[i], args->named[i]);
    return object_new(eval, space, &namespace_kind);
}

bool namespace_assign(struct eval *eval, const struct value *value, const char *name, const struct value *item)
{
    if (object_kind(value) != &namespace_kind)
        return eval_fail(eval, "cannot assign attribute on non-namespace object") != NULL;
    if (!eval_nests(eval, item))
        return false;
    value_map_put(eval->arena, ((struct namespace *)value->as.object.data)->map, name, item);
    return true;
}

/* --- cycler --- */

struct cycler {
    const struct value **items;
    uint32_t count, position;
};

static const struct value *cycler_next(struct eval *eval, void *data, struct call_args *args)
{
    struct cycler *cycler = data;
    const struct value *current = cycler->items[cycler->position];

    (void)eval;
    (void)args;
    cycler->position = (cycler->position + 1) % cycler->count;
    return current;
}

static const struct value *cycler_reset(struct eval *eval, void *data, struct call_args *args)
{
    struct cycler *cycler = data;

    (void)eval;
    (void)args;
    cycler->position = 0;
    return value_null();
}

static const struct object_kind cycler_next_kind = { .ops = OBJECT_OPS("method"), .call = cycler_next };
static const struct object_kind cycler_reset_kind = { .ops = OBJECT_OPS("method"), .call = cycler_reset };

static const struct value *cycler_attribute(struct eval *eval, void *data, const char *name)
{
    struct cycler *cycler = data;

    if (strcmp(name, "next") == 0)
        return object_new(eval, data, &cycler_next_kind);
    if (strcmp(name, "reset") == 0)
        return object_new(eval, data, &cycler_reset_kind);
    return strcmp(name, "current") == 0 ? cycler->items[cycler->position] : NULL;
}

static const struct object_kind cycler_kind = { .ops = OBJECT_OPS("Cycler"), .attribute = cycler_attribute };

const struct value *cycler_new(struct eval *eval, struct call_args *args)
{
    struct cycler *cycler = arena_new_of(eval->arena, struct cycler);

    if (args->count == 0)
        return eval_fail(eval, "at least one item has to be provided");
    cycler->items = args->items;
    cycler->count = args->count;
    return object_new(eval, cycler, &cycler_kind);
}

/* --- joiner --- */

struct joiner {
    const struct value *separator;
    bool used;
};

static const struct value *joiner_call(struct eval *eval, void *data, struct call_args *args)
{
    struct joiner *joiner = data;
    bool used = joiner->used;

    (void)args;
    joiner->used = true;
    return used ? joiner->separator : eval_text(eval, "");
}

static const struct object_kind joiner_kind = { .ops = OBJECT_OPS("Joiner"), .call = joiner_call };

const struct value *joiner_new(struct eval *eval, struct call_args *args)
{
    struct joiner *joiner = arena_new_of(eval->arena, struct joiner);

    joiner->separator = args->bound[0] == NULL ? eval_text(eval, ", ") : args->bound[0];
    return object_new(eval, joiner, &joiner_kind);
}
