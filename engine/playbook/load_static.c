/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that must be known while loading (paths of imports, names of roles): templated with what is known before any
 * host is: extra variables, those of the import and its blocks, of roles and of the play, and the folders.
 */
#include <string.h>

#include "common/base/path.h"
#include "common/value/value_big.h"
#include "common/value/value_python.h"
#include "engine/playbook/load.h"

struct static_scope {
    const struct load_scope *scope;
    const struct node *node;
    int depth;
};

static const struct value *find_in_nodes(const struct node *node, const char *name, size_t length)
{
    for (; node != NULL; node = node->parent) {
        const struct value *found = value_map_get_n(node->keywords[KEYWORD_VARS], name, length);

        if (found != NULL)
            return found;
    }
    return NULL;
}

static const struct value *find_in_roles(const struct load_scope *scope, const char *name, size_t length, bool defaults)
{
    const struct value *found;

    for (const struct role *role = scope->role; role != NULL; role = role->parent) {
        found = value_map_get_n(defaults ? role->defaults : role->vars, name, length);
        if (found != NULL)
            return found;
    }
    for (size_t i = scope->play->role_count; i > 0; i--) {
        const struct role *role = scope->play->roles[i - 1];

        found = value_map_get_n(defaults ? role->defaults : role->vars, name, length);
        if (found != NULL)
            return found;
    }
    return NULL;
}

/* vars_files whose names are written out; a list within the list means "the first that exists". */
static const struct value *find_in_file(const struct load_scope *scope, const struct value *file, const char *name,
                                        size_t length)
{
    struct error ignored = ERROR_INIT;
    const struct value *content = NULL;
    const char *path;

    if (!value_is(file, VALUE_STRING) || value_text_is_template(file->as.string.data, file->as.string.length))
        return NULL;
    path = path_join(scope->loader->arena, scope->play->folder, value_text(file));
    if (!path_is_file(path) || !playbook_read_vars(scope->loader, path, &content, &ignored))
        return NULL;
    return value_map_get_n(content, name, length);
}

static const struct value *find_in_files(const struct load_scope *scope, const char *name, size_t length)
{
    const struct value *files = scope->play->keywords[KEYWORD_VARS_FILES];
    const struct value *found;

    if (!value_is(files, VALUE_LIST))
        return files == NULL ? NULL : find_in_file(scope, files, name, length);
    for (size_t i = value_count(files); i > 0; i--) {
        found = find_in_file(scope, value_item(files, i - 1), name, length);
        if (found != NULL)
            return found;
    }
    return NULL;
}

static const struct value *find_magic(struct arena *arena, const struct load_scope *scope, const char *name,
                                      size_t length)
{
    static const char *const names[] = { "playbook_dir", "role_path", "role_name", "ansible_role_name" };
    const char *texts[] = { scope->base_folder, scope->role == NULL ? NULL : scope->role->path,
                            scope->role == NULL ? NULL : role_short_name(scope->role),
                            scope->role == NULL ? NULL : scope->role->name };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0 && texts[i] != NULL)
            return value_string(arena, texts[i]);
    }
    return NULL;
}

static const struct value *static_find(struct arena *arena, const struct static_scope *at, const char *name,
                                       size_t length)
{
    const struct load_scope *scope = at->scope;
    const struct value *found = find_magic(arena, scope, name, length);

    if (found == NULL)
        found = value_map_get_n(scope->loader->config.extra_vars, name, length);
    for (const struct role *role = scope->role; found == NULL && role != NULL; role = role->parent)
        found = value_map_get_n(role->params, name, length);
    if (found == NULL)
        found = find_in_nodes(at->node, name, length);
    if (found == NULL)
        found = find_in_roles(scope, name, length, false);
    if (found == NULL)
        found = find_in_files(scope, name, length);
    if (found == NULL)
        found = value_map_get_n(scope->play->vars, name, length);
    return found != NULL ? found : find_in_roles(scope, name, length, true);
}

static const struct value *static_names(void *context, struct arena *arena)
{
    (void)context;
    return value_list(arena);
}

static bool static_get(void *context, struct arena *arena, const char *name, size_t length, const struct value **out,
                       struct error *err)
{
    const struct static_scope *at = context;
    struct static_scope inner = { at->scope, at->node, at->depth + 1 };
    struct template_vars vars = { .context = &inner, .get = static_get, .names = static_names };
    struct template_call call = {
        .env = at->scope->loader->config.templates, .arena = arena, .vars = &vars, .depth = inner.depth
    };
    const struct value *found = static_find(arena, at, name, length);

    if (found == NULL) {
        *out = NULL;
        return true;
    }
    if (inner.depth >= LIMIT_TEMPLATE_CALLS)
        return error_set_kind(err, ERROR_LIMIT, "recursive loop detected in template of '%.*s'", (int)length, name);
    return template_value(&call, found, out, err);
}

bool load_static_value(const struct load_scope *scope, const struct node *node, const struct value *value,
                       const struct value **out, struct error *err)
{
    struct static_scope at = { scope, node, 0 };
    struct template_vars vars = { .context = &at, .get = static_get, .names = static_names };
    struct template_call call = { .env = scope->loader->config.templates,
                                  .arena = scope->loader->arena,
                                  .vars = &vars };
    struct source_position where = value_position(value);

    *out = value;
    if (!value_is(value, VALUE_STRING) || !value_text_is_template(value->as.string.data, value->as.string.length))
        return true;
    if (call.env == NULL)
        return error_set_at(err, &where, "'%s' cannot be a template here", value_text(value));
    if (template_value(&call, value, out, err))
        return true;
    err->kind = ERROR_PARSE;
    return error_locate(err, &where);
}

bool load_static_text(const struct load_scope *scope, const struct node *node, const struct value *text,
                      const char **out, struct error *err)
{
    struct source_position where = value_position(text);
    const struct value *made = text;

    if (!load_static_value(scope, node, text, &made, err))
        return error_prefix(err,
                            "Error when evaluating variable in import path '%s' (static imports cannot use "
                            "variables from facts or inventory)",
                            value_text(text));
    if (value_is_integer(made)) {
        *out = value_to_text(scope->loader->arena, made);
        return true;
    }
    if (!value_is(made, VALUE_STRING) || made->as.string.length == 0)
        return error_set_at(err, &where, "expected a name, got a %s", value_kind_text(made));
    *out = value_text(made);
    return true;
}
