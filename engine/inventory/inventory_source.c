/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What -i names: a file, a folder of them, an executable, or a list of hosts; each is tried in Ansible's order. A source
 * that cannot be read is a warning that says what was wrong where, never silence.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/inventory/inventory_internal.h"
#include "engine/template/template.h"

struct source_reader {
    struct inventory *inventory;
    const struct inventory_config *config;
    int depth;
    struct error *err;
};

bool inventory_add_pattern(struct inventory *inventory, struct inventory_group *group, const char *pattern,
                           const struct value *vars, struct error *err)
{
    struct arena *arena = inventory->arena;
    char **names = NULL;
    size_t count = 0;
    int port = 0;

    if (!host_pattern_expand(arena, pattern, &names, &count, &port, err))
        return false;
    if (inventory->host_count + count > LIMIT_HOSTS)
        return error_set_kind(err, ERROR_LIMIT, "an inventory may hold at most %d hosts", LIMIT_HOSTS);
    for (size_t i = 0; i < count; i++) {
        bool is_new = name_table_get(&inventory->index->hosts, names[i]) == NULL;
        struct inventory_host *host = inventory_add_host(inventory, names[i]);

        inventory_add_to_group(inventory, group, host);
        if (port != 0 && is_new)
            value_map_put_int(arena, host->vars, "ansible_port", port);
        for (size_t v = 0; v < value_count(vars); v++)
            inventory_host_set(inventory, host, value_pair_at(vars, v)->key, value_pair_at(vars, v)->item);
    }
    return true;
}

/* "a,b[1:3],c:22": names as they are when they are no addresses. */
void inventory_read_list(struct inventory *inventory, const char *text)
{
    struct arena *arena = inventory->arena;

    for (char **part = text_split(arena, text, ',', NULL); *part != NULL; part++) {
        char *name = text_trim(arena, *part, strlen(*part));
        struct error ignored = ERROR_INIT;

        if (name[0] == '\0')
            continue;
        if (!inventory_add_pattern(inventory, inventory->groups[1], name, NULL, &ignored))
            inventory_add_to_group(inventory, inventory->groups[1], inventory_add_host(inventory, name));
    }
}

static void source_failed(struct source_reader *reader, const char *path, const char *kind, const struct error *why)
{
    struct arena *arena = reader->inventory->arena;
    const char *place =
        why->path[0] == '\0' ? "" : arena_printf(arena, "%s:%d:%d: ", why->path, why->line, why->column);

    inventory_warn(reader->inventory, reader->config->warnings,
                   arena_printf(arena, "\n* Failed to parse %s with %s plugin: %s%s", path, kind, place, why->text));
}

static bool is_script(const char *path, const char *data)
{
    return access(path, X_OK) == 0 || text_starts(data, "#!");
}

static bool is_yaml_name(const char *path)
{
    static const char *const extensions[] = { "", ".yaml", ".yml", ".json", NULL };

    return text_in(path_extension(path_basename(path)), extensions);
}

static bool decrypt_if_vaulted(struct source_reader *reader, const char **data, size_t *length, struct error *err)
{
    const struct inventory_config *config = reader->config;

    if (!text_starts(*data, "$ANSIBLE_VAULT;"))
        return true;
    if (config->decrypt == NULL)
        return error_set_kind(err, ERROR_PARSE, TEMPLATE_NO_VAULT);
    return config->decrypt(config->decrypt_context, reader->inventory->arena, *data, *length, data, length, err);
}

/* "[web": meant as INI, whatever YAML makes of it. */
static bool begins_with_section(const char *data, size_t length)
{
    const char *cursor = data, *line = NULL;
    size_t line_length = 0;

    while (text_line(&cursor, data + length, &line, &line_length)) {
        if (line_length > 0 && strchr("#; \t\r", line[0]) == NULL)
            return line[0] == '[';
    }
    return false;
}

/* Each kind in turn until one reads it; what failed is told only when none did. */
static bool file_kinds_read(struct source_reader *reader, const char *path, const char *data, size_t length)
{
    static const char *const names[] = { "script", "yaml", "ini" };
    struct error errors[3] = { ERROR_INIT, ERROR_INIT, ERROR_INIT };
    bool tried[3] = { is_script(path, data), is_yaml_name(path), true };
    struct value *warnings = reader->config->warnings;

    if (tried[0] && inventory_read_script(reader->inventory, path, &errors[0]))
        return true;
    if (!decrypt_if_vaulted(reader, &data, &length, &errors[2])) {
        struct source_position start = { path, 1, 1 };

        if (reader->err->text[0] == '\0')
            error_set_at(reader->err, &start, "%s", errors[2].text);
        return false;
    }
    if (tried[1] && inventory_read_yaml(reader->inventory, path, data, length, warnings, &errors[1]))
        return true;
    if (inventory_read_ini(reader->inventory, path, data, length, &errors[2]))
        return true;
    tried[2] = path_extension(path_basename(path))[0] == '\0' || !tried[1]; /* who writes .yml means YAML */
    tried[1] = tried[1] && !(tried[2] && begins_with_section(data, length));
    for (size_t i = 0; i < 3; i++) {
        if (tried[i])
            source_failed(reader, path, names[i], &errors[i]);
    }
    return false;
}

static void source_unread(struct source_reader *reader, const char *path)
{
    struct inventory *inventory = reader->inventory;
    const char *why = path_exists(path) ? "" : ": it does not exist";

    inventory_unread(inventory, path);
    inventory_warn(inventory, reader->config->warnings,
                   arena_printf(inventory->arena, "Unable to parse %s as an inventory source%s", path, why));
}

static bool file_source(struct source_reader *reader, const char *path)
{
    struct error why = ERROR_INIT;
    char *data = NULL;
    size_t length = 0;
    bool done = false;

    reader->inventory->index->source = path;
    if (!path_exists(path))
        done = false;
    else if (!file_read(reader->inventory->arena, path, LIMIT_SOURCE_FILE, &data, &length, &why))
        source_failed(reader, path, "ini", &why);
    else
        done = file_kinds_read(reader, path, data, length);
    reader->inventory->index->source = NULL;
    if (!done)
        source_unread(reader, path);
    return done;
}

static bool is_ignored(const char *name)
{
    static const char *const endings[] = { ".pyc", ".pyo", ".swp",  ".bak", "~",    ".rpm",  ".md",
                                           ".txt", ".rst", ".orig", ".ini", ".cfg", ".retry" };
    static const char *const names[] = { "host_vars", "group_vars", "vars_plugins", NULL };

    if (name[0] == '.' || text_in(name, names))
        return true;
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (text_ends(name, endings[i]))
            return true;
    }
    return false;
}

static bool path_source(struct source_reader *reader, const char *path);

static int entry_order(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool folder_source(struct source_reader *reader, const char *path)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, entry_order);
    bool parsed = false;

    for (int i = 0; i < count; i++) {
        if (!is_ignored(entries[i]->d_name))
            parsed |= path_source(reader, path_join(reader->inventory->arena, path, entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
    return parsed;
}

static bool path_source(struct source_reader *reader, const char *path)
{
    bool parsed;

    if (!path_is_folder(path))
        return file_source(reader, path);
    if (reader->depth >= LIMIT_INCLUDE_DEPTH)
        return false;
    reader->depth++;
    parsed = folder_source(reader, path);
    reader->depth--;
    return parsed;
}

/* Where group_vars/ and host_vars/ of a source are. */
static void folder_remember(struct inventory *inventory, const char *path)
{
    struct inventory_index *index = inventory->index;
    size_t size = index->folder_count * sizeof(char *);

    index->folders = arena_grow(inventory->arena, index->folders, size, size + sizeof(char *));
    index->folders[index->folder_count++] = path_is_folder(path) ? path : path_dirname(inventory->arena, path);
}

static bool source_read(struct source_reader *reader, const char *text)
{
    struct inventory *inventory = reader->inventory;
    struct value *sources = value_list(inventory->arena);
    const char *path = text;
    bool is_list = strchr(text, ',') != NULL && !path_exists(text);

    if (!is_list)
        path =
            path_normalize(inventory->arena, path_absolute(inventory->arena, path_expand_user(inventory->arena, text)));
    for (size_t i = 0; i < value_count(inventory->sources); i++)
        value_list_add(inventory->arena, sources, value_item(inventory->sources, i));
    value_list_add(inventory->arena, sources, value_string(inventory->arena, path));
    inventory->sources = sources;
    if (is_list) {
        inventory->index->source = text;
        inventory_read_list(inventory, text);
        inventory->index->source = NULL;
        return true;
    }
    folder_remember(inventory, path);
    return path_source(reader, path);
}

bool inventory_load(struct arena *arena, const char *const *sources, const struct inventory_config *config,
                    struct inventory **out, struct error *err)
{
    struct source_reader reader = { .inventory = inventory_new(arena), .config = config, .err = err };
    bool parsed = false;

    error_clear(err);
    for (size_t i = 0; sources != NULL && sources[i] != NULL; i++) {
        if (sources[i][0] != '\0')
            parsed |= source_read(&reader, sources[i]);
    }
    if (parsed)
        inventory_reconcile(reader.inventory, config->warnings);
    else
        inventory_warn(reader.inventory, config->warnings,
                       "No inventory was parsed, only implicit localhost is available");
    if (err->text[0] != '\0')
        return false;
    *out = reader.inventory;
    return true;
}
