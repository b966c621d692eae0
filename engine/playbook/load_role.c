/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roles: an entry or an include becomes a struct role with its files read, its dependencies loaded first, and an
 * implicit block that carries the entry's keywords around its tasks and handlers.
 */
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/playbook/collection.h"
#include "engine/playbook/load_role.h"
#include "engine/playbook/search.h"

struct role_load {
    const struct load_scope *scope; /* where the role is mentioned */
    const struct load_role_request *request;
    struct role *role;
    struct node *wrapper;
    const struct value *entry_vars; /* vars: of the entry */
};

static bool file_of(struct role_load *load, const char *subfolder, const char *main, bool merge,
                    const struct value **out, struct error *err)
{
    struct role_file_request request = { load->role->name, load->role->path, subfolder, main, merge };

    return role_file_read(load->scope->loader, &request, out, err) || error_locate(err, &load->request->at);
}

static bool vars_of(struct role_load *load, const char *subfolder, const char *main, const struct value **out,
                    struct error *err)
{
    const struct value *content = NULL;
    struct source_position at;

    if (!file_of(load, subfolder, main, true, &content, err))
        return false;
    at = value_position(content == NULL ? value_null() : content);
    if (content != NULL && !value_is(content, VALUE_MAP))
        return error_set_at(err, &at, "The %s/main.yml file for role '%s' must contain a dictionary of variables",
                            subfolder, load->role->name);
    *out = content;
    return true;
}

/* `x` and [x] say the same, and so does nothing at all and []. */
static const struct value *key_part(struct arena *arena, const struct value *value)
{
    struct value *list;

    if (value_is(value, VALUE_LIST))
        return value;
    list = value_list(arena);
    if (value != NULL && !value_is(value, VALUE_NULL))
        value_list_add(arena, list, value);
    return list;
}

/* What makes two mentions of a role two invocations: files, parameters, variables, conditions and tags. */
static const struct value *request_key(struct arena *arena, const struct role_load *load)
{
    const struct load_role_request *request = load->request;
    const char *texts[] = { load->role->name,   load->role->path,       request->tasks_from,
                            request->vars_from, request->defaults_from, request->handlers_from };
    struct value *key = value_list(arena);

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        value_list_add(arena, key, texts[i] == NULL ? value_null() : value_string(arena, texts[i]));
    value_list_add(arena, key, load->role->params == NULL ? value_null() : load->role->params);
    value_list_add(arena, key, key_part(arena, value_map_get(request->entry, "when")));
    value_list_add(arena, key, key_part(arena, value_map_get(request->entry, "tags")));
    value_list_add(arena, key, key_part(arena, request->vars != NULL ? request->vars : load->entry_vars));
    value_list_add(arena, key, value_bool(request->from_include));
    return key;
}

static void identity_find(struct role_load *load)
{
    struct playbook_loader *loader = load->scope->loader;
    const struct value *key = request_key(loader->arena, load);
    struct load_identity *identity;

    for (identity = loader->identities; identity != NULL; identity = identity->next) {
        if (identity->play == load->scope->play && value_equal(identity->key, key)) {
            load->role->identity = identity->role;
            return;
        }
    }
    identity = arena_new_of(loader->arena, struct load_identity);
    identity->key = key;
    identity->role = load->role->identity = load->role;
    identity->play = load->scope->play;
    identity->next = loader->identities;
    loader->identities = identity;
}

/* Splits an entry into keywords (on the wrapper), its vars and inline parameters. */
static bool entry_read(struct role_load *load, struct error *err)
{
    struct arena *arena = load->scope->loader->arena;
    const struct value *entry = load->request->entry;
    struct value *params = value_map(arena);
    const struct value *keywords[KEYWORD_COUNT] = { NULL };

    for (size_t i = 0; i < value_count(entry); i++) {
        const struct value_pair *pair = value_pair_at(entry, i);
        const char *key = value_text(pair->key);
        enum keyword keyword;

        if (key == NULL || !keyword_find(key, IN_ROLE, &keyword)) {
            value_map_put_value(arena, params, pair->key, pair->item);
            continue;
        }
        if (keyword != KEYWORD_ROLE && keyword != KEYWORD_NAME &&
            !load_keyword_put(load->scope, keywords, keyword, pair->item, "RoleInclude", err))
            return false;
    }
    load->entry_vars = keywords[KEYWORD_VARS];
    keywords[KEYWORD_VARS] = NULL; /* they rank below vars/main.yml, not with the variables of blocks */
    memcpy(load->wrapper->keywords, keywords, sizeof(keywords));
    load->role->params = value_count(params) > 0 ? params : NULL;
    return true;
}

static bool variables_load(struct role_load *load, struct error *err)
{
    struct role *role = load->role;
    const struct value *vars = NULL, *entry_vars = load->entry_vars;
    struct arena *arena = load->scope->loader->arena;

    if (!vars_of(load, "vars", load->request->vars_from, &vars, err) ||
        !vars_of(load, "defaults", load->request->defaults_from, &role->defaults, err))
        return false;
    if (load->request->vars != NULL)
        entry_vars = load->request->vars;
    role->vars = entry_vars == NULL ? vars : vars == NULL ? entry_vars : value_merge(arena, entry_vars, vars, false);
    return true;
}

/* galaxy's form of a dependency: {src: https://host/name.git, ...} */
static const struct value *dependency_named(struct arena *arena, const struct value *entry)
{
    const char *src = value_map_text(entry, "src");
    struct value *named;
    char *name;

    if (src == NULL || value_map_get(entry, "role") != NULL || value_map_get(entry, "name") != NULL)
        return entry;
    name = arena_copy(arena, path_basename(src));
    if (text_ends(name, ".git"))
        name[strlen(name) - 4] = '\0';
    named = value_map(arena);
    value_map_put_string(arena, named, "role", name);
    return named;
}

static bool dependencies_load(struct role_load *load, const struct value *meta, struct error *err)
{
    const struct value *list = value_map_get(meta, "dependencies");
    struct source_position at = value_position(list == NULL ? value_null() : list);
    struct load_scope inner = *load->scope;
    struct role *role = load->role;

    if (list == NULL || value_is(list, VALUE_NULL))
        return true;
    if (!value_is(list, VALUE_LIST))
        return error_set_at(err, &at, "Expected role dependencies to be a list.");
    inner.parent = load->wrapper;
    inner.role = role;
    inner.depth++;
    for (size_t i = 0; i < value_count(list); i++) {
        struct role *dependency = NULL;

        if (!load_role_entry(&inner, dependency_named(inner.loader->arena, value_item(list, i)), role, &dependency,
                             err))
            return false;
        load_roles_add(inner.loader->arena, &role->dependencies, &role->dependency_count, dependency);
    }
    return true;
}

static bool nodes_load(struct role_load *load, const char *subfolder, struct node_list *out, struct error *err)
{
    struct load_scope inner = *load->scope;
    bool handlers = strcmp(subfolder, "handlers") == 0;
    const char *main = handlers ? load->request->handlers_from : load->request->tasks_from;
    const struct value *content = NULL;
    struct source_position at;

    if (!file_of(load, subfolder, main, false, &content, err))
        return false;
    at = value_position(content == NULL ? value_null() : content);
    if (content != NULL && !value_is(content, VALUE_LIST))
        return error_set_at(err, &at, "The %s/main.yml file for role '%s' must contain a list of tasks", subfolder,
                            load->role->name);
    inner.role = load->role;
    inner.parent = load->wrapper;
    inner.folder = path_join(inner.loader->arena, load->role->path, subfolder);
    inner.handlers = handlers;
    inner.depth++;
    if (!handlers && !load->request->skips_validation && !role_validation_add(&inner, main, out, err))
        return false;
    return load_nodes(&inner, content, subfolder, out, err);
}

static void role_end_add(struct role_load *load)
{
    struct load_scope inner = *load->scope;
    struct node *end;

    inner.role = load->role;
    inner.parent = load->wrapper;
    inner.handlers = false;
    end = load_meta_new(&inner, "role_complete");
    end->is_role_end = true;
    load_list_add(inner.loader->arena, &load->wrapper->tasks, end);
}

/* Its own collection, then those that its meta/main.yml names; and its folders, where modules and plugins may be. */
static void collections_of(struct role_load *load, const struct value *meta)
{
    struct playbook_loader *loader = load->scope->loader;
    const struct value *named = value_map_get(meta, "collections");
    struct role *role = load->role;
    struct value *list = value_list(loader->arena);

    search_add_role(loader, role->path);
    if (role->collection != NULL)
        value_list_add(loader->arena, list, value_string(loader->arena, role->collection));
    else if (role->play->collection != NULL)
        value_list_add(loader->arena, list, value_string(loader->arena, role->play->collection));
    for (size_t i = 0; value_is(named, VALUE_LIST) && i < value_count(named); i++)
        if (value_is(value_item(named, i), VALUE_STRING))
            value_list_add(loader->arena, list, value_item(named, i));
    role->collections = value_count(list) == 0 ? NULL : list;
}

static bool role_depth_check(const struct load_scope *scope, const struct load_role_request *request, struct error *err)
{
    if (scope->depth < LIMIT_INCLUDE_DEPTH)
        return true;
    return error_set_plain_at(err, &request->at,
                              "A recursion loop was detected with the roles specified. Make sure child roles "
                              "do not have dependencies on parent roles (role '%s')",
                              request->name);
}

bool load_role(const struct load_scope *scope, const struct load_role_request *request, struct role **out,
               struct error *err)
{
    struct arena *arena = scope->loader->arena;
    struct role_load load = { .scope = scope, .request = request };
    struct load_scope inner = *scope;
    const struct value *meta = NULL;
    struct role *role;

    if (!role_depth_check(scope, request, err))
        return false;
    role = load.role = arena_new_of(arena, struct role);
    if (!role_folder_find(scope, request, role, err))
        return false;
    role->parent = request->parent;
    role->play = scope->play;
    role->is_public = request->is_public;
    inner.role = role;
    load.wrapper = load_wrapper_new(&inner, &request->at);
    if (!entry_read(&load, err) || !variables_load(&load, err) || !file_of(&load, "meta", NULL, false, &meta, err) ||
        !role_specs_read(scope->loader, request, role, meta, err))
        return false;
    if (meta != NULL && !value_is(meta, VALUE_NULL) && !value_is(meta, VALUE_MAP))
        return error_set_at(err, &request->at, "the 'meta/main.yml' for role %s is not a dictionary", request->name);
    collections_of(&load, meta);
    role->allow_duplicates =
        request->from_include ? request->allow_duplicates : value_map_true(meta, "allow_duplicates");
    identity_find(&load);
    if (!dependencies_load(&load, meta, err))
        return false;
    /* before the tasks: an import below them may add its own */
    if (request->is_public)
        load_roles_add(arena, &scope->play->roles, &scope->play->role_count, role);
    if (!nodes_load(&load, "tasks", &load.wrapper->tasks, err) || !nodes_load(&load, "handlers", &role->handlers, err))
        return false;
    role_end_add(&load);
    load_list_add(arena, &role->tasks, load.wrapper);
    *out = role;
    return true;
}

bool load_role_entry(const struct load_scope *scope, const struct value *entry, const struct role *parent,
                     struct role **out, struct error *err)
{
    struct load_role_request request = { .at = value_position(entry), .parent = parent, .is_public = true };
    const struct value *name = entry;

    if (parent != NULL)
        request.is_public = parent->is_public;
    if (value_is(entry, VALUE_MAP)) {
        request.entry = entry;
        name = value_map_get(entry, "role");
        if (name == NULL)
            name = value_map_get(entry, "name");
        if (!value_is(name, VALUE_STRING) && !value_is(name, VALUE_INT))
            return error_set_plain_at(err, &request.at, "role definitions must contain a role name");
    } else if (!value_is(entry, VALUE_STRING) && !value_is(entry, VALUE_INT)) {
        return error_set_at(err, &request.at, "Invalid role definition: a %s", value_kind_text(entry));
    } else if (value_is(entry, VALUE_STRING) && strchr(value_text(entry), ',') != NULL) {
        return error_set_at(err, &request.at, "Invalid old style role requirement: %s", value_text(entry));
    }
    if (!load_static_text(scope, scope->parent, name, &request.name, err))
        return false;
    request.collections = collection_keyword(scope, value_map_get(request.entry, "collections"));
    return load_role(scope, &request, out, err);
}

struct node_list role_task_nodes(struct arena *arena, const struct role *role)
{
    struct node_list all = { 0 };

    for (size_t i = 0; i < role->dependency_count; i++) {
        struct node_list more = role_task_nodes(arena, role->dependencies[i]);

        load_list_extend(arena, &all, &more);
    }
    load_list_extend(arena, &all, &role->tasks);
    return all;
}

const char *role_short_name(const struct role *role)
{
    size_t length = role->collection == NULL ? 0 : strlen(role->collection);

    return length > 0 && strncmp(role->name, role->collection, length) == 0 && role->name[length] == '.'
               ? role->name + length + 1
               : role->name;
}

struct node_list role_handler_nodes(struct arena *arena, const struct role *role)
{
    struct node_list all = { 0 };

    for (size_t i = 0; i < role->dependency_count; i++) {
        struct node_list more = role_handler_nodes(arena, role->dependencies[i]);

        load_list_extend(arena, &all, &more);
    }
    /* a role mentioned again would bring the same handlers again */
    if (role->identity == role)
        load_list_extend(arena, &all, &role->handlers);
    return all;
}
