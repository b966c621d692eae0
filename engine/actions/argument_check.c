/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One level of a specification after the other: aliases, unknown names, rules, defaults, types, choices, and then the
 * options within options. Changes only its own copies of what was given.
 */
#include "engine/actions/argument_check.h"

#include <stdlib.h>
#include <string.h>

#include "common/value/value_python.h"

const char *argument_place(const struct argument_level *level)
{
    const char *outer = level->outer == NULL ? NULL : argument_place(level->outer);

    if (level->name == NULL)
        return NULL;
    return outer == NULL ? level->name : arena_printf(level->check->arena, "%s -> %s", outer, level->name);
}

void argument_complain(const struct argument_level *level, const char *format, ...)
{
    struct text text = text_new(level->check->arena);
    va_list args;

    va_start(args, format);
    text_vprintf(&text, format, args);
    va_end(args);
    value_list_add(level->check->arena, level->check->errors, value_string(level->check->arena, text.data));
}

void argument_complain_placed(const struct argument_level *level, const char *message)
{
    const char *place = argument_place(level);

    argument_complain(level, "%s%s%s", message, place == NULL ? "" : " found in ", place == NULL ? "" : place);
}

static bool is_sub_level(const struct value *argument)
{
    const char *type = value_map_text(argument, "type");

    return text_equal(type, "dict") ||
           (text_equal(type, "list") && text_equal(value_map_text(argument, "elements"), "dict"));
}

/* The specification must have the shape of one before anything is checked against it. */
static bool spec_is_sound(struct arena *arena, const struct value *options, struct error *err)
{
    for (size_t i = 0; i < value_count(options); i++) {
        const struct value_pair *pair = value_pair_at(options, i);
        const struct value *inner = value_map_get(pair->item, "options");
        const char *name = value_to_text(arena, pair->key);

        if (!value_is(pair->item, VALUE_MAP))
            return error_set(err, "argument_spec: what is said about '%s' must be a dict, not of type %s", name,
                             value_python_type(pair->item));
        if (inner == NULL || value_is(inner, VALUE_NULL))
            continue;
        if (!value_is(inner, VALUE_MAP))
            return error_set(err, "argument_spec: the options of '%s' must be a dict, not of type %s", name,
                             value_python_type(inner));
        if (!spec_is_sound(arena, inner, err))
            return false;
    }
    return true;
}

/* A fallback names a Python function: nothing is lost where a value is given. */
static void fallbacks_refuse(const struct argument_level *level)
{
    for (size_t i = 0; i < value_count(level->options); i++) {
        const struct value_pair *pair = value_pair_at(level->options, i);
        const struct value *fallback = value_map_get(pair->item, "fallback");

        if (fallback != NULL && value_truthy(fallback) && value_map_get_value(level->given, pair->key) == NULL)
            argument_complain(level, "argument_spec: 'fallback' of '%s' names a Python function: not supported",
                              value_to_text(level->check->arena, pair->key));
    }
}

/* A value given by an alias is given by its name too. The aliases, or an empty list if the specification is wrong. */
static const struct value *aliases_apply(const struct argument_level *level)
{
    struct arena *arena = level->check->arena;
    struct value *all = value_list(arena);

    for (size_t i = 0; i < value_count(level->options); i++) {
        const struct value_pair *pair = value_pair_at(level->options, i);
        const struct value *aliases = value_map_get(pair->item, "aliases");
        const struct value *fallback = value_map_get(pair->item, "default");

        if (fallback != NULL && !value_is(fallback, VALUE_NULL) && value_map_true(pair->item, "required")) {
            argument_complain(level, "internal error: required and default are mutually exclusive for %s",
                              value_to_text(arena, pair->key));
            return value_list(arena);
        }
        if (aliases != NULL && !value_is(aliases, VALUE_NULL) && !value_is(aliases, VALUE_LIST)) {
            argument_complain(level, "internal error: aliases must be a list or tuple");
            return value_list(arena);
        }
        for (size_t j = 0; j < value_count(aliases); j++) {
            const struct value *given = value_map_get_value(level->given, value_item(aliases, j));

            value_list_add(arena, all, value_item(aliases, j));
            if (given != NULL)
                value_map_put_value(arena, level->given, pair->key, given);
        }
    }
    return all;
}

static bool list_holds(const struct value *list, const struct value *value)
{
    for (size_t i = 0; i < value_count(list); i++)
        if (value_equal(value_item(list, i), value))
            return true;
    return false;
}

static int text_order(const void *left, const void *right)
{
    const struct value *const *a = left, *const *b = right;
    const char *one = value_text(*a), *two = value_text(*b);

    return strcmp(one == NULL ? "" : one, two == NULL ? "" : two);
}

/* "a, b, c", sorted. */
static const char *names_sorted(struct arena *arena, struct value *names)
{
    struct text text = text_new(arena);

    if (value_count(names) > 0)
        qsort(names->as.list.items, value_count(names), sizeof(*names->as.list.items), text_order);
    for (size_t i = 0; i < value_count(names); i++)
        text_printf(&text, "%s%s", i == 0 ? "" : ", ", value_to_text(arena, value_item(names, i)));
    return text.data;
}

static const char *supported_text(const struct argument_level *level, const struct value *aliases)
{
    struct arena *arena = level->check->arena;
    struct value *names = value_list(arena), *others = value_list(arena);
    const char *text;

    for (size_t i = 0; i < value_count(level->options); i++)
        if (!list_holds(aliases, value_pair_at(level->options, i)->key))
            value_list_add(arena, names, value_pair_at(level->options, i)->key);
    for (size_t i = 0; i < value_count(aliases); i++)
        if (!list_holds(others, value_item(aliases, i)))
            value_list_add(arena, others, value_item(aliases, i));
    text = names_sorted(arena, names);
    return value_count(others) == 0 ? text : arena_printf(arena, "%s (%s)", text, names_sorted(arena, others));
}

/* The place as unknown names show it: "a.b." */
static const char *dotted_place(const struct argument_level *level)
{
    if (level->name == NULL)
        return "";
    return arena_printf(level->check->arena, "%s%s.", dotted_place(level->outer), level->name);
}

static void unknown_collect(const struct argument_level *level, const struct value *aliases)
{
    struct argument_check *check = level->check;

    for (size_t i = 0; i < value_count(level->given); i++) {
        const struct value *key = value_pair_at(level->given, i)->key;
        const char *name;

        if (value_map_get_value(level->options, key) != NULL || list_holds(aliases, key))
            continue;
        name = arena_printf(check->arena, "%s%s", dotted_place(level), value_to_text(check->arena, key));
        if (!list_holds(check->unknown, value_string(check->arena, name)))
            value_list_add(check->arena, check->unknown, value_string(check->arena, name));
        check->supported = supported_text(level, aliases);
    }
}

static bool nested_complain(const struct argument_level *level, const struct value *options, const struct value *given);

/* True: complained about. Text may be read as a map. */
static bool nested_one_complain(const struct argument_level *level, const struct value_pair *argument,
                                const struct value *value)
{
    struct arena *arena = level->check->arena;
    const char *why = NULL;

    if (value_is(value, VALUE_STRING)) {
        value = argument_dict(arena, value, &why);
        if (value == NULL)
            argument_complain(level, "%s", why);
    } else if (!value_is(value, VALUE_MAP)) {
        argument_complain(level, "Value '%s' in the sub parameter field '%s' must by a %s, not '%s'",
                          value_to_text(arena, value), value_to_text(arena, argument->key),
                          value_map_text(argument->item, "type"), value_python_type(value));
        value = NULL;
    }
    return value == NULL || nested_complain(level, value_map_get(argument->item, "options"), value);
}

/* Options within options can only be looked for in maps. The first thing that is none is named. */
static bool nested_complain(const struct argument_level *level, const struct value *options, const struct value *given)
{
    for (size_t i = 0; i < value_count(options); i++) {
        const struct value_pair *pair = value_pair_at(options, i);
        const struct value *value = value_map_get_value(given, pair->key);
        size_t count = value_is(value, VALUE_LIST) ? value_count(value) : 1;

        if (value == NULL || value_is(value, VALUE_NULL) || !is_sub_level(pair->item) ||
            !value_is(value_map_get(pair->item, "options"), VALUE_MAP))
            continue;
        for (size_t j = 0; j < count; j++)
            if (nested_one_complain(level, pair, value_is(value, VALUE_LIST) ? value_item(value, j) : value))
                return true;
    }
    return false;
}

/* What is not given gets its default; with `all` that may be null. */
static void defaults_put(const struct argument_level *level, bool all)
{
    for (size_t i = 0; i < value_count(level->options); i++) {
        const struct value_pair *pair = value_pair_at(level->options, i);
        const struct value *fallback = value_map_get(pair->item, "default");
        bool is_null = fallback == NULL || value_is(fallback, VALUE_NULL);

        if (value_map_get_value(level->given, pair->key) == NULL && (all || !is_null))
            value_map_put_value(level->check->arena, level->given, pair->key, is_null ? value_null() : fallback);
    }
}

static void level_check(struct argument_level *level);

static struct value *map_again(struct arena *arena, const struct value *map)
{
    struct value *copy = value_map(arena);

    for (size_t i = 0; i < value_count(map); i++)
        value_map_put_value(arena, copy, value_pair_at(map, i)->key, value_pair_at(map, i)->item);
    return copy;
}

static void sub_level_check(const struct argument_level *level, const struct value_pair *argument)
{
    struct arena *arena = level->check->arena;
    const struct value *value = value_map_get_value(level->given, argument->key);
    struct argument_level inner = { .check = level->check,
                                    .options = value_map_get(argument->item, "options"),
                                    .rules = argument->item,
                                    .outer = level,
                                    .name = value_to_text(arena, argument->key) };
    size_t count = value_is(value, VALUE_LIST) ? value_count(value) : 1;

    if (!value_is(inner.options, VALUE_MAP) || !is_sub_level(argument->item))
        return;
    if (value == NULL || value_is(value, VALUE_NULL)) {
        if (!value_map_true(argument->item, "apply_defaults"))
            return;
        value = value_map(arena);
    }
    for (size_t i = 0; i < count; i++) {
        const struct value *one = value_is(value, VALUE_LIST) ? value_item(value, i) : value;

        if (!value_is(one, VALUE_MAP)) {
            argument_complain(level, "value of '%s' must be of type dict or list of dicts", inner.name);
            continue;
        }
        inner.given = map_again(arena, one);
        level_check(&inner);
    }
}

static void level_check(struct argument_level *level)
{
    const struct value *aliases;

    fallbacks_refuse(level);
    aliases = aliases_apply(level);
    nested_complain(level, level->options, level->given);
    unknown_collect(level, aliases);
    argument_exclusive(level);
    defaults_put(level, false);
    argument_required(level);
    argument_types(level);
    argument_choices(level);
    argument_relations(level);
    defaults_put(level, true);
    for (size_t i = 0; i < value_count(level->options); i++)
        sub_level_check(level, value_pair_at(level->options, i));
}

bool argument_check(struct argument_check *check, const struct value *spec, const struct value *given,
                    struct error *err)
{
    struct argument_level level = { .check = check, .options = spec, .given = map_again(check->arena, given) };

    if (!spec_is_sound(check->arena, spec, err))
        return false;
    level_check(&level);
    if (value_count(check->unknown) > 0)
        argument_complain(&level, "%s. Supported parameters include: %s.", names_sorted(check->arena, check->unknown),
                          check->supported);
    return true;
}
