/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a role: main.yml, main.yaml, main.json or main in a subfolder, or (defaults, vars) a folder of them.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/playbook/collection.h"
#include "engine/playbook/load_role.h"

#define OTHER_ROLES "other folders: --roles-path, ANSIBLE_ROLES_PATH, or roles_path of an ansible.cfg here"

static int name_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_vars_file(const char *name)
{
    static const char *const extensions[] = { "", ".yml", ".yaml", ".json", NULL };

    return text_in(path_extension(name), extensions);
}

/* Names of a folder without hidden and backup files, sorted; NULL-terminated. */
static char **folder_names(struct arena *arena, const char *folder)
{
    char **names = arena_new_array(arena, char *, 1);
    size_t count = 0;
    DIR *stream = opendir(folder);
    struct dirent *entry;

    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        if (entry->d_name[0] == '.' || text_ends(entry->d_name, "~"))
            continue;
        names = arena_grow(arena, names, (count + 1) * sizeof(char *), (count + 2) * sizeof(char *));
        names[count++] = arena_copy(arena, entry->d_name);
    }
    if (stream != NULL)
        closedir(stream);
    qsort(names, count, sizeof(char *), name_compare);
    return names;
}

static bool content_merge(struct playbook_loader *loader, const char *path, const struct value **into,
                          struct error *err)
{
    const struct value *content = NULL;

    if (!load_file_vars(loader, path, &content, err))
        return false;
    if (content == NULL || !value_truthy(content))
        return true;
    *into = value_is(*into, VALUE_MAP) && value_is(content, VALUE_MAP)
                ? value_merge(loader->arena, *into, content, false)
                : content;
    return true;
}

static bool folder_merge(struct playbook_loader *loader, const char *folder, int depth, const struct value **into,
                         struct error *err)
{
    char **names = folder_names(loader->arena, folder);

    for (size_t i = 0; names[i] != NULL; i++) {
        const char *path = path_join(loader->arena, folder, names[i]);

        if (path_is_folder(path)) {
            if (path_extension(names[i])[0] == '\0' && depth < LIMIT_INCLUDE_DEPTH &&
                !folder_merge(loader, path, depth + 1, into, err))
                return false;
        } else if (is_vars_file(names[i]) && !content_merge(loader, path, into, err)) {
            return false;
        }
    }
    return true;
}

/* Links followed; as it is written when that cannot be. */
static const char *path_real(struct arena *arena, const char *path)
{
    char *real = realpath(path, NULL);
    const char *copy = real == NULL ? path_normalize(arena, path) : arena_copy(arena, real);

    free(real);
    return copy;
}

bool role_file_read(struct playbook_loader *loader, const struct role_file_request *request, const struct value **out,
                    struct error *err)
{
    static const char *const main_first[] = { ".yml", ".yaml", ".json", "", NULL };
    static const char *const named_first[] = { "", ".yml", ".yaml", ".json", NULL };
    const char *const *extensions = request->main == NULL ? main_first : named_first;
    const char *folder = path_join(loader->arena, request->path, request->subfolder);
    const char *name = request->main == NULL ? "main" : request->main;

    *out = NULL;
    if (!path_is_folder(folder))
        return true;
    for (size_t i = 0; extensions[i] != NULL; i++) {
        const char *path = path_join(loader->arena, folder, arena_printf(loader->arena, "%s%s", name, extensions[i]));

        if (path_is_file(path)) {
            if (!path_is_inside(path_real(loader->arena, path), path_real(loader->arena, folder)))
                return error_set_kind(err, ERROR_PARSE,
                                      "Failed loading '%s' for role (%s) as it is not inside the "
                                      "expected role path: '%s'",
                                      path_real(loader->arena, path), request->role, folder);
            return content_merge(loader, path, out, err);
        }
        if (request->merge && path_is_folder(path))
            return folder_merge(loader, path, 0, out, err);
    }
    if (request->main != NULL)
        return error_set_kind(err, ERROR_PARSE, "Could not find specified file in role: %s/%s", request->subfolder,
                              request->main);
    return true;
}

/* roles/ in the folder above the playbook's is no place of Ansible's, but one that many projects have. */
static bool role_not_found(const struct load_scope *scope, const struct load_role_request *request,
                           const char *searched, struct error *err)
{
    struct arena *arena = scope->loader->arena;
    const char *above = path_join(arena, path_dirname(arena, scope->base_folder), "roles");

    if (path_is_folder(path_join(arena, above, request->name)))
        return error_set_plain_at(err, &request->at, "the role '%s' was not found in %s; --roles-path %s has it",
                                  request->name, searched, above);
    return error_set_plain_at(err, &request->at, "the role '%s' was not found in %s; " OTHER_ROLES, request->name,
                              searched);
}

/* A role of a collection: by its full name, or by a short one in the collections that are named. */
static bool in_collections(const struct load_scope *scope, const struct load_role_request *request, struct role *role,
                           struct error *err)
{
    struct arena *arena = scope->loader->arena;
    const char *full = request->name, *routed = NULL;
    bool is_full = collection_is_qualified(full);
    size_t count = is_full ? 1 : value_count(request->collections);

    for (size_t i = 0; i < count && role->path == NULL; i++) {
        if (!is_full)
            full = arena_printf(arena, "%s.%s", value_text(value_item(request->collections, i)), request->name);
        if (!collection_is_qualified(full))
            continue;
        if (!collection_route(scope->loader, "role", full, &routed, err))
            return error_locate(err, &request->at);
        role->path = collection_folder(scope->loader, "roles", routed, &role->collection);
        if (role->path != NULL)
            role->name = arena_printf(arena, "%s.%s", role->collection, strrchr(routed, '.') + 1);
    }
    return true;
}

static bool in_folder(struct arena *arena, const char *folder, const struct load_role_request *request,
                      struct role *role)
{
    const char *path = path_expand_user(arena, request->name);

    if (folder != NULL)
        path = path_join(arena, path_expand_user(arena, folder), request->name);
    path = path_absolute(arena, path);
    if (!path_is_folder(path))
        return false;
    role->path = path_normalize(arena, path);
    role->collection = collection_of_path(arena, role->path);
    role->name = folder == NULL ? path_basename(request->name) : request->name;
    return true;
}

bool role_folder_find(const struct load_scope *scope, const struct load_role_request *request, struct role *role,
                      struct error *err)
{
    struct arena *arena = scope->loader->arena;
    const char *const *configured = scope->loader->config.role_folders;
    const char *folders[64];
    struct text searched = text_new(arena);
    size_t count = 0;

    if (!in_collections(scope, request, role, err))
        return false;
    if (role->path != NULL)
        return true;
    folders[count++] = path_join(arena, scope->base_folder, "roles");
    for (size_t i = 0; configured != NULL && configured[i] != NULL && count < 60; i++)
        folders[count++] = configured[i];
    if (request->parent != NULL && !request->from_include)
        folders[count++] = path_dirname(arena, request->parent->path);
    folders[count++] = scope->base_folder;
    for (size_t i = 0; i < value_count(request->collections); i++)
        text_printf(&searched, "%s:", value_text(value_item(request->collections, i)));
    for (size_t i = 0; i < count; i++) {
        if (in_folder(arena, folders[i], request, role))
            return true;
        text_printf(&searched, "%s%s", i == 0 ? "" : ":", folders[i]);
    }
    return in_folder(arena, NULL, request, role) || role_not_found(scope, request, searched.data, err);
}
