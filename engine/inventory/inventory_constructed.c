/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugin `constructed`: variables (compose) and groups (groups, keyed_groups) of the hosts that are there already, from
 * Jinja expressions over each host's variables. Without `strict` an expression that fails is passed over, as in Ansible.
 */
#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/inventory/inventory_expression.h"

struct constructed {
    struct inventory_source *source;
    struct inventory *inventory;
    struct inventory_expression expression;
    const struct value *compose, *groups, *keyed;
    bool strict, leading_separator, vars_plugins;
    struct arena *scratch; /* of the host at hand */
    struct inventory_host *host;
    struct error *err;
};

/* --- variables of a host --- */

static const struct value *group_names(struct constructed *in)
{
    struct value *names = value_list(in->scratch);
    size_t count = 0;
    struct inventory_group **groups = inventory_host_groups(in->inventory, in->scratch, in->host, &count);

    for (size_t i = 0; i < count; i++) {
        size_t at = 0;

        if (groups[i] == in->inventory->groups[0])
            continue;
        while (at < value_count(names) && strcmp(value_text(value_item(names, at)), groups[i]->name) < 0)
            at++;
        value_list_insert(in->scratch, names, at, value_string(in->scratch, groups[i]->name));
    }
    return names;
}

static void put_text(struct constructed *in, struct value *map, const char *key, const char *text)
{
    struct value *string = text == NULL ? NULL : value_string(in->scratch, text);

    if (string != NULL)
        string->marks |= VALUE_STATIC;
    value_map_put(in->scratch, map, key, string == NULL ? value_null() : string);
}

static bool host_variables(struct constructed *in, const struct value **out)
{
    const struct inventory_vars_files files = { .config = in->source->config, .is_partial = true };
    bool merges = in->inventory->index->rules->merges_hashes;
    const char *name = in->host->name, *dot = strchr(name, '.');
    struct value *own = value_map(in->scratch);
    const struct value *vars = value_map(in->scratch);
    size_t count = 0;
    struct inventory_group **groups;

    if (in->vars_plugins) {
        if (!inventory_host_variables(in->inventory, in->scratch, in->host, &files, &vars, in->err))
            return false;
    } else {
        groups = inventory_host_groups(in->inventory, in->scratch, in->host, &count);
        for (size_t i = 0; i < count; i++) {
            if (value_count(groups[i]->vars) > 0)
                vars = value_merge(in->scratch, vars, groups[i]->vars, merges);
        }
        vars = value_merge(in->scratch, vars, in->host->vars, merges);
    }
    put_text(in, own, "inventory_file", in->host->source_path);
    put_text(in, own, "inventory_dir", in->host->source_folder);
    put_text(in, own, "inventory_hostname", name);
    put_text(in, own, "inventory_hostname_short",
             dot == NULL ? name : arena_copy_n(in->scratch, name, (size_t)(dot - name)));
    value_map_put(in->scratch, own, "group_names", group_names(in));
    *out = value_merge(in->scratch, vars, own, false);
    return true;
}

/* --- expressions --- */

static bool evaluate(struct constructed *in, const char *text, const struct value *at, const struct value **out,
                     struct error *err)
{
    struct value *template = value_string(in->scratch, text);

    template->marks |= VALUE_TRUSTED;
    template->path = at == NULL ? NULL : at->path;
    template->line = at == NULL ? 0 : at->line;
    template->column = at == NULL ? 0 : at->column;
    in->expression.call.arena = in->scratch;
    error_clear(err);
    return template_value(&in->expression.call, template, out, err);
}

/* What is written in the file is the inside of {{ }}. Lookups are not for these. */
static bool compose(struct constructed *in, const struct value *written, const struct value **out, struct error *err)
{
    const char *text = written == NULL ? "None" : value_to_text(in->scratch, written);
    bool ok;

    in->expression.call.lookups_off = true;
    ok = evaluate(in, arena_printf(in->scratch, "{{%s}}", text), written, out, err);
    in->expression.call.lookups_off = false;
    return ok;
}

static bool failed(struct constructed *in, const struct value *at, const struct error *why, const char *text)
{
    struct source_position position = value_position(at);

    error_set_kind(in->err, ERROR_PARSE, "failed to parse %s: %s: %s", in->source->path, text, why->text);
    return error_locate(in->err, &position);
}

static bool composed_variables(struct constructed *in)
{
    struct error why;

    for (size_t i = 0; i < value_map_count(in->compose); i++) {
        const struct value_pair *pair = value_pair_at(in->compose, i);
        const struct value *made = NULL;

        if (compose(in, pair->item, &made, &why))
            inventory_host_set(in->inventory, in->host, pair->key, value_copy(in->inventory->arena, made));
        else if (in->strict)
            return failed(in, pair->item, &why,
                          arena_printf(in->scratch, "Could not set %s for host %s",
                                       value_to_text(in->scratch, pair->key), in->host->name));
    }
    return true;
}

static struct inventory_group *group_of(struct constructed *in, const char *name)
{
    return inventory_add_group(in->inventory, inventory_safe_name(in->scratch, name));
}

static bool composed_groups(struct constructed *in)
{
    struct error why;

    for (size_t i = 0; i < value_map_count(in->groups); i++) {
        const struct value_pair *pair = value_pair_at(in->groups, i);
        const char *name = value_to_text(in->scratch, pair->key);
        const struct value *made = NULL;
        bool is_member = false;

        if (!evaluate(in,
                      arena_printf(in->scratch, "{%% if %s %%} True {%% else %%} False {%% endif %%}",
                                   value_to_text(in->scratch, pair->item)),
                      pair->item, &made, &why)) {
            if (in->strict)
                return failed(in, pair->item, &why,
                              arena_printf(in->scratch, "Could not add host %s to group %s", in->host->name,
                                           inventory_safe_name(in->scratch, name)));
            continue;
        }
        is_member =
            value_is(made, VALUE_BOOL) ? made->as.boolean : strstr(value_to_text(in->scratch, made), "True") != NULL;
        if (is_member)
            inventory_add_to_group(in->inventory, group_of(in, name), in->host);
    }
    return true;
}

/* --- keyed groups --- */

struct keyed {
    const struct value *entry, *fallback; /* default_value or NULL */
    const char *prefix, *separator;
    const char *parent; /* or NULL */
    bool no_trailing;   /* trailing_separator: false */
};

static const char *text_or(struct constructed *in, const struct value *map, const char *key, const char *otherwise)
{
    const struct value *found = value_map_get(map, key);

    return found == NULL ? otherwise : value_to_text(in->scratch, found);
}

static bool entry_error(struct constructed *in, const struct value *entry, const char *text)
{
    struct source_position at = value_position(entry);

    error_set_kind(in->err, ERROR_PARSE, "failed to parse %s: %s", in->source->path, text);
    return error_locate(in->err, &at);
}

static bool is_empty_text(const struct value *value)
{
    return value_is(value, VALUE_STRING) && value->as.string.length == 0;
}

/* One group by its bare name. */
static bool keyed_group(struct constructed *in, struct keyed *keyed, const char *bare)
{
    struct inventory_group *group, *parent;

    if (keyed->prefix[0] == '\0' && !in->leading_separator)
        keyed->separator = "";
    group = group_of(in, arena_printf(in->scratch, "%s%s%s", keyed->prefix, keyed->separator, bare));
    if (group->name[0] == '\0')
        return entry_error(in, keyed->entry, "Invalid empty/false group name provided: ");
    inventory_add_to_group(in->inventory, group, in->host);
    if (keyed->parent == NULL)
        return true;
    parent = group_of(in, keyed->parent);
    if (inventory_try_child(in->inventory, parent, group, in->err))
        return true;
    return entry_error(in, keyed->entry, arena_copy(in->scratch, in->err->text));
}

static const char *bare_of(struct constructed *in, const struct keyed *keyed, const struct value *name)
{
    return value_to_text(in->scratch, is_empty_text(name) && keyed->fallback != NULL ? keyed->fallback : name);
}

static const char *bare_pair(struct constructed *in, const struct keyed *keyed, const struct value_pair *pair)
{
    const char *key = value_to_text(in->scratch, pair->key);

    if (is_empty_text(pair->item) && keyed->fallback == NULL && keyed->no_trailing)
        return key;
    return arena_printf(in->scratch, "%s%s%s", key, keyed->separator, bare_of(in, keyed, pair->item));
}

static bool keyed_names(struct constructed *in, struct keyed *keyed, const struct value *key)
{
    size_t count = value_count(key);
    const char **names = arena_new_array(in->scratch, const char *, count + 1);

    if (value_is(key, VALUE_STRING)) {
        names[0] = bare_of(in, keyed, key);
        count = 1;
    } else if (!value_is(key, VALUE_LIST) && !value_is(key, VALUE_MAP)) {
        return entry_error(in, keyed->entry,
                           arena_printf(in->scratch,
                                        "Invalid group name format, expected a string or a list of them or "
                                        "dictionary, got: <class '%s'>",
                                        value_python_type(key)));
    }
    for (size_t i = 0; !value_is(key, VALUE_STRING) && i < count; i++)
        names[i] = value_is(key, VALUE_LIST) ? bare_of(in, keyed, value_item(key, i))
                                             : bare_pair(in, keyed, value_pair_at(key, i));
    for (size_t i = 0; i < count; i++) {
        if (!keyed_group(in, keyed, names[i]))
            return false;
    }
    return true;
}

/* parent_group is a template. *skip: it failed, and nothing is said. */
static bool keyed_parent(struct constructed *in, struct keyed *keyed, bool *skip)
{
    const struct value *written = value_map_get(keyed->entry, "parent_group"), *made = NULL;
    struct error why;

    if (written == NULL || !value_truthy(written))
        return true;
    if (evaluate(in, value_to_text(in->scratch, written), written, &made, &why)) {
        keyed->parent = value_to_text(in->scratch, made);
        return true;
    }
    *skip = true;
    return !in->strict || failed(in, written, &why,
                                 arena_printf(in->scratch, "Could not generate parent group %s for a group",
                                              value_to_text(in->scratch, written)));
}

static bool keyed_entry(struct constructed *in, const struct value *entry)
{
    const struct value *written = value_map_get(entry, "key"), *key = NULL;
    const struct value *trailing = value_map_get(entry, "trailing_separator");
    struct keyed keyed = { .entry = entry, .fallback = value_map_get(entry, "default_value") };
    struct error why;
    bool skip = false;

    keyed.fallback = value_is(keyed.fallback, VALUE_NULL) ? NULL : keyed.fallback;
    if (!compose(in, written, &key, &why))
        return !in->strict ||
               failed(in, entry, &why,
                      arena_printf(in->scratch, "Could not generate group for host %s from %s entry", in->host->name,
                                   written == NULL ? "None" : value_to_text(in->scratch, written)));
    if (trailing != NULL && !value_is(trailing, VALUE_NULL) && keyed.fallback != NULL)
        return entry_error(in, entry,
                           "parameters are mutually exclusive for keyed groups: default_value|trailing_separator");
    if (!value_truthy(key) && !(is_empty_text(key) && keyed.fallback != NULL)) {
        bool is_container = value_is(key, VALUE_LIST) || value_is(key, VALUE_MAP);

        return !in->strict || is_container ||
               entry_error(in, entry,
                           arena_printf(in->scratch, "No key or key resulted empty for %s in host %s, invalid entry",
                                        written == NULL ? "None" : value_to_text(in->scratch, written),
                                        in->host->name));
    }
    keyed.no_trailing = value_is(trailing, VALUE_BOOL) && !trailing->as.boolean;
    keyed.prefix = text_or(in, entry, "prefix", "");
    keyed.separator = text_or(in, entry, "separator", "_");
    return keyed_parent(in, &keyed, &skip) && (skip || keyed_names(in, &keyed, key));
}

static bool keyed_groups(struct constructed *in)
{
    for (size_t i = 0; i < value_count(in->keyed); i++) {
        const struct value *entry = value_item(in->keyed, i);

        if (!value_is(entry, VALUE_MAP) || value_count(entry) == 0)
            return entry_error(in, entry,
                               arena_printf(in->scratch, "Invalid keyed group entry, it must be a dictionary: %s",
                                            value_to_text(in->scratch, entry)));
        if (!keyed_entry(in, entry))
            return false;
    }
    return true;
}

/* --- the whole --- */

static bool flag(const struct value *options, const char *key, bool otherwise)
{
    const struct value *found = value_map_get(options, key);
    bool value = otherwise;

    if (value_is(found, VALUE_STRING))
        text_to_bool(value_text(found), &value);
    else if (found != NULL && !value_is(found, VALUE_NULL))
        value = value_truthy(found);
    return value;
}

/* A part of the configuration that must be of this kind. */
static bool part(struct constructed *in, const struct value *options, const char *key, enum value_kind kind,
                 const struct value **out)
{
    struct source_position at;

    *out = value_map_get(options, key);
    if (*out == NULL || value_is(*out, kind) || value_is(*out, VALUE_NULL))
        return true;
    at = value_position(*out);
    return error_set_at(in->err, &at, "'%s' of an inventory must be a %s, got a %s", key,
                        kind == VALUE_MAP ? "mapping" : "list", value_kind_text(*out));
}

static bool host_construct(struct constructed *in)
{
    const struct value *vars = NULL;

    if (!host_variables(in, &vars))
        return false;
    in->expression.map = vars;
    if (value_map_count(in->compose) > 0 && (!composed_variables(in) || !host_variables(in, &vars)))
        return false;
    in->expression.map = vars;
    if (!composed_groups(in))
        return false;
    return keyed_groups(in);
}

bool inventory_read_constructed(struct inventory_source *source, struct error *err)
{
    ARENA_SCOPED scratch = arena_new();
    struct constructed in = { .source = source, .inventory = source->inventory, .scratch = scratch, .err = err };
    const struct value *options = NULL;
    size_t count = source->inventory->host_count;

    if (!inventory_plugin_options(source, "constructed", &options, err) ||
        !inventory_expression_open(&in.expression, source, err) ||
        !part(&in, options, "compose", VALUE_MAP, &in.compose) ||
        !part(&in, options, "groups", VALUE_MAP, &in.groups) ||
        !part(&in, options, "keyed_groups", VALUE_LIST, &in.keyed))
        return false;
    in.strict = flag(options, "strict", false);
    in.leading_separator = flag(options, "leading_separator", true);
    in.vars_plugins = flag(options, "use_vars_plugins", false);
    if (flag(options, "use_extra_vars", source->rules->use_extra_vars))
        in.expression.over = source->rules->extra_vars;
    for (size_t i = 0; i < count; i++) {
        in.host = source->inventory->hosts[i];
        arena_reset(scratch);
        if (!in.host->is_implicit && !host_construct(&in))
            return false;
    }
    return true;
}
