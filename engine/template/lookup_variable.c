/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups of the environment and of variables. */
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/template/lookup.h"
#include "engine/template/pattern.h"

static const struct value *lookup_env(struct eval *eval, const struct value *terms, const struct value *options)
{
    const struct value *fallback = value_map_get(options, "default");
    struct value *list = eval_list(eval);

    for (size_t i = 0; i < terms->as.list.count; i++) {
        const char *term = lookup_term(eval, terms->as.list.items[i]), *text;

        if (term == NULL)
            return NULL;
        term = arena_copy_n(eval->arena, term, strcspn(term, " \t"));
        text = getenv(term);
        if (text == NULL && fallback != NULL && fallback->kind == VALUE_UNDEFINED)
            return eval_fail_undefined(eval, fallback);
        value_list_add(eval->arena, list,
                       text != NULL       ? eval_text(eval, text)
                       : fallback != NULL ? fallback
                                          : eval_text(eval, ""));
    }
    return list;
}

static const struct value *variable(struct eval *eval, const char *name, const struct value *fallback)
{
    const struct value *found = NULL;

    if (!eval_variable(eval, name, strlen(name), &found))
        return NULL;
    if (found != NULL)
        return found;
    if (fallback != NULL && fallback->kind != VALUE_NULL)
        return fallback;
    error_set_kind(eval->err, ERROR_UNDEFINED, "No variable found with this name: %s", name);
    return NULL;
}

static const struct value *lookup_vars(struct eval *eval, const struct value *terms, const struct value *options)
{
    struct value *list = eval_list(eval);

    for (size_t i = 0; i < terms->as.list.count; i++) {
        const struct value *term = terms->as.list.items[i], *found;

        if (term->kind != VALUE_STRING)
            return eval_fail(eval, "Invalid setting identifier, \"%s\" is not a string, its a <class '%s'>",
                             value_to_text(eval->arena, term), eval_type(term));
        found = variable(eval, term->as.string.data, value_map_get(options, "default"));
        if (found == NULL)
            return NULL;
        value_list_add(eval->arena, list, found);
    }
    return list;
}

/* Of a pattern that is wrong: in Python's words where they are known. */
static bool fail_pattern(struct eval *eval, const char *pattern)
{
    const char *text = eval->err->text, *at = strstr(text, "at position "), *said = text;

    if (strstr(text, "quantifier does not follow a repeatable item") != NULL && at != NULL)
        said = arena_printf(eval->arena, "nothing to repeat %s", at);
    said = arena_copy(eval->arena, said);
    error_clear(eval->err);
    return eval_fail(eval, "Unable to use \"%s\" as a search parameter: %s", pattern, said) != NULL;
}

static bool add_matching(struct eval *eval, const struct value *term, const struct value *names, struct value *list)
{
    struct pattern_match match;
    struct regex *regex;

    if (term->kind != VALUE_STRING)
        return eval_fail(eval, "Invalid setting identifier, \"%s\" is not a string, it is a <class '%s'>",
                         value_to_text(eval->arena, term), eval_type(term)) != NULL;
    regex = pattern_compile(eval->env, term->as.string.data, term->as.string.length, 0, eval->err);
    if (regex == NULL)
        return fail_pattern(eval, term->as.string.data);
    for (size_t i = 0; i < names->as.list.count; i++) {
        const struct value *name = names->as.list.items[i];
        enum pattern_status status =
            pattern_search(regex, name->as.string.data, name->as.string.length, 0, &match, eval->err);

        if (status == PATTERN_FAILED)
            return false;
        if (status == PATTERN_FOUND)
            value_list_add(eval->arena, list, name);
    }
    return true;
}

static const struct value *lookup_varnames(struct eval *eval, const struct value *terms, const struct value *options)
{
    const struct template_vars *vars = eval->call->vars;
    const struct value *names = vars != NULL && vars->names != NULL ? vars->names(vars->context, eval->arena) : NULL;
    struct value *list = eval_list(eval);

    (void)options;
    if (names == NULL)
        return eval_fail(eval, "No variables available to search");
    for (size_t i = 0; i < terms->as.list.count; i++)
        if (!add_matching(eval, terms->as.list.items[i], names, list))
            return NULL;
    return list;
}

/* Terms are patterns of hosts, as of a play. No term is no host. */
static const struct value *lookup_inventory_hostnames(struct eval *eval, const struct value *terms,
                                                      const struct value *options)
{
    const struct template_call *call = eval->call;
    struct value *patterns = eval_list(eval);

    (void)options;
    for (size_t i = 0; i < terms->as.list.count; i++) {
        const struct value *term = terms->as.list.items[i];

        if (value_is(term, VALUE_LIST) || value_is_mapping(term))
            return eval_fail_type(eval, "unhashable type: '%s'", eval_type(term));
        term = eval_str(eval, term);
        if (term == NULL)
            return NULL;
        value_list_add(eval->arena, patterns, term);
    }
    if (call->hosts == NULL)
        return eval_fail(eval, "No inventory available to search");
    return value_count(patterns) == 0 ? patterns
                                      : call->hosts(call->hosts_context, eval->arena, patterns, call->warnings);
}

/* What to do about a setting that there is none of: false: the lookup fails. */
static bool setting_missing(struct eval *eval, const char *name, const char *on_missing)
{
    if (strcmp(on_missing, "error") == 0)
        return eval_fail(eval, "Unable to find setting %s", name) != NULL;
    if (strcmp(on_missing, "warn") == 0)
        template_warn(eval->call, arena_printf(eval->arena, "Skipping, did not find setting %s", name));
    return true;
}

static bool plugin_constants(struct eval *eval, const char *type, const char *name, const struct value **out)
{
    const struct value *plugins = value_map_get(eval->env->config.constants, CONSTANTS_PLUGINS);

    *out = plugins == NULL ? NULL : value_map_get(plugins, arena_printf(eval->arena, "%s %s", type, name));
    return *out != NULL || eval_fail(eval, "Unable to load %s plugin \"%s\"", type, name) != NULL;
}

static const struct value *as_number(struct eval *eval, const struct value *value)
{
    int64_t number = 0;

    return value->kind == VALUE_STRING && text_to_int(value->as.string.data, &number) ? eval_int(eval, number) : value;
}

/* A variable of this host goes before what is set: ansible_ssh_port, then ansible_port. */
static bool plugin_variable(struct eval *eval, const char *plugin, const char *option, const struct value **found)
{
    static const char *const numbers[] = { "port", "timeout", "reconnection_retries", NULL };
    const char *part = strcmp(option, "remote_user") == 0 ? "user" : option;
    const char *names[] = { arena_printf(eval->arena, "ansible_%s_%s", plugin, part),
                            arena_printf(eval->arena, "ansible_%s", part) };

    for (size_t i = 0; i < 2; i++) {
        const struct value *own = NULL;

        if (!eval_variable(eval, names[i], strlen(names[i]), &own))
            return false;
        if (own != NULL && own->kind != VALUE_UNDEFINED) {
            *found = text_in(option, numbers) ? as_number(eval, own) : own;
            return true;
        }
    }
    return true;
}

static const struct value *lookup_config(struct eval *eval, const struct value *terms, const struct value *options)
{
    static const char *const choices[] = { "error", "skip", "warn", NULL };
    const char *on_missing = lookup_option(options, "on_missing", "error");
    const char *type = lookup_option(options, "plugin_type", NULL), *name = lookup_option(options, "plugin_name", NULL);
    const struct value *constants = eval->env->config.constants;
    struct value *list = eval_list(eval);

    if (!text_in(on_missing, choices))
        return eval_fail(eval,
                         "Invalid value \"%s\" for configuration option \"plugin_type: lookup plugin: config setting: "
                         "on_missing \", valid values are: error, skip, warn",
                         on_missing);
    if ((type == NULL) != (name == NULL))
        return eval_fail(eval, "Both plugin_type and plugin_name are required, cannot use one without the other");
    if (type != NULL && !plugin_constants(eval, type, name, &constants))
        return NULL;
    for (size_t i = 0; i < terms->as.list.count; i++) {
        const struct value *term = terms->as.list.items[i], *found;

        if (term->kind != VALUE_STRING)
            return eval_fail(eval, "Invalid setting identifier, \"%s\" is not a string, its a <class '%s'>",
                             value_to_text(eval->arena, term), eval_type(term));
        found = value_map_get(constants, term->as.string.data);
        if (found != NULL && type != NULL && !plugin_variable(eval, name, term->as.string.data, &found))
            return NULL;
        if (found != NULL && found != value_map_get(constants, CONSTANTS_PLUGINS))
            value_list_add(eval->arena, list, found);
        else if (!setting_missing(eval, term->as.string.data, on_missing))
            return NULL;
    }
    return list;
}

const struct lookup lookups_variable[] = {
    { "config", lookup_config },
    { "env", lookup_env },
    { "vars", lookup_vars },
    { "varnames", lookup_varnames },
    { "inventory_hostnames", lookup_inventory_hostnames },
    { .name = NULL },
};
