/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules and plugins that users bring: in library/ and *_plugins/ beside playbooks and in roles, in the folders of the
 * settings, in collections. Whether Roost can run what is found is not decided here.
 */
#include <dirent.h>
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/playbook/collection.h"
#include "engine/playbook/search.h"
#include "engine/playbook/task_action.h"

static const char *const python_only[] = { ".py", NULL };

static bool is_no_module(const char *extension, const char *name)
{
    static const char *const endings[] = { ".pyc", ".pyo", ".swp",  ".bak", ".rpm", ".md",
                                           ".txt", ".rst", ".yaml", ".yml", ".ini", NULL };

    return text_in(extension, endings) || text_ends(name, "~");
}

const char *search_folder(struct arena *arena, const char *folder, const char *name, const char *const *extensions)
{
    size_t length = strlen(name);
    const char *found = NULL;
    struct dirent *entry;
    DIR *stream;

    for (size_t i = 0; extensions != NULL && extensions[i] != NULL; i++) {
        const char *path = arena_printf(arena, "%s/%s%s", folder, name, extensions[i]);

        if (path_is_file(path))
            return path;
    }
    stream = extensions == NULL && length > 0 ? opendir(folder) : NULL;
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        const char *ending = path_extension(entry->d_name), *path;

        if (strncmp(entry->d_name, name, length) != 0 ||
            (entry->d_name[length] != '\0' && strcmp(entry->d_name + length, ending) != 0) ||
            is_no_module(ending, entry->d_name))
            continue;
        path = path_join(arena, folder, entry->d_name);
        if (path_is_file(path) && (found == NULL || strcmp(path, found) < 0))
            found = path;
    }
    if (stream != NULL)
        closedir(stream);
    return found;
}

/* <each folder>/<subfolder>/name */
static const char *in_folders(struct arena *arena, const struct value *folders, const char *subfolder, const char *name,
                              const char *const *extensions)
{
    const char *found = NULL;

    for (size_t i = 0; found == NULL && i < value_count(folders); i++)
        found = search_folder(arena, path_join(arena, value_text(value_item(folders, i)), subfolder), name, extensions);
    return found;
}

/* A configured folder, and those one level below it. */
static const char *in_configured(struct arena *arena, const char *folder, const char *name)
{
    const char *found = search_folder(arena, folder, name, NULL);
    DIR *stream = found == NULL ? opendir(folder) : NULL;
    struct dirent *entry;

    while (stream != NULL && found == NULL && (entry = readdir(stream)) != NULL)
        if (entry->d_name[0] != '.' && path_is_folder(path_join(arena, folder, entry->d_name)))
            found = search_folder(arena, path_join(arena, folder, entry->d_name), name, NULL);
    if (stream != NULL)
        closedir(stream);
    return found;
}

static const char *libraries_search(struct playbook_loader *loader, const char *name)
{
    const char *const *configured = loader->config.module_folders;
    const char *found = in_folders(loader->arena, loader->playbook_folders, "library", name, NULL);

    if (found == NULL)
        found = in_folders(loader->arena, loader->role_folders, "library", name, NULL);
    for (size_t i = 0; found == NULL && configured != NULL && configured[i] != NULL; i++)
        found = in_configured(loader->arena, path_expand_user(loader->arena, configured[i]), name);
    return found;
}

static void found_put(struct playbook_loader *loader, const char *key, const char *path)
{
    if (loader->found_modules == NULL)
        loader->found_modules = value_map(loader->arena);
    value_map_put_string(loader->arena, loader->found_modules, key, path);
}

/* Each name is looked for once, until folders are added. */
static const char *in_libraries(struct playbook_loader *loader, const char *name)
{
    const struct value *known = value_map_get(loader->found_modules, name);
    const char *path;

    if (known != NULL)
        return value_text(known);
    path = libraries_search(loader, name);
    found_put(loader, name, path);
    return path;
}

static bool is_core(const char *collection)
{
    return strcmp(collection, "ansible.builtin") == 0 || strcmp(collection, "ansible.legacy") == 0;
}

/* In the collections that the node names, before everything else. */
static bool in_collections(struct playbook_loader *loader, const struct node *node, const char *name, const char **out,
                           struct error *err)
{
    for (size_t i = 0; *out == NULL && i < value_count(node->collections); i++) {
        const char *collection = value_text(value_item(node->collections, i));
        const char *full, *routed = NULL;

        if (collection == NULL || is_core(collection))
            break;
        full = arena_printf(loader->arena, "%s.%s", collection, name);
        if (!collection_is_qualified(full))
            continue;
        if (!collection_route(loader, "modules", full, &routed, err))
            return false;
        *out = collection_file(loader, "plugins/modules", routed, NULL);
    }
    return true;
}

bool search_module(struct playbook_loader *loader, const struct node *node, const char *name, const char **out,
                   struct error *err)
{
    const char *routed = NULL;
    bool is_legacy = text_starts(name, "ansible.legacy.");

    *out = NULL;
    if (text_starts(name, "ansible.builtin.") || strchr(name, '/') != NULL)
        return true;
    if (!is_legacy && collection_is_qualified(name)) {
        if (!collection_route(loader, "modules", name, &routed, err))
            return false;
        *out = collection_file(loader, "plugins/modules", routed, NULL);
        return true;
    }
    if (!is_legacy && !in_collections(loader, node, name, out, err))
        return false;
    if (*out == NULL)
        *out = in_libraries(loader, task_action_short(name));
    return true;
}

void search_add_role(struct playbook_loader *loader, const char *folder)
{
    if (loader->role_folders == NULL)
        loader->role_folders = value_list(loader->arena);
    for (size_t i = 0; i < value_count(loader->role_folders); i++)
        if (text_equal(value_text(value_item(loader->role_folders, i)), folder))
            return;
    value_list_add(loader->arena, loader->role_folders, value_string(loader->arena, folder));
    loader->found_modules = NULL;
}

static const char *action_in_configured(struct playbook_loader *loader, const char *name)
{
    const char *const *configured = loader->config.action_folders;
    const char *found = NULL;

    for (size_t i = 0; found == NULL && configured != NULL && configured[i] != NULL; i++)
        found = search_folder(loader->arena, path_expand_user(loader->arena, configured[i]), name, python_only);
    return found;
}

static const char *plugin_in_folders(struct playbook_loader *loader, const char *subfolder, const char *name)
{
    const char *key = arena_printf(loader->arena, "%s/%s", subfolder, name), *found;
    const struct value *known = value_map_get(loader->found_modules, key);

    if (known != NULL)
        return value_text(known);
    found = in_folders(loader->arena, loader->playbook_folders, subfolder, name, python_only);
    if (found == NULL)
        found = in_folders(loader->arena, loader->role_folders, subfolder, name, python_only);
    if (found == NULL && strcmp(subfolder, "action_plugins") == 0)
        found = action_in_configured(loader, name);
    found_put(loader, key, found);
    return found;
}

const char *search_plugin(struct playbook_loader *loader, const struct node *node, const char *kind, const char *name)
{
    struct arena *arena = loader->arena;
    const char *own = arena_printf(arena, "%s_plugins", kind), *found = NULL;
    const char *theirs = arena_printf(arena, "plugins/%s", kind);

    if (text_starts(name, "ansible.builtin.") || strchr(name, '/') != NULL)
        return NULL;
    if (collection_is_qualified(name) && !text_starts(name, "ansible.legacy."))
        return collection_file(loader, theirs, name, python_only);
    name = task_action_short(name);
    for (size_t i = 0; found == NULL && node != NULL && i < value_count(node->collections); i++) {
        const char *collection = value_text(value_item(node->collections, i));
        const char *full = collection == NULL ? NULL : arena_printf(arena, "%s.%s", collection, name);

        if (collection_is_qualified(full) && !is_core(collection))
            found = collection_file(loader, theirs, full, python_only);
    }
    return found != NULL ? found : plugin_in_folders(loader, own, name);
}

const char *const *search_module_utils(struct playbook_loader *loader)
{
    const struct value *both[] = { loader->playbook_folders, loader->role_folders };
    const char **folders =
        arena_new_array(loader->arena, const char *, value_count(both[0]) + value_count(both[1]) + 1);
    size_t count = 0;

    for (size_t n = 0; n < 2; n++)
        for (size_t i = 0; i < value_count(both[n]); i++) {
            const char *folder = path_join(loader->arena, value_text(value_item(both[n], i)), "module_utils");

            if (path_is_folder(folder))
                folders[count++] = folder;
        }
    folders[count] = NULL;
    return folders;
}
