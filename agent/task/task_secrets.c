/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a result says about the arguments of its task, without what must not be said. Bound values are read back by
 * the same table that bound them. Short secrets (a single character, booleans) are hidden only where they stand
 * alone: hiding every "1" would make results unreadable, and hides nothing.
 */
#include "agent/task/task_secrets.h"

#include <math.h>
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"

#define MASKED_ARGUMENT "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
#define MASKED_TEXT "********"

static const struct value *given_value(const struct arg_spec *arg, const struct value *given)
{
    const struct value *value = value_map_get(given, arg->name);

    for (const char *const *alias = arg->aliases; !value && alias && *alias; alias++)
        value = value_map_get(given, *alias);
    return value;
}

static const struct value *text_or_null(struct arena *arena, const char *text)
{
    return text ? value_string(arena, text) : value_null();
}

static const struct value *bound_value(struct arena *arena, const struct arg_spec *arg, const void *bound)
{
    union {
        const char *text;
        const struct value *value;
        int64_t integer;
        double real;
        bool boolean;
        enum arg_tri tri;
    } field = { .integer = 0 };
    const char *at = (const char *)bound + arg->offset;

    switch (arg->type) {
    case ARG_STRING:
    case ARG_PATH:
    case ARG_MODE:
        memcpy(&field.text, at, sizeof field.text);
        return text_or_null(arena, field.text);
    case ARG_BOOL:
        memcpy(&field.boolean, at, sizeof field.boolean);
        return value_bool(field.boolean);
    case ARG_TRI:
        memcpy(&field.tri, at, sizeof field.tri);
        return field.tri == ARG_UNSET ? value_null() : value_bool(field.tri == ARG_TRUE);
    case ARG_INT:
        memcpy(&field.integer, at, sizeof field.integer);
        return field.integer == ARG_INT_UNSET ? value_null() : value_int(arena, field.integer);
    case ARG_REAL:
        memcpy(&field.real, at, sizeof field.real);
        return isnan(field.real) ? value_null() : value_real(arena, field.real);
    case ARG_LIST:
    case ARG_VALUES:
    case ARG_MAP:
    case ARG_RAW:
        memcpy(&field.value, at, sizeof field.value);
        return field.value ? field.value : value_null();
    }
    return value_null();
}

static const struct value *shown_value(struct arena *arena, const struct arg_spec *arg, const void *bound,
                                       const struct value *given)
{
    if (arg->no_log && given && given->kind != VALUE_NULL)
        return value_string(arena, MASKED_ARGUMENT);
    return bound ? bound_value(arena, arg, bound) : given ? given : value_null();
}

/* What was given comes first, as it was given, then what has a value anyway, then the rest: Ansible's order. */
const struct value *task_invocation(struct arena *arena, const struct task_spec *spec, const void *bound,
                                    const struct value *given)
{
    struct value *arguments = value_map(arena), *unset = value_map(arena), *invocation = value_map(arena);

    for (size_t i = 0; i < value_count(given); i++) {
        const char *name = value_text(value_pair_at(given, i)->key);
        const struct arg_spec *arg = name ? arg_find(spec, name) : NULL;

        if (arg && !arg->internal)
            value_map_put(arena, arguments, arg->name, shown_value(arena, arg, bound, given_value(arg, given)));
    }
    for (const struct arg_spec *arg = spec->args; arg && arg->name; arg++) {
        const struct value *shown = shown_value(arena, arg, bound, given_value(arg, given));

        if (!arg->internal)
            value_map_put(arena, value_is(shown, VALUE_NULL) ? unset : arguments, arg->name, shown);
    }
    for (size_t i = 0; i < value_count(unset); i++) {
        const struct value_pair *pair = value_pair_at(unset, i);
        value_map_put_value(arena, arguments, pair->key, pair->item);
    }
    value_map_put(arena, invocation, "module_args", arguments);
    return invocation;
}

/* --- hiding --- */

static void secrets_collect(struct arena *arena, struct value *secrets, const struct value *value)
{
    switch (value->kind) {
    case VALUE_STRING:
        if (value->as.string.length > 0)
            value_list_add(arena, secrets, value);
        break;
    case VALUE_INT:
    case VALUE_BIG:
    case VALUE_REAL:
        value_list_add(arena, secrets, value_string(arena, value_to_text(arena, value)));
        break;
    case VALUE_LIST:
        for (size_t i = 0; i < value_count(value); i++)
            secrets_collect(arena, secrets, value_item(value, i));
        break;
    case VALUE_MAP:
        for (size_t i = 0; i < value_count(value); i++)
            secrets_collect(arena, secrets, value_pair_at(value, i)->item);
        break;
    default:
        break;
    }
}

static const struct value *hide_in_text(struct arena *arena, const struct value *secrets, const struct value *value)
{
    const struct value *hidden = value;

    for (size_t i = 0; i < value_count(secrets); i++) {
        const struct value *secret = value_item(secrets, i);
        const char *data = hidden->as.string.data, *end = data + hidden->as.string.length, *hit;
        size_t length = secret->as.string.length;
        if (value_equal(hidden, secret))
            return value_string(arena, MASKED_ARGUMENT);
        if (length < 2 || !memmem(data, (size_t)(end - data), secret->as.string.data, length))
            continue;
        struct text out = text_new(arena);
        while ((hit = memmem(data, (size_t)(end - data), secret->as.string.data, length)) != NULL) {
            text_add_n(&out, data, (size_t)(hit - data));
            text_add(&out, MASKED_TEXT);
            data = hit + length;
        }
        text_add_n(&out, data, (size_t)(end - data));
        hidden = value_string_borrow(arena, out.data, out.length);
    }
    return hidden;
}

static const struct value *hide(struct arena *arena, const struct value *secrets, const struct value *value)
{
    if (value->kind == VALUE_STRING)
        return hide_in_text(arena, secrets, value);
    if (value->kind == VALUE_LIST) {
        struct value *list = value_list(arena);
        for (size_t i = 0; i < value_count(value); i++)
            value_list_add(arena, list, hide(arena, secrets, value_item(value, i)));
        return list;
    }
    if (value->kind == VALUE_MAP) {
        struct value *map = value_map(arena);
        for (size_t i = 0; i < value_count(value); i++) {
            const struct value_pair *pair = value_pair_at(value, i);
            value_map_put_value(arena, map, pair->key, hide(arena, secrets, pair->item));
        }
        return map;
    }
    return value;
}

const struct value *task_secrets_hide(struct arena *arena, const struct task_spec *spec, const struct value *given,
                                      const struct value *result)
{
    struct value *secrets = value_list(arena);

    for (const struct arg_spec *arg = spec->args; arg && arg->name; arg++) {
        const struct value *value = arg->no_log ? given_value(arg, given) : NULL;
        if (value)
            secrets_collect(arena, secrets, value);
    }
    return value_count(secrets) > 0 ? hide(arena, secrets, result) : result;
}
