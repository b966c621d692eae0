/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checking and binding of arguments, in the order in which Ansible checks them: exclusive rules, missing
 * arguments, types and choices, the other rules, unknown names. The first mistake is the one reported.
 */
#include "common/spec/arg_spec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/spec/arg_internal.h"
#include "common/value/value_python.h"

size_t arg_count(const struct task_spec *spec)
{
    size_t count = 0;

    while (spec->args != NULL && spec->args[count].name != NULL)
        count++;
    return count;
}

int arg_index(const struct task_spec *spec, const char *name)
{
    for (int i = 0; spec->args != NULL && spec->args[i].name != NULL; i++) {
        if (strcmp(spec->args[i].name, name) == 0 || text_in(name, spec->args[i].aliases))
            return i;
    }
    return -1;
}

const struct arg_spec *arg_find(const struct task_spec *spec, const char *name)
{
    int index = arg_index(spec, name);

    return index < 0 ? NULL : &spec->args[index];
}

bool arg_is_open(const struct arg_binding *binding, const struct value *value)
{
    if (!binding->is_plan || (value->marks & VALUE_STATIC) != 0)
        return false;
    if ((value->marks & VALUE_VAULT) != 0)
        return true;
    if (value->kind == VALUE_STRING)
        return value_text_is_template(value->as.string.data, value->as.string.length);
    for (size_t i = 0; i < value_count(value); i++) {
        const struct value_pair *pair = value_pair_at(value, i);

        if (arg_is_open(binding, pair != NULL ? pair->item : value_item(value, i)))
            return true;
    }
    return false;
}

/* Names the engine adds, and the free text of command-like tasks. */
static bool is_internal(const struct task_spec *spec, const char *name)
{
    return text_starts(name, "_ansible_") || (spec->free_form && strcmp(name, "_raw_params") == 0);
}

static void arg_collect(struct arg_binding *binding)
{
    binding->given = arena_new_array(binding->arena, const struct value *, arg_count(binding->spec));
    for (size_t i = 0; i < value_count(binding->args); i++) {
        const struct value_pair *pair = value_pair_at(binding->args, i);
        const char *name = value_text(pair->key);
        int index = name == NULL ? -1 : arg_index(binding->spec, name);

        /* null means: as if it had not been written */
        if (index >= 0 && pair->item->kind != VALUE_NULL)
            binding->given[index] = pair->item;
    }
    for (size_t i = 0; i < arg_count(binding->spec); i++) {
        const char *name = binding->spec->args[i].environment, *text = name == NULL ? NULL : getenv(name);

        if (binding->given[i] == NULL && text != NULL)
            binding->given[i] = value_string(binding->arena, text);
    }
}

static const char *nearest_name(const struct arg_binding *binding, const char *name)
{
    size_t count = arg_count(binding->spec), names = 0;
    const char **candidates;

    for (size_t i = 0; i < count; i++) {
        names++;
        for (const char *const *alias = binding->spec->args[i].aliases; alias != NULL && *alias != NULL; alias++)
            names++;
    }
    candidates = arena_new_array(binding->arena, const char *, names);
    names = 0;
    for (size_t i = 0; i < count; i++) {
        candidates[names++] = binding->spec->args[i].name;
        for (const char *const *alias = binding->spec->args[i].aliases; alias != NULL && *alias != NULL; alias++)
            candidates[names++] = *alias;
    }
    return text_nearest(name, candidates, names);
}

static int name_order(const void *left, const void *right)
{
    const char *const *a = left;
    const char *const *b = right;

    return strcmp(*a, *b);
}

/* "a, b (alias, alias2), c", sorted by name. */
static const char *supported_names(const struct arg_binding *binding)
{
    size_t count = arg_count(binding->spec);
    const char **names = arena_new_array(binding->arena, const char *, count);
    struct text out = text_new(binding->arena);

    for (size_t i = 0; i < count; i++) {
        const char *const *alias = binding->spec->args[i].aliases;
        struct text name = text_new(binding->arena);

        text_add(&name, binding->spec->args[i].name);
        for (size_t j = 0; alias != NULL && alias[j] != NULL; j++)
            text_printf(&name, "%s%s", j == 0 ? " (" : ", ", alias[j]);
        if (alias != NULL && alias[0] != NULL)
            text_add_char(&name, ')');
        names[i] = name.data;
    }
    if (count > 0)
        qsort(names, count, sizeof(*names), name_order);
    for (size_t i = 0; i < count; i++)
        text_printf(&out, "%s%s", i == 0 ? "" : ", ", names[i]);
    return out.data;
}

/* The first key that is not declared, or NULL. */
static const struct value *unknown_key(const struct arg_binding *binding)
{
    for (size_t i = 0; !binding->spec->any_args && i < value_count(binding->args); i++) {
        const struct value *key = value_pair_at(binding->args, i)->key;
        const char *name = value_text(key);

        if (name == NULL || (arg_index(binding->spec, name) < 0 && !is_internal(binding->spec, name)))
            return key;
    }
    return NULL;
}

static const char *unknown_hint(const struct arg_binding *binding, const char *name)
{
    const char *nearest = nearest_name(binding, name);

    return nearest == NULL ? "" : arena_printf(binding->arena, " (did you mean '%s'?)", nearest);
}

/* All undeclared names: "foo, bar". */
static const char *unknown_names(const struct arg_binding *binding)
{
    struct text names = text_new(binding->arena);

    for (size_t i = 0; i < value_count(binding->args); i++) {
        const char *name = value_to_text(binding->arena, value_pair_at(binding->args, i)->key);

        if (arg_index(binding->spec, name) < 0 && !is_internal(binding->spec, name))
            text_printf(&names, "%s%s", names.length == 0 ? "" : ", ", name);
    }
    return names.data;
}

static bool arg_check_unknown(const struct arg_binding *binding)
{
    const struct value *key = unknown_key(binding);
    struct source_position at = value_position(key);

    if (key == NULL)
        return true;
    if (binding->noun != NULL)
        error_set(binding->err, "there is no %s %s%s; there are %s", binding->noun, unknown_names(binding),
                  unknown_hint(binding, value_to_text(binding->arena, key)), supported_names(binding));
    else
        error_set(binding->err, "Unsupported parameters for (%s) module: %s%s. Supported parameters include: %s.",
                  binding->spec->name, unknown_names(binding),
                  unknown_hint(binding, value_to_text(binding->arena, key)), supported_names(binding));
    return error_locate(binding->err, &at);
}

/* Ansible's sentence, and what was written instead if something unknown was. */
static bool arg_fail_required(const struct arg_binding *binding, const char **names, size_t count)
{
    const struct value *unknown = unknown_key(binding);
    struct text list = text_new(binding->arena);

    qsort(names, count, sizeof(*names), name_order);
    for (size_t i = 0; i < count; i++)
        text_printf(&list, "%s%s", i == 0 ? "" : ", ", names[i]);
    if (unknown != NULL)
        text_printf(&list, "; unsupported: %s%s", unknown_names(binding),
                    unknown_hint(binding, value_to_text(binding->arena, unknown)));
    if (binding->noun != NULL)
        error_set(binding->err, "%s missing: %s", binding->noun, list.data);
    else
        error_set(binding->err, "%s%smissing required arguments: %s",
                  binding->spec->missing == NULL ? "" : binding->spec->missing,
                  binding->spec->missing == NULL ? "" : ": ", list.data);
    struct source_position at = value_position(unknown);
    return unknown != NULL ? error_locate(binding->err, &at) : false;
}

static bool arg_check_required(const struct arg_binding *binding)
{
    size_t count = arg_count(binding->spec), missing = 0;
    const char **names = arena_new_array(binding->arena, const char *, count);

    for (size_t i = 0; i < count; i++) {
        if (binding->spec->args[i].required && binding->given[i] == NULL)
            names[missing++] = binding->spec->args[i].name;
    }
    return missing == 0 || arg_fail_required(binding, names, missing);
}

static union arg_field arg_absent(enum arg_type type)
{
    union arg_field field = { .text = NULL };

    if (type == ARG_BOOL)
        field.boolean = false;
    else if (type == ARG_TRI)
        field.tri = ARG_UNSET;
    else if (type == ARG_INT)
        field.integer = ARG_INT_UNSET;
    else if (type == ARG_REAL)
        field.real = (double)NAN;
    return field;
}

static void arg_store(const struct arg_spec *arg, const union arg_field *field, void *target)
{
    static const size_t sizes[] = {
        [ARG_STRING] = sizeof(const char *), [ARG_PATH] = sizeof(const char *),     [ARG_BOOL] = sizeof(bool),
        [ARG_TRI] = sizeof(enum arg_tri),    [ARG_INT] = sizeof(int64_t),           [ARG_REAL] = sizeof(double),
        [ARG_LIST] = sizeof(struct value *), [ARG_VALUES] = sizeof(struct value *), [ARG_MAP] = sizeof(struct value *),
        [ARG_RAW] = sizeof(struct value *),  [ARG_MODE] = sizeof(const char *),
    };

    memcpy((char *)target + arg->offset, field, sizes[arg->type]);
}

/* Types and choices of everything that is given or has a default; `target` may be NULL. */
static bool arg_convert_all(const struct arg_binding *binding, void *target)
{
    size_t count = arg_count(binding->spec);

    for (size_t i = 0; i < count; i++) {
        const struct arg_spec *arg = &binding->spec->args[i];
        const struct value *value = binding->given[i];
        union arg_field field = arg_absent(arg->type);

        if (value == NULL && arg->default_text != NULL)
            value = value_string_borrow(binding->arena, arg->default_text, strlen(arg->default_text));
        if (value != NULL && !arg_is_open(binding, value) && !arg_convert(binding, arg, value, &field)) {
            struct source_position at = value_position(value);

            return error_locate(binding->err, &at);
        }
        if (target != NULL)
            arg_store(arg, &field, target);
    }
    return true;
}

static bool arg_run(struct arg_binding *binding, void *target)
{
    struct source_position at = value_position(binding->args);

    if (binding->args != NULL && binding->args->kind == VALUE_NULL)
        binding->args = NULL;
    if (binding->args != NULL && binding->args->kind != VALUE_MAP) {
        if (arg_is_open(binding, binding->args))
            return true;
        error_set(binding->err,
                  binding->noun != NULL ? "%s must be a mapping, but found: %s"
                                        : "the arguments of %s must be a mapping, but found: %s",
                  binding->spec->name, value_kind_text(binding->args));
        return error_locate(binding->err, &at);
    }
    arg_collect(binding);
    if (!arg_rules_exclusive(binding) || !arg_check_required(binding) || !arg_convert_all(binding, target) ||
        !arg_rules_needed(binding))
        return error_locate(binding->err, &at);
    return arg_check_unknown(binding);
}

bool arg_bind(struct arena *arena, const struct task_spec *spec, const struct value *args, void *target,
              struct error *err)
{
    struct arg_binding binding = { .arena = arena, .spec = spec, .args = args, .err = err };

    return arg_run(&binding, target);
}

bool arg_bind_plain(struct arena *arena, const struct task_spec *spec, const struct value *args, const char *noun,
                    void *target, struct error *err)
{
    struct arg_binding binding = { .arena = arena, .spec = spec, .args = args, .noun = noun, .err = err };

    return arg_run(&binding, target);
}

bool arg_check(struct arena *arena, const struct task_spec *spec, const struct value *args, struct error *err)
{
    struct arg_binding binding = { .arena = arena, .spec = spec, .args = args, .is_plan = true, .err = err };

    return arg_run(&binding, NULL);
}

const struct value *arg_mark_secrets(struct arena *arena, const struct task_spec *spec, const struct value *args)
{
    struct value *copy;

    if (!value_is(args, VALUE_MAP))
        return args;
    copy = value_map(arena);
    for (size_t i = 0; i < value_count(args); i++) {
        const struct value_pair *pair = value_pair_at(args, i);
        const char *name = value_text(pair->key);
        const struct arg_spec *arg = name == NULL ? NULL : arg_find(spec, name);
        bool is_secret = arg != NULL && arg->no_log;

        value_map_put_value(arena, copy, pair->key,
                            is_secret ? value_mark(arena, pair->item, VALUE_SECRET, 0) : pair->item);
    }
    copy->marks = args->marks;
    copy->path = args->path;
    copy->line = args->line;
    copy->column = args->column;
    return copy;
}
