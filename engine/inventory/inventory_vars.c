/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Precedence levels 3 to 10: variables of groups and hosts from the inventory, from group_vars/ and host_vars/ beside the
 * sources and beside the playbook. Files are read once a run.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/inventory/inventory_internal.h"
#include "engine/vault/data_file.h"
#include "engine/vault/vault.h"

struct vars_reader {
    struct inventory *inventory;
    struct arena *arena; /* of the result; files are kept in the inventory's */
    const struct inventory_config *config;
    const char *playbook_folder;
    struct error *err;
};

/* --- files --- */

static bool file_add(struct vars_reader *reader, const char *path, const struct value **into)
{
    const struct inventory_config *config = reader->config;
    struct arena *arena = reader->inventory->arena;
    const struct vault_door door = { config == NULL ? NULL : config->decrypt,
                                     config == NULL ? NULL : config->decrypt_context };
    struct vault_content text = { 0 };
    struct yaml_source source = { .path = path, .trusted = true };
    struct source_position at = { path, 1, 1 };
    const struct value *content = NULL;

    if (!vault_read_file(&door, arena, path, LIMIT_YAML_FILE, &text, reader->err))
        return false;
    source.data = text.data;
    source.length = text.length;
    if (!data_read(arena, &source, &content, reader->err))
        return false;
    if (text.was_encrypted)
        content = vault_secret_values(&door, arena, content);
    if (content == NULL || !value_truthy(content))
        return true;
    if (!value_is(content, VALUE_MAP))
        return error_set_at(reader->err, &at, "a variables file must contain a dictionary of variables, got a %s",
                            value_kind_text(content));
    *into = *into == NULL ? content : value_merge(arena, *into, content, false);
    return true;
}

static bool has_vars_extension(const char *name)
{
    static const char *const extensions[] = { "", ".yml", ".yaml", ".json", NULL };

    return text_in(path_extension(name), extensions);
}

static int entry_order(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool folder_add(struct vars_reader *reader, const char *folder, int depth, const struct value **into)
{
    struct dirent **entries = NULL;
    int count = depth > LIMIT_INCLUDE_DEPTH ? 0 : scandir(folder, &entries, NULL, entry_order);
    bool fine = true;

    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        const char *path = path_join(reader->inventory->arena, folder, name);

        if (fine && name[0] != '.' && !text_ends(name, "~")) {
            if (path_is_folder(path))
                fine = path_extension(name)[0] != '\0' || folder_add(reader, path, depth + 1, into);
            else if (path_is_file(path) && has_vars_extension(name))
                fine = file_add(reader, path, into);
        }
        free(entries[i]);
    }
    free(entries);
    return fine;
}

/* The first that exists: <base> as folder or file, then with an extension. */
static bool base_add(struct vars_reader *reader, const char *base, const struct value **into)
{
    static const char *const extensions[] = { "", ".yml", ".yaml", ".json" };

    for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
        const char *path = arena_printf(reader->inventory->arena, "%s%s", base, extensions[i]);

        if (path_is_folder(path))
            return folder_add(reader, path, 0, into);
        if (path_exists(path))
            return file_add(reader, path, into);
    }
    return true;
}

/* <folder>/<kind>/<name>, cached; *into grows by it. */
static bool entity_add(struct vars_reader *reader, const char *folder, const char *kind, const char *name,
                       const struct value **into)
{
    struct arena *arena = reader->inventory->arena;
    struct name_table *files = &reader->inventory->index->files;
    const struct value *found = NULL;
    char *base;
    void *cached;

    if (name[0] == '/')
        return true; /* a chroot's path is no file name */
    base = arena_printf(arena, "%s/%s/%s", folder, kind, name);
    cached = name_table_get(files, base);
    if (cached == NULL) {
        if (path_is_folder(arena_printf(arena, "%s/%s", folder, kind)) && !base_add(reader, base, &found))
            return false;
        cached = arena_alloc(arena, sizeof(struct value *));
        memcpy(cached, &found, sizeof(found));
        name_table_put(arena, files, base, cached);
    }
    memcpy(&found, cached, sizeof(found));
    if (found != NULL)
        *into = *into == NULL ? found : value_merge(reader->arena, *into, found, false);
    return true;
}

/* --- precedence --- */

static bool groups_files_add(struct vars_reader *reader, const char *folder, struct inventory_group *const *groups,
                             size_t count, const struct value **into)
{
    for (size_t i = 0; i < count; i++) {
        if (!entity_add(reader, folder, "group_vars", groups[i]->name, into))
            return false;
    }
    return true;
}

/* Beside every source in order, then beside the playbook. */
static bool groups_add(struct vars_reader *reader, struct inventory_group *const *groups, size_t count,
                       const struct value **into)
{
    const struct inventory_index *index = reader->inventory->index;

    for (size_t i = 0; i < index->folder_count; i++) {
        if (!groups_files_add(reader, index->folders[i], groups, count, into))
            return false;
    }
    return reader->playbook_folder == NULL || groups_files_add(reader, reader->playbook_folder, groups, count, into);
}

static bool host_files_add(struct vars_reader *reader, const char *name, const struct value **into)
{
    const struct inventory_index *index = reader->inventory->index;

    for (size_t i = 0; i < index->folder_count; i++) {
        if (!entity_add(reader, index->folders[i], "host_vars", name, into))
            return false;
    }
    return reader->playbook_folder == NULL || entity_add(reader, reader->playbook_folder, "host_vars", name, into);
}

static void inventory_vars_add(struct arena *arena, const struct value *vars, const struct value **into)
{
    if (value_count(vars) > 0)
        *into = *into == NULL ? vars : value_merge(arena, *into, vars, false);
}

/* The groups without "all", which ranks below every other. */
static size_t without_all(struct inventory_group **groups, size_t count, const struct inventory_group *all)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (groups[i] != all)
            groups[kept++] = groups[i];
    }
    return kept;
}

bool inventory_host_variables(struct inventory *inventory, struct arena *arena, const struct inventory_host *host,
                              const struct inventory_vars_files *files, const struct value **out, struct error *err)
{
    struct vars_reader reader = { inventory, arena, files->config, files->playbook_folder, err };
    struct inventory_group *all = inventory->groups[0];
    const struct value *vars = NULL;
    size_t count = 0;
    struct inventory_group **groups = inventory_host_groups(inventory, arena, host, &count);

    count = without_all(groups, count, all);
    inventory_vars_add(arena, all->vars, &vars);
    for (size_t i = 0; i < count; i++)
        inventory_vars_add(arena, groups[i]->vars, &vars);
    if (!groups_add(&reader, &all, 1, &vars) || !groups_add(&reader, groups, count, &vars))
        return false;
    inventory_vars_add(arena, host->vars, &vars);
    if (!host_files_add(&reader, host->name, &vars))
        return false;
    *out = vars == NULL ? value_map(arena) : vars;
    return true;
}

bool inventory_own_variables(struct inventory *inventory, struct arena *arena, const struct inventory_host *host,
                             const struct inventory_vars_files *files, const struct value **out, struct error *err)
{
    struct vars_reader reader = { inventory, arena, files->config, files->playbook_folder, err };
    const struct value *vars = NULL;

    inventory_vars_add(arena, host->vars, &vars);
    if (!host_files_add(&reader, host->name, &vars))
        return false;
    *out = vars == NULL ? value_map(arena) : vars;
    return true;
}

bool inventory_group_variables(struct inventory *inventory, struct arena *arena, const struct inventory_group *group,
                               const struct inventory_vars_files *files, const struct value **out, struct error *err)
{
    struct vars_reader reader = { inventory, arena, files->config, files->playbook_folder, err };
    struct inventory_group *one = inventory_find_group(inventory, group->name);
    const struct value *vars = NULL;

    inventory_vars_add(arena, group->vars, &vars);
    if (one != NULL && !groups_add(&reader, &one, 1, &vars))
        return false;
    *out = vars == NULL ? value_map(arena) : vars;
    return true;
}
