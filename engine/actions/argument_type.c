/* SPDX-License-Identifier: Apache-2.0 */
/* Types of arguments in a specification that is data: conversion by the rules that bind modules' arguments too. */
#include <string.h>

#include "common/json/json.h"
#include "common/value/value_big.h"
#include "common/value/value_python.h"
#include "engine/actions/argument_check.h"
#include "engine/template/size_text.h"

/* Text that stands in a YAML file has a class of its own in Ansible. */
const char *argument_class(struct arena *arena, const struct value *value)
{
    const char *name = value_python_type(value);

    if (value_is(value, VALUE_STRING) && value->path != NULL && strcmp(name, "str") == 0)
        name = "ansible.parsing.yaml.objects.AnsibleUnicode";
    return arena_printf(arena, "<class '%s'>", name);
}

union bound {
    bool boolean;
    int64_t integer;
    double real;
    const char *text;
    const struct value *value;
};

/* The conversion that modules' arguments get. */
static bool bind_one(struct arena *arena, enum arg_type type, const struct value *value, union bound *out)
{
    const struct arg_spec args[] = { { .name = "it", .type = type }, ARG_END };
    const struct task_spec spec = { .name = "it", .args = args, .args_size = sizeof(*out) };
    struct error ignored = ERROR_INIT;
    struct value *map = value_map(arena);

    value_map_put(arena, map, "it", value);
    return !value_is(value, VALUE_NULL) && arg_bind(arena, &spec, map, out, &ignored);
}

static const struct value *to_text(struct arena *arena, const struct value *value, const char **why)
{
    (void)why;
    return value_is(value, VALUE_STRING) ? value : value_string(arena, value_to_text(arena, value));
}

static const struct value *to_raw(struct arena *arena, const struct value *value, const char **why)
{
    (void)arena;
    (void)why;
    return value;
}

static const struct value *cannot(struct arena *arena, const struct value *value, const char *what, const char **why)
{
    *why = arena_printf(arena, "%s cannot be converted to %s", argument_class(arena, value), what);
    return NULL;
}

static const struct value *to_bool(struct arena *arena, const struct value *value, const char **why)
{
    union bound bound = { .value = NULL };

    if (bind_one(arena, ARG_BOOL, value, &bound))
        return value_bool(bound.boolean);
    if (!value_is(value, VALUE_STRING) && !value_is_integer(value) && !value_is(value, VALUE_REAL))
        return cannot(arena, value, "a bool", why);
    *why = arena_printf(arena,
                        "The value '%s' is not a valid boolean.  Valid booleans include: 'yes', 'on', '1', 'true', "
                        "'t', 'y', 1, 'no', 'off', '0', 'false', 'f', 'n', 0",
                        value_to_text(arena, value));
    return NULL;
}

static const struct value *to_int(struct arena *arena, const struct value *value, const char **why)
{
    union bound bound = { .value = NULL };

    if (value_is_integer(value) || value_is(value, VALUE_BOOL))
        return value;
    if (bind_one(arena, ARG_INT, value, &bound))
        return value_int(arena, bound.integer);
    return cannot(arena, value, "an int", why);
}

static const struct value *to_real(struct arena *arena, const struct value *value, const char **why)
{
    union bound bound = { .value = NULL };

    if (value_is(value, VALUE_BOOL))
        return value_real(arena, value->as.boolean ? 1 : 0);
    if (bind_one(arena, ARG_REAL, value, &bound))
        return value_real(arena, bound.real);
    return cannot(arena, value, "a float", why);
}

static const struct value *to_list(struct arena *arena, const struct value *value, const char **why)
{
    union bound bound = { .value = NULL };

    return bind_one(arena, ARG_VALUES, value, &bound) ? bound.value : cannot(arena, value, "a list", why);
}

const struct value *argument_dict(struct arena *arena, const struct value *value, const char **why)
{
    union bound bound = { .value = NULL };
    const char *text = value_text(value);

    if (bind_one(arena, ARG_MAP, value, &bound))
        return bound.value;
    if (text == NULL)
        return cannot(arena, value, "a dict", why);
    *why = text[0] == '{' ? "unable to evaluate string as dictionary"
                          : "dictionary requested, could not parse JSON or key=value";
    return NULL;
}

static const struct value *to_path(struct arena *arena, const struct value *value, const char **why)
{
    union bound bound = { .value = NULL };

    return bind_one(arena, ARG_PATH, value, &bound) ? value_string(arena, bound.text) : to_text(arena, value, why);
}

static const struct value *to_json(struct arena *arena, const struct value *value, const char **why)
{
    if (value_is(value, VALUE_STRING))
        return value_string(arena, text_trim(arena, value->as.string.data, value->as.string.length));
    if (value_is(value, VALUE_LIST) || value_is(value, VALUE_MAP))
        return value_string(arena, json_text(arena, value, JSON_PYTHON));
    return cannot(arena, value, "a json string", why);
}

static const struct value *to_size(struct arena *arena, const struct value *value, bool bits, const char **why)
{
    double size = 0;

    if (size_text_read(value_to_text(arena, value), NULL, bits, &size))
        return value_int(arena, (int64_t)size);
    return cannot(arena, value, bits ? "a Bit value" : "a Byte value", why);
}

static const struct value *to_bytes(struct arena *arena, const struct value *value, const char **why)
{
    return to_size(arena, value, false, why);
}

static const struct value *to_bits(struct arena *arena, const struct value *value, const char **why)
{
    return to_size(arena, value, true, why);
}

typedef const struct value *(*convert_function)(struct arena *arena, const struct value *value, const char **why);

static const struct {
    const char *name;
    convert_function convert;
} types[] = {
    { "str", to_text },  { "list", to_list },    { "dict", argument_dict }, { "bool", to_bool },
    { "int", to_int },   { "float", to_real },   { "path", to_path },       { "raw", to_raw },
    { "json", to_json }, { "jsonarg", to_json }, { "bytes", to_bytes },     { "bits", to_bits },
};

/* NULL: why says what is wrong. */
static const struct value *convert(struct arena *arena, const char *type, const struct value *value, const char **why)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i].name, type) == 0)
            return types[i].convert(arena, value, why);
    *why = arena_printf(arena, "there is no type of that name");
    return NULL;
}

static void element_complain(const struct argument_level *level, const char *name, const struct value *element,
                             const char *type, const char *why)
{
    const char *place = argument_place(level);

    argument_complain(level,
                      "Elements value for option '%s'%s%s%s is of type %s and we were unable to convert to %s: %s",
                      name, place == NULL ? "" : " found in '", place == NULL ? "" : place, place == NULL ? "" : "'",
                      argument_class(level->check->arena, element), type, why);
}

/* Elements that do not fit are left out, so that the rest can be checked. */
static const struct value *elements_convert(const struct argument_level *level, const char *name,
                                            const struct value *list, const char *type)
{
    struct arena *arena = level->check->arena;
    struct value *done = value_list(arena);

    for (size_t i = 0; i < value_count(list); i++) {
        const char *why = NULL;
        const struct value *one = convert(arena, type, value_item(list, i), &why);

        if (one == NULL)
            element_complain(level, name, value_item(list, i), type, why);
        else
            value_list_add(arena, done, one);
    }
    return done;
}

static void type_complain(const struct argument_level *level, const char *name, const struct value *value,
                          const char *type, const char *why)
{
    const char *place = argument_place(level);

    argument_complain(level, "argument '%s' is of type %s%s%s%s and we were unable to convert to %s: %s", name,
                      argument_class(level->check->arena, value), place == NULL ? "" : " found in '",
                      place == NULL ? "" : place, place == NULL ? "" : "'.", type, why);
}

static void argument_type(const struct argument_level *level, const struct value_pair *argument,
                          const struct value *value)
{
    struct arena *arena = level->check->arena;
    const char *type = value_map_text(argument->item, "type"), *elements = value_map_text(argument->item, "elements");
    const char *name = value_to_text(arena, argument->key), *why = NULL, *place = argument_place(level);
    const struct value *done = convert(arena, type == NULL ? "str" : type, value, &why);

    if (done == NULL) {
        type_complain(level, name, value, type, why);
        return;
    }
    if (elements != NULL && !text_equal(type, "list"))
        argument_complain(
            level, "Invalid type %s for option '%s'%s%s%s, elements value check is supported only with 'list' type",
            type == NULL ? "str" : type, value_to_text(arena, done), place == NULL ? "" : " found in '",
            place == NULL ? "" : place, place == NULL ? "" : "'.");
    else if (elements != NULL)
        done = elements_convert(level, name, done, elements);
    value_map_put_value(arena, level->given, argument->key, done);
}

void argument_types(const struct argument_level *level)
{
    for (size_t i = 0; i < value_count(level->options); i++) {
        const struct value_pair *argument = value_pair_at(level->options, i);
        const struct value *value = value_map_get_value(level->given, argument->key);

        if (value != NULL && !value_is(value, VALUE_NULL))
            argument_type(level, argument, value);
    }
}
