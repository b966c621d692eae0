/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding collections and reading what they say of their own names. Each is looked for once a run.
 */
#include "engine/playbook/collection.h"

#include <ctype.h>
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/playbook/search.h"

#define ROUTES_MAX 16 /* redirections after each other */
#define ROOT_NAME "ansible_collections"

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

bool collection_is_qualified(const char *name)
{
    int parts = 1;

    if (name == NULL || !is_word(name[0]))
        return false;
    for (const char *at = name; *at != '\0'; at++) {
        if (*at == '.' && is_word(at[1]))
            parts++;
        else if (!is_word(*at))
            return false;
    }
    return parts >= 3;
}

/* Length of "ns.name" in "ns.name.what". */
static size_t collection_length(const char *name)
{
    const char *dot = strchr(name, '.');

    return (size_t)(strchr(dot + 1, '.') - name);
}

static const char *folder_below(struct arena *arena, const char *root, const char *name)
{
    const char *top = root, *dot = strchr(name, '.'), *folder;

    if (strcmp(path_basename(root), ROOT_NAME) != 0)
        top = path_join(arena, root, ROOT_NAME);
    folder = arena_printf(arena, "%s/%.*s/%s", top, (int)(dot - name), name, dot + 1);
    return path_is_folder(folder) ? path_normalize(arena, path_absolute(arena, folder)) : NULL;
}

static const char *folder_find(struct playbook_loader *loader, const char *name)
{
    const char *const *roots = loader->config.collection_folders;
    const char *found = NULL;

    for (size_t i = 0; found == NULL && i < value_count(loader->playbook_folders); i++)
        found = folder_below(
            loader->arena, path_join(loader->arena, value_text(value_item(loader->playbook_folders, i)), "collections"),
            name);
    for (size_t i = 0; found == NULL && roots != NULL && roots[i] != NULL; i++)
        found = folder_below(loader->arena, path_expand_user(loader->arena, roots[i]), name);
    return found;
}

static bool runtime_read(struct playbook_loader *loader, struct collection *collection, struct error *err)
{
    const struct value *runtime = NULL;
    const char *path = path_join(loader->arena, collection->folder, "meta/runtime.yml");

    if (!path_is_file(path))
        return true;
    if (!load_file_read(loader, path, &runtime, err))
        return error_prefix(err, "collection %s", collection->name);
    collection->routing = value_map_get(runtime, "plugin_routing");
    collection->groups = value_map_get(runtime, "action_groups");
    return true;
}

bool collection_find(struct playbook_loader *loader, const char *name, const struct collection **out, struct error *err)
{
    struct collection *collection;
    const char *dot = strchr(name, '.');

    *out = NULL;
    if (dot == NULL || strchr(dot + 1, '.') != NULL || strchr(name, '/') != NULL)
        return true;
    for (collection = loader->collections; collection != NULL; collection = collection->next)
        if (strcmp(collection->name, name) == 0)
            break;
    if (collection == NULL) {
        collection = arena_new_of(loader->arena, struct collection);
        collection->name = arena_copy(loader->arena, name);
        collection->folder = folder_find(loader, name);
        if (collection->folder != NULL && !runtime_read(loader, collection, err))
            return false;
        collection->next = loader->collections;
        loader->collections = collection;
    }
    *out = collection->folder == NULL ? NULL : collection;
    return true;
}

void collection_add_playbook(struct playbook_loader *loader, const char *folder)
{
    if (loader->playbook_folders == NULL)
        loader->playbook_folders = value_list(loader->arena);
    for (size_t i = 0; i < value_count(loader->playbook_folders); i++)
        if (text_equal(value_text(value_item(loader->playbook_folders, i)), folder))
            return;
    value_list_add(loader->arena, loader->playbook_folders, value_string(loader->arena, folder));
    loader->collections = NULL; /* what was not found may be there */
    loader->found_modules = NULL;
}

/* --- names that stand for others --- */

/* "This feature ... from ns.name in version 3.0.0." */
static char *removal_text(struct arena *arena, const struct value *entry, const char *start, const char *collection)
{
    const struct value *date = value_map_get(entry, "removal_date");
    const struct value *version = value_map_get(entry, "removal_version");

    if (date != NULL && value_truthy(date))
        return arena_printf(arena, "%s from %s in a release after %s.", start, collection, value_to_text(arena, date));
    if (version != NULL && value_truthy(version))
        return arena_printf(arena, "%s from %s in version %s.", start, collection, value_to_text(arena, version));
    return arena_printf(arena, "%s from %s in a future release.", start, collection);
}

static char *warning_text(struct arena *arena, const struct value *entry, const char *name, const char *what)
{
    const struct value *more = value_map_get(entry, "warning_text");
    const char *text = more == NULL || !value_truthy(more) ? "" : value_to_text(arena, more);
    char *whole = text_trim(arena, text, strlen(text));
    size_t length = strlen(whole);
    bool has_end = length > 0 && strchr("!?.", whole[length - 1]) != NULL;

    return arena_printf(arena, "%s has been %s.%s%s%s", name, what, length > 0 ? " " : "", whole,
                        length == 0 || has_end ? "" : ".");
}

static bool removed(struct playbook_loader *loader, const struct value *tombstone, const char *name,
                    const char *collection, struct error *err)
{
    struct arena *arena = loader->arena;

    return error_set_kind(err, ERROR_PARSE, "[DEPRECATED]: %s %s Please update your playbooks.",
                          warning_text(arena, tombstone, name, "removed"),
                          removal_text(arena, tombstone, "This feature was removed", collection));
}

static void deprecated(struct playbook_loader *loader, const struct value *entry, const char *name,
                       const char *collection)
{
    struct arena *arena = loader->arena;

    load_warn_once(loader, arena_printf(arena,
                                        "[DEPRECATION WARNING]: %s %s Deprecation warnings can be disabled by setting "
                                        "deprecation_warnings=False in ansible.cfg.",
                                        warning_text(arena, entry, name, "deprecated"),
                                        removal_text(arena, entry, "This feature will be removed", collection)));
}

/* One step; *out NULL: nothing is said of the name. */
static bool route_step(struct playbook_loader *loader, const char *kind, const char *name, const char **out,
                       struct error *err)
{
    const char *owner = arena_copy_n(loader->arena, name, collection_length(name));
    const struct collection *collection = NULL;
    const struct value *entry, *redirect;

    *out = NULL;
    if (!collection_find(loader, owner, &collection, err))
        return false;
    if (collection == NULL)
        return true;
    entry = value_map_get(value_map_get(collection->routing, kind), name + strlen(owner) + 1);
    if (value_truthy(value_map_get(entry, "deprecation") == NULL ? value_null() : value_map_get(entry, "deprecation")))
        deprecated(loader, value_map_get(entry, "deprecation"), name, owner);
    if (value_is(value_map_get(entry, "tombstone"), VALUE_MAP))
        return removed(loader, value_map_get(entry, "tombstone"), name, owner, err);
    redirect = value_map_get(entry, "redirect");
    if (redirect == NULL || !value_truthy(redirect))
        return true;
    if (!collection_is_qualified(value_text(redirect)))
        return error_set_kind(err, ERROR_PARSE,
                              "Collection %s contains invalid redirect for %s: %s. Redirects must use fully qualified "
                              "collection names.",
                              owner, name, value_to_text(loader->arena, redirect));
    *out = value_text(redirect);
    return true;
}

bool collection_route(struct playbook_loader *loader, const char *kind, const char *name, const char **out,
                      struct error *err)
{
    const char *first = name, *next = NULL;

    for (int i = 0; i < ROUTES_MAX; i++) {
        if (!route_step(loader, kind, name, &next, err))
            return false;
        if (next == NULL) {
            *out = name;
            return true;
        }
        name = next;
    }
    return error_set_kind(err, ERROR_PARSE, "plugin redirect loop resolving %s (at %s)", first, name);
}

static const char *action_named(struct playbook_loader *loader, const char *name)
{
    const char *owner = arena_copy_n(loader->arena, name, collection_length(name)), *action;
    const struct collection *collection = NULL;
    struct error ignored = ERROR_INIT;

    if (!collection_find(loader, owner, &collection, &ignored) || collection == NULL)
        return NULL;
    action = value_map_text(value_map_get(value_map_get(collection->routing, "modules"), name + strlen(owner) + 1),
                            "action_plugin");
    if (action == NULL || collection_is_qualified(action))
        return action;
    return arena_printf(loader->arena, "%s.%s", owner, action);
}

const char *collection_action(struct playbook_loader *loader, const struct node *node, const char *name)
{
    const char *action = NULL;

    if (collection_is_qualified(name))
        return action_named(loader, name);
    for (size_t i = 0; action == NULL && i < value_count(node->collections); i++) {
        const char *owner = value_text(value_item(node->collections, i));
        const char *full = owner == NULL ? NULL : arena_printf(loader->arena, "%s.%s", owner, name);

        if (full != NULL && collection_is_qualified(full))
            action = action_named(loader, full);
    }
    return action;
}

/* --- which collections --- */

/* "a" and [a] say the same. */
static struct value *list_of(struct arena *arena, const struct value *value)
{
    struct value *list = value_list(arena);

    if (value_is(value, VALUE_STRING))
        value_list_add(arena, list, value);
    for (size_t i = 0; value_is(value, VALUE_LIST) && i < value_count(value); i++)
        value_list_add(arena, list, value_item(value, i));
    return list;
}

static const struct value *written(const struct load_scope *scope)
{
    const struct node *node = scope->parent;

    for (; node != NULL && node->role == scope->role; node = node->parent)
        if (node->keywords[KEYWORD_COLLECTIONS] != NULL)
            return node->keywords[KEYWORD_COLLECTIONS];
    return scope->role != NULL ? scope->role->collections : scope->play->keywords[KEYWORD_COLLECTIONS];
}

const struct value *collection_keyword(const struct load_scope *scope, const struct value *own)
{
    struct arena *arena = scope->loader->arena;
    const struct value *found = own != NULL ? own : written(scope);
    struct value *list;

    if (found == NULL && (scope->role != NULL || scope->play->collection == NULL))
        return NULL;
    list = list_of(arena, found);
    if (scope->role == NULL && scope->play->collection != NULL)
        value_list_insert(arena, list, 0, value_string(arena, scope->play->collection));
    return list;
}

/* --- files --- */

/* Where "ns.name.folder.what" would be, without an extension; NULL: no such collection. */
static const char *place_of(struct playbook_loader *loader, const char *subfolder, const char *name,
                            const char **collection_out)
{
    struct arena *arena = loader->arena;
    const char *owner = arena_copy_n(arena, name, collection_length(name));
    const struct collection *collection = NULL;
    struct error ignored = ERROR_INIT;
    char *inner;

    if (!collection_find(loader, owner, &collection, &ignored) || collection == NULL)
        return NULL;
    inner = arena_copy(arena, name + strlen(owner) + 1);
    for (char *at = inner; *at != '\0'; at++)
        *at = *at == '.' ? '/' : *at;
    if (collection_out != NULL)
        *collection_out = collection->name;
    return path_join(arena, path_join(arena, collection->folder, subfolder), inner);
}

const char *collection_file(struct playbook_loader *loader, const char *subfolder, const char *name,
                            const char *const *extensions)
{
    const char *place = place_of(loader, subfolder, name, NULL);

    return place == NULL
               ? NULL
               : search_folder(loader->arena, path_dirname(loader->arena, place), path_basename(place), extensions);
}

const char *collection_folder(struct playbook_loader *loader, const char *subfolder, const char *name,
                              const char **collection_out)
{
    const char *collection = NULL, *place = place_of(loader, subfolder, name, &collection);

    if (place == NULL || !path_is_folder(place))
        return NULL;
    *collection_out = collection;
    return place;
}

const char *collection_playbook(struct playbook_loader *loader, const char *name)
{
    static const char *const endings[] = { "", ".yml", ".yaml", NULL };
    size_t length = strlen(name);
    char *stem = arena_copy(loader->arena, name);

    if (!collection_is_qualified(name) || path_exists(name))
        return NULL;
    if (text_ends(name, ".yml"))
        stem[length - strlen(".yml")] = '\0';
    else if (text_ends(name, ".yaml"))
        stem[length - strlen(".yaml")] = '\0';
    return collection_is_qualified(stem) ? collection_file(loader, "playbooks", stem, endings) : NULL;
}

const char *collection_of_path(struct arena *arena, const char *path)
{
    const char *at = strstr(path, "/" ROOT_NAME "/"), *slash, *end;

    if (at == NULL)
        return NULL;
    at += strlen("/" ROOT_NAME "/");
    slash = strchr(at, '/');
    end = slash == NULL ? NULL : strchr(slash + 1, '/');
    if (end == NULL)
        return NULL;
    return arena_printf(arena, "%.*s.%.*s", (int)(slash - at), at, (int)(end - slash - 1), slash + 1);
}
