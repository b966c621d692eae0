/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Argument specifications of roles: meta/argument_specs.yml, or argument_specs in meta/main.yml, and the task that
 * checks the arguments by them before the role's own tasks. What the check says is the action's.
 */
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/playbook/load.h"
#include "engine/playbook/load_role.h"

static bool specs_file_exists(struct arena *arena, const struct role *role)
{
    static const char *const endings[] = { ".yml", ".yaml", ".json" };
    const char *base = path_join(arena, role->path, "meta/argument_specs");

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (path_is_file(arena_printf(arena, "%s%s", base, endings[i])))
            return true;
    return false;
}

/* True and a map, or nothing at all (also `argument_specs:` with nothing behind it). */
static bool expect_map(const struct value *value, const char *what, const struct role *role, struct error *err)
{
    struct source_position at = value_position(value == NULL ? value_null() : value);

    if (value == NULL || !value_truthy(value) || value_is(value, VALUE_MAP))
        return true;
    return error_set_at(err, &at, "%s of the role '%s' must be a dictionary, not %s", what, role->name,
                        value_kind_text(value));
}

bool role_specs_read(struct playbook_loader *loader, const struct load_role_request *request, struct role *role,
                     const struct value *meta, struct error *err)
{
    struct role_file_request file = { role->name, role->path, "meta", "argument_specs", false };
    const struct value *content = meta, *specs, *spec;

    if (specs_file_exists(loader->arena, role) && !role_file_read(loader, &file, &content, err))
        return error_locate(err, &request->at);
    specs = value_map_get(content, "argument_specs");
    spec = value_map_get(specs, request->tasks_from == NULL ? "main" : request->tasks_from);
    if (!expect_map(specs, "argument_specs", role, err) || !expect_map(spec, "the argument spec", role, err) ||
        !expect_map(value_map_get(spec, "options"), "the options in the argument spec", role, err))
        return false;
    role->argument_specs = value_count(spec) > 0 ? spec : NULL;
    return true;
}

static const struct value *validation_args(struct arena *arena, const struct role *role, const char *entry)
{
    const struct value *options = value_map_get(role->argument_specs, "options");
    struct value *args = value_map(arena), *context = value_map(arena);

    value_map_put_string(arena, context, "type", "role");
    value_map_put_string(arena, context, "name", role->name);
    value_map_put_string(arena, context, "argument_spec_name", entry);
    value_map_put_string(arena, context, "path", path_absolute(arena, role->path));
    value_map_put(arena, args, "argument_spec", value_count(options) > 0 ? options : value_map(arena));
    value_map_put(arena, args, "provided_arguments", role->params != NULL ? role->params : value_map(arena));
    value_map_put(arena, args, "validate_args_context", context);
    return args;
}

bool role_validation_add(const struct load_scope *scope, const char *entry, struct node_list *out, struct error *err)
{
    struct arena *arena = scope->loader->arena;
    const struct value *spec = scope->role->argument_specs, *description;
    struct source_position at = value_position(spec == NULL ? value_null() : spec);
    struct value *tags = value_list(arena);
    struct node *node;

    if (spec == NULL)
        return true;
    entry = entry == NULL ? "main" : entry;
    description = value_map_get(spec, "short_description");
    node = load_node_new(scope, NODE_TASK, &at);
    node->name =
        arena_printf(arena, "Validating arguments against arg spec '%s'%s%s", entry, description == NULL ? "" : " - ",
                     description == NULL ? "" : value_to_text(arena, description));
    node->action = node->action_text = "ansible.builtin.validate_argument_spec";
    node->action_at = at;
    node->args = validation_args(arena, scope->role, entry);
    value_list_add(arena, tags, value_string(arena, "always"));
    node->keywords[KEYWORD_TAGS] = tags;
    if (!load_resolve(scope, node, "validate_argument_spec", err) || !load_check_task(scope, node, err))
        return false;
    load_list_add(arena, out, node);
    return true;
}
