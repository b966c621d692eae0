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

static const struct value *merged(const struct vars_reader *reader, struct arena *arena, const struct value *base,
                                  const struct value *over)
{
    return base == NULL ? over : value_merge(arena, base, over, reader->inventory->index->rules->merges_hashes);
}

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

    if (!vault_read_file(&door, arena, path, LIMIT_YAML_FILE, &text, reader->err)) {
        reader->err->kind = ERROR_PARSE; /* Ansible's AnsibleParserError */
        return false;
    }
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
    *into = merged(reader, arena, *into, content);
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

    if (name[0] == '/' /* a chroot's path is no file name */ || reader->inventory->index->rules->skips_vars_files)
        return true;
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
        *into = merged(reader, reader->arena, *into, found);
    return true;
}

/* --- precedence --- */

static void inventory_vars_add(struct vars_reader *reader, const struct value *vars, const struct value **into)
{
    if (value_count(vars) > 0)
        *into = merged(reader, reader->arena, *into, vars);
}

static bool folder_files_add(struct vars_reader *reader, const char *folder, struct inventory_group *const *groups,
                             size_t count, const struct value **into)
{
    for (size_t i = 0; i < count; i++) {
        if (!entity_add(reader, folder, "group_vars", groups[i]->name, into))
            return false;
    }
    return true;
}

/* Beside every source, in order. */
static bool source_files_add(struct vars_reader *reader, struct inventory_group *const *groups, size_t count,
                             const struct value **into)
{
    const struct inventory_index *index = reader->inventory->index;

    for (size_t i = 0; i < index->folder_count; i++) {
        if (!folder_files_add(reader, index->folders[i], groups, count, into))
            return false;
    }
    return true;
}

static bool playbook_files_add(struct vars_reader *reader, struct inventory_group *const *groups, size_t count,
                               const struct value **into)
{
    return reader->playbook_folder == NULL || folder_files_add(reader, reader->playbook_folder, groups, count, into);
}

static bool host_add(struct vars_reader *reader, const struct inventory_host *host, const struct value **into)
{
    const struct inventory_index *index = reader->inventory->index;

    inventory_vars_add(reader, host->vars, into);
    for (size_t i = 0; i < index->folder_count; i++) {
        if (!entity_add(reader, index->folders[i], "host_vars", host->name, into))
            return false;
    }
    return reader->playbook_folder == NULL ||
           entity_add(reader, reader->playbook_folder, "host_vars", host->name, into);
}

/* The groups of a host, of which "all" ranks below every other. */
struct ranked_groups {
    struct inventory_group **all, **others;
    size_t all_count, count;
};

static void ranks_split(struct inventory_group **groups, size_t count, const struct inventory_group *all,
                        struct ranked_groups *out)
{
    *out = (struct ranked_groups){ .others = groups };
    for (size_t i = 0; i < count; i++) {
        if (groups[i] != all)
            groups[out->count++] = groups[i];
    }
}

const char *const inventory_precedence[] = {
    "all_inventory",
    "groups_inventory",
    "all_plugins_inventory",
    "all_plugins_play",
    "groups_plugins_inventory",
    "groups_plugins_play",
    NULL,
};

/* One entry of VARIABLE_PRECEDENCE. */
static bool entry_add(struct vars_reader *reader, const struct ranked_groups *ranks, const char *entry,
                      const struct value **into)
{
    bool is_all = text_starts(entry, "all_");
    struct inventory_group **groups = is_all ? ranks->all : ranks->others;
    size_t count = is_all ? ranks->all_count : ranks->count;

    if (text_ends(entry, "_plugins_inventory"))
        return source_files_add(reader, groups, count, into);
    if (text_ends(entry, "_plugins_play"))
        return playbook_files_add(reader, groups, count, into);
    for (size_t i = 0; i < count; i++)
        inventory_vars_add(reader, groups[i]->vars, into);
    return true;
}

bool inventory_host_variables(struct inventory *inventory, struct arena *arena, const struct inventory_host *host,
                              const struct inventory_vars_files *files, const struct value **out, struct error *err)
{
    struct vars_reader reader = { inventory, arena, files->config, files->playbook_folder, err };
    const char *const *entries = inventory->index->rules->precedence;
    const struct value *vars = NULL;
    struct ranked_groups ranks;
    size_t count = 0;
    struct inventory_group **groups = inventory_host_groups(inventory, arena, host, &count);

    ranks_split(groups, count, inventory->groups[0], &ranks);
    if (!files->is_partial || ranks.count < count) {
        ranks.all = &inventory->groups[0];
        ranks.all_count = 1;
    }
    for (entries = entries == NULL ? inventory_precedence : entries; *entries != NULL; entries++) {
        if (text_in(*entries, inventory_precedence) && !entry_add(&reader, &ranks, *entries, &vars))
            return false;
    }
    if (!host_add(&reader, host, &vars))
        return false;
    *out = vars == NULL ? value_map(arena) : vars;
    return true;
}

bool inventory_own_variables(struct inventory *inventory, struct arena *arena, const struct inventory_host *host,
                             const struct inventory_vars_files *files, const struct value **out, struct error *err)
{
    struct vars_reader reader = { inventory, arena, files->config, files->playbook_folder, err };
    const struct value *vars = NULL;

    if (!host_add(&reader, host, &vars))
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

    inventory_vars_add(&reader, group->vars, &vars);
    if (one != NULL && (!source_files_add(&reader, &one, 1, &vars) || !playbook_files_add(&reader, &one, 1, &vars)))
        return false;
    *out = vars == NULL ? value_map(arena) : vars;
    return true;
}
