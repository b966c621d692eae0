/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world of variables of one run: its configuration, the play it is in, the caches of inventory variables and of search
 * folders.
 */
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/vars/vars_internal.h"

struct vars_world *vars_world_new(struct arena *arena, const struct vars_config *config)
{
    struct vars_world *world = arena_new_of(arena, struct vars_world);

    world->arena = arena;
    world->config = *config;
    world->inventory_arena = arena_new();
    world->play_arena = arena_new();
    world->noted_files = value_map(arena);
    world->hostvars = vars_hostvars_object(world, arena);
    return world;
}

void vars_world_free(struct vars_world *world)
{
    if (world == NULL)
        return;
    vars_cache_flush(world);
    for (size_t i = 0; i < world->host_capacity; i++)
        arena_free(world->hosts[i].arena);
    for (size_t i = 0; i < world->made_capacity; i++)
        arena_free(world->made_hosts[i].arena);
    arena_free(world->inventory_arena);
    arena_free(world->play_arena);
}

const struct vars_config *vars_world_config(const struct vars_world *world)
{
    return &world->config;
}

void vars_world_withhold(struct vars_world *world, const char *name)
{
    if (world->withheld == NULL)
        world->withheld = value_map(world->arena);
    value_map_put(world->arena, world->withheld, arena_copy(world->arena, name), value_bool(true));
}

const char *vars_world_missed(const struct vars_world *world)
{
    return world->missed;
}

void vars_world_enter(struct vars_world *world, const struct vars_play *play)
{
    bool same = play != NULL && world->play != NULL && play->play == world->play->play;

    world->play = play;
    if (same)
        return;
    arena_reset(world->play_arena);
    world->file_cache = value_map(world->play_arena);
    world->static_files = NULL;
    for (size_t i = 0; i < world->host_capacity; i++)
        world->hosts[i].files = world->hosts[i].file_names = NULL;
    for (size_t i = 0; i < world->made_capacity; i++)
        world->made_hosts[i].files = world->made_hosts[i].file_names = NULL;
    if (play != NULL)
        vars_play_roles(world, play->play);
}

void vars_world_inventory_changed(struct vars_world *world)
{
    for (size_t i = 0; i < world->host_capacity; i++)
        world->hosts[i].inventory = NULL;
    world->groups = NULL;
}

bool vars_host_inventory(struct vars_world *world, const struct inventory_host *host, const char *folder,
                         const struct value **out, struct error *err)
{
    struct vars_host *entry = vars_host_of(world, host);
    const struct value *map = NULL;

    if (entry->inventory == NULL || !text_equal(entry->inventory_folder, folder)) {
        const struct inventory_vars_files files = { .playbook_folder = folder,
                                                    .config = world->config.inventory_config };

        if (!inventory_host_variables(world->config.inventory, world->inventory_arena, host, &files, &map, err))
            return false;
        entry = vars_host_of(world, host);
        entry->inventory = map == NULL ? value_map(world->inventory_arena) : map;
        entry->inventory_folder = folder;
    }
    *out = entry->inventory;
    return true;
}

bool vars_world_read_host(struct vars_world *world, const struct inventory_host *host, struct error *err)
{
    const struct value *ignored = NULL;

    return vars_host_inventory(world, host, world->play == NULL ? NULL : world->play->play->folder, &ignored, err);
}

static void folder_add(const char **folders, size_t *count, const char *folder)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(folders[i], folder) == 0)
            return;
    folders[(*count)++] = folder;
}

/* Role folders from the task's role outwards, the folder of the task's file, the play's folder. */
static const char *const *folders_make(struct vars_world *world, const struct node *task, const char *play_folder)
{
    size_t depth = 0, count = 0;
    const char **folders;

    for (const struct role *role = task->role; role != NULL; role = role->parent)
        depth++;
    folders = arena_new_array(world->arena, const char *, depth + 3);
    for (const struct role *role = task->role; role != NULL; role = role->parent)
        folder_add(folders, &count, role->path);
    if (task->at.path != NULL)
        folder_add(folders, &count, path_absolute(world->arena, path_dirname(world->arena, task->at.path)));
    if (play_folder != NULL)
        folder_add(folders, &count, path_absolute(world->arena, play_folder));
    return folders;
}

const char *const *vars_search_folders(struct vars_world *world, const struct node *task, const struct vars_play *play)
{
    static const struct node no_task;
    const char *play_folder = play == NULL ? NULL : play->play->folder;
    struct vars_folders *entry = world->folders;

    if (task == NULL)
        task = &no_task;
    while (entry != NULL &&
           !(entry->role == task->role && entry->path == task->at.path && entry->play_folder == play_folder))
        entry = entry->next;
    if (entry != NULL)
        return entry->folders;
    entry = arena_new_of(world->arena, struct vars_folders);
    *entry = (struct vars_folders){ task->role, task->at.path, play_folder, folders_make(world, task, play_folder),
                                    world->folders };
    world->folders = entry;
    return entry->folders;
}
