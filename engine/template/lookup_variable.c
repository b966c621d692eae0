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
            return eval_fail(eval, "Invalid setting identifier, it is a %s, not a string", eval_type(term));
        found = variable(eval, term->as.string.data, value_map_get(options, "default"));
        if (found == NULL)
            return NULL;
        value_list_add(eval->arena, list, found);
    }
    return list;
}

static bool add_matching(struct eval *eval, const struct value *term, const struct value *names, struct value *list)
{
    struct pattern_match match;
    struct regex *regex;

    if (term->kind != VALUE_STRING)
        return eval_fail(eval, "Invalid setting identifier, it is a %s, not a string", eval_type(term)) != NULL;
    regex = pattern_compile(eval->env, term->as.string.data, term->as.string.length, 0, eval->err);
    if (regex == NULL)
        return false;
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

static void add_new(struct eval *eval, struct value *list, const struct value *name)
{
    for (size_t i = 0; i < list->as.list.count; i++)
        if (value_equal(list->as.list.items[i], name))
            return;
    value_list_add(eval->arena, list, name);
}

static const struct value *group_members(struct eval *eval, const struct value *groups, const char *name)
{
    if (value_is(groups, VALUE_OBJECT))
        return groups->as.object.ops->get(groups->as.object.data, eval->arena, name, strlen(name));
    return value_map_get(groups, name);
}

/* Patterns of group and host names joined by ":" or ","; "!x" leaves out, "&x" keeps what is in both. */
static void apply_part(struct eval *eval, const struct value *groups, char *part, struct value *list)
{
    char sign = *part == '!' || *part == '&' ? *part : '\0';
    const struct value *members = group_members(eval, groups, sign ? part + 1 : part);
    struct value *single = eval_list(eval);

    if (members == NULL) {
        value_list_add(eval->arena, single, eval_text(eval, sign ? part + 1 : part));
        members = single;
    }
    if (sign == '\0') {
        for (size_t i = 0; i < value_count(members); i++)
            add_new(eval, list, value_item(members, i));
        return;
    }
    for (size_t i = list->as.list.count; i-- > 0;) {
        bool inside = false;

        for (size_t k = 0; k < value_count(members) && !inside; k++)
            inside = value_equal(value_item(members, k), list->as.list.items[i]);
        if (inside == (sign == '!'))
            value_list_remove(list, i);
    }
}

static const struct value *lookup_inventory_hostnames(struct eval *eval, const struct value *terms,
                                                      const struct value *options)
{
    const struct value *groups = NULL;
    struct value *list = eval_list(eval);

    (void)options;
    if (!eval_variable(eval, "groups", strlen("groups"), &groups))
        return NULL;
    for (size_t i = 0; i < terms->as.list.count; i++) {
        const char *term = lookup_term(eval, terms->as.list.items[i]);
        char *pattern, *save = NULL;

        if (term == NULL)
            return NULL;
        pattern = arena_copy(eval->arena, term);
        for (char *part = strtok_r(pattern, ":,", &save); part != NULL; part = strtok_r(NULL, ":,", &save))
            apply_part(eval, groups, part, list);
    }
    return list;
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

static const struct value *lookup_config(struct eval *eval, const struct value *terms, const struct value *options)
{
    static const char *const choices[] = { "error", "skip", "warn", NULL };
    const char *on_missing = lookup_option(options, "on_missing", "error");
    struct value *list = eval_list(eval);

    if (value_map_get(options, "plugin_type") != NULL || value_map_get(options, "plugin_name") != NULL)
        return eval_fail(eval, "lookup 'config': plugin_type and plugin_name are not supported: Roost has no plugins");
    if (!text_in(on_missing, choices))
        return eval_fail(eval, "lookup 'config': on_missing must be one of: error, skip, warn, not %s", on_missing);
    for (size_t i = 0; i < terms->as.list.count; i++) {
        const struct value *term = terms->as.list.items[i], *found;

        if (term->kind != VALUE_STRING)
            return eval_fail(eval, "Invalid setting identifier, \"%s\" is not a string, its a <class '%s'>",
                             value_to_text(eval->arena, term), eval_type(term));
        found = value_map_get(eval->env->config.constants, term->as.string.data);
        if (found != NULL)
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
