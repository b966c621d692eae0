/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Search of files as Ansible does it: absolute and ~ as they are; else the folder of the file that names them and the
 * including ones, the role, the roles it belongs to, the playbook's folder; each with and without the subfolder.
 */
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/playbook/playbook.h"
#include "engine/playbook/search.h"

static const char *existing(struct arena *arena, const char *folder, const char *subfolder, const char *name)
{
    const char *path = path_join(arena, folder, name);

    if (subfolder != NULL)
        path = path_join(arena, path_join(arena, folder, subfolder), name);
    return path_exists(path) ? path_normalize(arena, path) : NULL;
}

static const char *absolute(struct arena *arena, const char *name)
{
    const char *path = path_normalize(arena, path_expand_user(arena, name));

    return path_exists(path) ? path : NULL;
}

/* From `folder` up to and including `top`. */
static const char *upwards(struct arena *arena, const char *folder, const char *top, const char *name)
{
    const char *found = NULL;

    while (found == NULL && folder != NULL && path_is_inside(folder, top)) {
        found = existing(arena, folder, NULL, name);
        if (strcmp(folder, top) == 0)
            break;
        folder = path_dirname(arena, folder);
    }
    return found;
}

static const char *in_role(struct arena *arena, const struct node *node, const char *subfolder, const char *name)
{
    const char *top = path_join(arena, node->role->path, subfolder);
    const char *found = existing(arena, node->role->path, subfolder, name);

    if (path_is_inside(node->include_path_folder, top)) {
        const char *near = upwards(arena, node->include_path_folder, top, name);

        found = near != NULL ? near : found;
    }
    if (found == NULL)
        found = existing(arena, node->role->path, "tasks", name);
    return found != NULL ? found : existing(arena, node->role->path, NULL, name);
}

const char *search_task_file(struct arena *arena, const struct node *node, const char *base_folder,
                             const char *subfolder, const char *name)
{
    const char *found = NULL;

    if (name[0] == '/' || name[0] == '~')
        return absolute(arena, name);
    if (node->role != NULL)
        found = in_role(arena, node, subfolder, name);
    if (found == NULL)
        found = upwards(arena, node->include_path_folder, base_folder, name);
    if (found == NULL)
        found = existing(arena, node->include_path_folder, NULL, name);
    if (found == NULL)
        found = existing(arena, base_folder, subfolder, name);
    return found != NULL ? found : existing(arena, base_folder, NULL, name);
}

static bool starts_with_folder(const char *name, const char *folder)
{
    size_t length = strlen(folder);

    return strncmp(name, folder, length) == 0 && name[length] == '/';
}

/* With the subfolder first, unless the name begins with it. */
static const char *both_ways(struct arena *arena, const char *folder, const char *subfolder, const char *name)
{
    const char *found = NULL;

    if (folder == NULL)
        return NULL;
    if (subfolder != NULL && !starts_with_folder(name, subfolder))
        found = existing(arena, folder, subfolder, name);
    return found != NULL ? found : existing(arena, folder, NULL, name);
}

const char *playbook_find_file(struct arena *arena, const struct node *node, const char *subfolder, const char *name)
{
    const char *found = NULL, *base = node->play->folder;

    if (subfolder != NULL && (strcmp(subfolder, "tasks") == 0 || strcmp(subfolder, "handlers") == 0))
        return search_task_file(arena, node, base, subfolder, name);
    if (name[0] == '/' || name[0] == '~')
        return absolute(arena, name);
    for (const struct role *role = node->role; found == NULL && role != NULL; role = role->parent)
        found = both_ways(arena, role->path, subfolder, name);
    /* a task file in a folder below tasks/ looks in the role's own folders, then in tasks/ */
    if (found == NULL && node->role != NULL && text_ends(path_dirname(arena, node->include_path_folder), "/tasks"))
        found = existing(arena, path_dirname(arena, node->include_path_folder), NULL, name);
    if (found == NULL)
        found = both_ways(arena, node->include_path_folder, subfolder, name);
    return found != NULL ? found : both_ways(arena, base, subfolder, name);
}

/* One folder of the search, with and without the subfolder. */
static void searched_add(struct text *list, const char *folder, const char *subfolder, const char *name)
{
    struct arena *arena = list->arena;

    folder = path_absolute(arena, folder);
    text_printf(list, "\n\t%s\n\t%s", path_join(arena, path_join(arena, folder, subfolder), name),
                path_join(arena, folder, name));
}

const char *playbook_searched(struct arena *arena, const struct node *node, const char *subfolder, const char *name)
{
    struct text list = text_new(arena);
    bool has_own = node->include_path_folder == NULL;

    if (name[0] == '/' || name[0] == '~')
        return "";
    text_add(&list, "\nSearched in:");
    for (const struct role *role = node->role; role != NULL; role = role->parent) {
        searched_add(&list, role->path, subfolder, name);
        has_own = has_own || text_equal(role->path, node->include_path_folder);
    }
    if (!has_own)
        searched_add(&list, node->include_path_folder, subfolder, name);
    searched_add(&list, node->play->folder, subfolder, name);
    return list.data;
}
