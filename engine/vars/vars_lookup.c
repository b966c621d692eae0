/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking for a variable: found as it was written, templated in the scope that asks, each time it is asked for. A variable
 * that needs itself is an error that shows its text.
 */
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/vars/vars_internal.h"

struct vars_frame {
    const struct value *value;
    struct vars_frame *up;
};

/* A no_log that is not evaluated yet counts. */
static bool has_no_log(const struct node *task)
{
    const struct value *written = task == NULL ? NULL : node_keyword(task, KEYWORD_NO_LOG);

    return written != NULL && (!value_is(written, VALUE_BOOL) || written->as.boolean);
}

/* A localhost that no inventory names has the name that it is first asked for by. */
static const char *localhost_name(struct arena *arena, const struct value *patterns)
{
    for (size_t i = 0; i < value_count(patterns); i++)
        for (char **part = text_split(arena, value_text(value_item(patterns, i)), ',', NULL); *part != NULL; part++)
            if (inventory_is_localhost(text_trim(arena, *part, strlen(*part))))
                return text_trim(arena, *part, strlen(*part));
    return "localhost";
}

/* What the lookup inventory_hostnames finds. */
static const struct value *hosts_meant(void *context, struct arena *arena, const struct value *patterns,
                                       struct value *warnings)
{
    struct inventory_selection selection = { .pattern = patterns, .warnings = warnings, .is_by_groups = true };
    struct inventory_host_list hosts = { 0 };
    struct error ignored = ERROR_INIT;
    struct value *names = value_list(arena);

    if (!inventory_match(context, arena, &selection, &hosts, &ignored))
        return names;
    for (size_t i = 0; i < hosts.count; i++)
        value_list_add(
            arena, names,
            value_string(arena, hosts.items[i]->is_implicit ? localhost_name(arena, patterns) : hosts.items[i]->name));
    return names;
}

struct template_call vars_scope_call(struct vars_scope *scope, struct arena *arena)
{
    return (struct template_call){
        .env = scope->world->config.templates,
        .arena = arena,
        .vars = &scope->source,
        .search_folders = scope->search_folders,
        .warnings = scope->world->config.warnings,
        .depth = scope->world->depth,
        .is_hushed = has_no_log(scope->task),
        .decrypt =
            scope->world->config.inventory_config == NULL ? NULL : scope->world->config.inventory_config->decrypt,
        .decrypt_context = scope->world->config.inventory_config == NULL
                               ? NULL
                               : scope->world->config.inventory_config->decrypt_context,
        .hosts = scope->world->config.inventory == NULL ? NULL : hosts_meant,
        .hosts_context = scope->world->config.inventory,
    };
}

static bool is_under_way(const struct vars_scope *scope, const struct value *value)
{
    for (const struct vars_frame *frame = scope->frame; frame != NULL; frame = frame->up)
        if (frame->value == value)
            return true;
    return scope->world->depth >= LIMIT_TEMPLATE_CALLS;
}

static bool raised_within(struct arena *arena, const struct value *value, struct error *err)
{
    struct error inner = *err;

    error_set(err,
              "An unhandled exception occurred while templating '%s'. Error was a <class '%s'>, original message: %s",
              value_to_text(arena, value), inner.raised, inner.text);
    err->line = inner.line;
    err->column = inner.column;
    memcpy(err->path, inner.path, sizeof(err->path));
    return false;
}

static bool value_evaluate(struct vars_scope *scope, struct arena *arena, const struct value *value,
                           const struct value **out, struct error *err)
{
    struct vars_frame frame = { value, scope->frame };
    struct template_call call;
    bool ok;

    if (is_under_way(scope, value))
        return error_set_kind(err, ERROR_LIMIT, "recursive loop detected in template string: %s",
                              value_to_text(arena, value));
    scope->frame = &frame;
    scope->world->depth++;
    call = vars_scope_call(scope, arena);
    ok = template_value(&call, value, out, err);
    scope->world->depth--;
    scope->frame = frame.up;
    if (ok || err->kind != ERROR_UNDEFINED)
        return ok || (err->raised[0] != '\0' ? raised_within(arena, value, err) : false);
    /* Only using it is an error: `is defined` and default() see an undefined value. */
    *out = value_undefined(arena, arena_printf(arena, "%s: %s", value_to_text(arena, value), err->text));
    error_clear(err);
    return true;
}

static bool scope_get(void *context, struct arena *arena, const char *name, size_t length, const struct value **out,
                      struct error *err)
{
    struct vars_scope *scope = context;
    bool is_final = false;
    const struct value *value = vars_scope_raw(scope, name, length, &is_final);

    if (scope->world->missed != NULL)
        return error_set_kind(err, ERROR_PARTIAL, "'%s' is set by a task that was passed over", scope->world->missed);
    if (value == NULL || is_final || (value->marks & VALUE_STATIC) != 0) {
        *out = value;
        return true;
    }
    return value_evaluate(scope, arena, value, out, err);
}

static const struct value *scope_names(void *context, struct arena *arena)
{
    return vars_scope_names(context, arena);
}

void vars_scope_connect(struct vars_scope *scope)
{
    scope->source = (struct template_vars){ .context = scope, .get = scope_get, .names = scope_names };
}

bool vars_scope_get(struct vars_scope *scope, struct arena *arena, const char *name, const struct value **out,
                    struct error *err)
{
    const struct value *value = NULL;
    struct template_call call;

    if (!scope_get(scope, arena, name, strlen(name), &value, err))
        return false;
    if (value_is(value, VALUE_UNDEFINED))
        return error_set_kind(err, ERROR_UNDEFINED, "%s", value->as.string.data);
    call = vars_scope_call(scope, arena);
    if (!template_is_opened(&call, value, err) || (value != NULL && !template_is_defined(&call, value, err)))
        return false;
    *out = value;
    return true;
}

static void names_add(struct arena *arena, struct value *set, const struct value *map)
{
    for (size_t i = 0; i < value_count(map); i++)
        value_map_put_value(arena, set, value_pair_at(map, i)->key, value_null());
}

static void names_add_all(struct arena *arena, struct value *set, const char *const *names)
{
    for (; *names != NULL; names++)
        value_map_put(arena, set, *names, value_null());
}

const struct value *vars_scope_names(struct vars_scope *scope, struct arena *arena)
{
    struct value *set = value_map(arena), *list = value_list(arena);

    for (size_t i = scope->layer_count; i-- > 0;) { /* as Ansible merges them: what overrides keeps the place */
        if (scope->layers[i].map == NULL)
            names_add_all(arena, set, vars_magic_host_names(scope));
        else
            names_add(arena, set, scope->layers[i].map);
    }
    names_add_all(arena, set, vars_magic_names());
    names_add(arena, set, scope->world->config.options);
    names_add(arena, set, scope->local);
    for (size_t i = 0; i < value_count(set); i++) {
        const struct value *key = value_pair_at(set, i)->key;
        bool is_final;

        if (value_text(key) != NULL &&
            vars_scope_raw(scope, value_text(key), strlen(value_text(key)), &is_final) != NULL)
            value_list_add(arena, list, key);
    }
    return list;
}
