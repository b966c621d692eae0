/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups of the environment and of variables. */
#include <stdlib.h>
#include <fnmatch.h>
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

static bool name_matches(const char *pattern, const char *name)
{
    return fnmatch(pattern, name, 0) == 0;
}

/* All members of the groups whose names match, and hosts that do. localhost is always there. */
static struct value *matching_hosts(struct eval *eval, const struct value *groups, const char *pattern)
{
    const struct value *names = eval_items(eval, groups), *all = group_members(eval, groups, "all");
    struct value *found = eval_list(eval);

    for (size_t i = 0; names != NULL && i < value_count(names); i++) {
        const char *name = value_text(value_item(names, i));
        const struct value *members = name == NULL ? NULL : group_members(eval, groups, name);

        if (members == NULL || !name_matches(pattern, name))
            continue;
        for (size_t k = 0; k < value_count(members); k++)
            add_new(eval, found, value_item(members, k));
    }
    for (size_t i = 0; i < value_count(all); i++)
        if (value_text(value_item(all, i)) != NULL && name_matches(pattern, value_text(value_item(all, i))))
            add_new(eval, found, value_item(all, i));
    if (found->as.list.count == 0 &&
        (strcmp(pattern, "localhost") == 0 || strcmp(pattern, "127.0.0.1") == 0 || strcmp(pattern, "::1") == 0))
        value_list_add(eval->arena, found, eval_text(eval, pattern));
    return found;
}

/* "!x" leaves out, "&x" keeps what is in both, anything else adds. */
static void apply_part(struct eval *eval, const struct value *groups, const char *part, struct value *list)
{
    char sign = *part == '!' || *part == '&' ? *part : '\0';
    const struct value *members = matching_hosts(eval, groups, sign ? part + 1 : part);

    for (size_t i = 0; sign == '\0' && i < value_count(members); i++)
        add_new(eval, list, value_item(members, i));
    for (size_t i = list->as.list.count; sign != '\0' && i-- > 0;) {
        bool inside = false;

        for (size_t k = 0; k < value_count(members) && !inside; k++)
            inside = value_equal(value_item(members, k), list->as.list.items[i]);
        if (inside == (sign == '!'))
            value_list_remove(list, i);
    }
}

/* The parts of a pattern, which ":" or "," stand between, those that begin with `sign` ('\0': with neither). */
static void apply_parts(struct eval *eval, const struct value *groups, const char *pattern, char sign,
                        struct value *list)
{
    char *copy = arena_copy(eval->arena, pattern), *save = NULL;

    for (char *part = strtok_r(copy, ":,", &save); part != NULL; part = strtok_r(NULL, ":,", &save)) {
        char own = *part == '!' || *part == '&' ? *part : '\0';

        if (own == sign)
            apply_part(eval, groups, part, list);
    }
}

/* As Ansible orders them: first what adds, then what must be in both, then what is left out. */
static const struct value *lookup_inventory_hostnames(struct eval *eval, const struct value *terms,
                                                      const struct value *options)
{
    static const char signs[] = { '\0', '&', '!' };
    const struct value *groups = NULL;
    struct value *list = eval_list(eval);

    (void)options;
    if (!eval_variable(eval, "groups", strlen("groups"), &groups))
        return NULL;
    for (size_t s = 0; s < sizeof(signs); s++) {
        for (size_t i = 0; i < terms->as.list.count; i++) {
            const char *term = lookup_term(eval, terms->as.list.items[i]);

            if (term == NULL)
                return NULL;
            apply_parts(eval, groups, term, signs[s], list);
        }
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
