/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules between arguments: exclusive, together, one of, required if and required by. A templated value
 * counts as given at plan time, unless that could make a rule fail that holds later.
 */
#include <string.h>

#include "common/base/text.h"
#include "common/spec/arg_internal.h"
#include "common/value/value_python.h"

static const struct value *given(const struct arg_binding *binding, const char *name)
{
    int index = arg_index(binding->spec, name);

    return index < 0 ? NULL : binding->given[index];
}

/* A templated value may turn out to be `omit`. */
static bool is_surely_given(const struct arg_binding *binding, const char *name)
{
    const struct value *value = given(binding, name);

    return value != NULL && !arg_is_open(binding, value);
}

/* As `given`, but a declared default counts too. */
static bool has_value(const struct arg_binding *binding, const char *name)
{
    int index = arg_index(binding->spec, name);

    return index >= 0 && (binding->given[index] != NULL || binding->spec->args[index].default_text != NULL);
}

static const char *join_names(struct arena *arena, const char *const *names, const char *between)
{
    struct text out = text_new(arena);

    for (size_t i = 0; names[i] != NULL; i++)
        text_printf(&out, "%s%s", i == 0 ? "" : between, names[i]);
    return out.data;
}

/* Those of the rule's names that have no value. */
static const char *missing_names(const struct arg_binding *binding, const struct arg_rule *rule, size_t *count_out)
{
    struct text out = text_new(binding->arena);

    *count_out = 0;
    for (size_t i = 0; rule->names[i] != NULL; i++) {
        if (has_value(binding, rule->names[i]))
            continue;
        text_printf(&out, "%s%s", *count_out == 0 ? "" : ", ", rule->names[i]);
        ++*count_out;
    }
    return out.data;
}

bool arg_rules_exclusive(const struct arg_binding *binding)
{
    const struct arg_rule *rule = binding->spec->rules;

    for (; rule != NULL && rule->kind != ARG_RULE_END; rule++) {
        size_t count = 0;

        if (rule->kind != ARG_RULE_EXCLUSIVE)
            continue;
        for (size_t i = 0; rule->names[i] != NULL; i++)
            count += is_surely_given(binding, rule->names[i]);
        if (count > 1)
            return error_set(binding->err, "parameters are mutually exclusive: %s",
                             join_names(binding->arena, rule->names, "|"));
    }
    return true;
}

static bool check_together(const struct arg_binding *binding, const struct arg_rule *rule)
{
    size_t missing = 0, sure = 0;

    missing_names(binding, rule, &missing);
    for (size_t i = 0; rule->names[i] != NULL; i++)
        sure += is_surely_given(binding, rule->names[i]);
    if (missing == 0 || sure == 0)
        return true;
    return error_set(binding->err, "parameters are required together: %s",
                     join_names(binding->arena, rule->names, ", "));
}

static bool check_one_of(const struct arg_binding *binding, const struct arg_rule *rule)
{
    for (size_t i = 0; rule->names[i] != NULL; i++) {
        if (has_value(binding, rule->names[i]))
            return true;
    }
    return error_set(binding->err, "one of the following is required: %s",
                     join_names(binding->arena, rule->names, ", "));
}

/* The text of the key's value or default, as the user would write it; NULL: none, or not known yet. */
static const char *key_text(const struct arg_binding *binding, const char *key)
{
    int index = arg_index(binding->spec, key);
    const struct value *value = index < 0 ? NULL : binding->given[index];

    if (index < 0 || (value != NULL && arg_is_open(binding, value)))
        return NULL;
    return value == NULL ? binding->spec->args[index].default_text : value_to_text(binding->arena, value);
}

/* Booleans are equal in all their spellings. */
static bool key_equals(const struct arg_binding *binding, const struct arg_rule *rule, const char *text)
{
    enum arg_type type = arg_find(binding->spec, rule->key)->type;
    bool is, wanted;

    if ((type == ARG_BOOL || type == ARG_TRI) && text_to_bool(text, &is) && text_to_bool(rule->equals, &wanted))
        return is == wanted;
    return strcmp(text, rule->equals) == 0;
}

static bool check_required_if(const struct arg_binding *binding, const struct arg_rule *rule)
{
    const char *text = key_text(binding, rule->key);
    const char *names;
    size_t missing = 0;

    if (text == NULL || !key_equals(binding, rule, text))
        return true;
    names = missing_names(binding, rule, &missing);
    if (missing == 0)
        return true;
    return error_set(binding->err, "%s is %s but all of the following are missing: %s", rule->key, text, names);
}

static bool check_required_by(const struct arg_binding *binding, const struct arg_rule *rule)
{
    const char *names;
    size_t missing = 0;

    if (!is_surely_given(binding, rule->key))
        return true;
    names = missing_names(binding, rule, &missing);
    if (missing == 0)
        return true;
    return error_set(binding->err, "missing parameter(s) required by '%s': %s", rule->key, names);
}

bool arg_rules_needed(const struct arg_binding *binding)
{
    const struct arg_rule *rule = binding->spec->rules;
    bool holds = true;

    for (; holds && rule != NULL && rule->kind != ARG_RULE_END; rule++) {
        if (rule->kind == ARG_RULE_TOGETHER)
            holds = check_together(binding, rule);
        else if (rule->kind == ARG_RULE_ONE_OF)
            holds = check_one_of(binding, rule);
        else if (rule->kind == ARG_RULE_REQUIRED_IF)
            holds = check_required_if(binding, rule);
        else if (rule->kind == ARG_RULE_REQUIRED_BY)
            holds = check_required_by(binding, rule);
    }
    return holds;
}
