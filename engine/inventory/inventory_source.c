/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What -i names: a file, a folder of them, an executable, or a list of hosts; the enabled plugins try each of them in turn. A
 * source that cannot be read is a warning that says what was wrong where, never silence; what the configuration makes an
 * error of it is one.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/regex/regex.h"
#include "engine/inventory/inventory_internal.h"
#include "engine/inventory/inventory_python.h"

#define WORKLOADS "workloads" /* a folder with what is to run on hosts: no inventory (docs/workloads.md) */
#define DEFAULT_SOURCE "/etc/ansible/hosts"
#define PLUGINS_MAX 16
#define NOT_EXPANDED "Unable to parse address from hostname, leaving unchanged: "

struct source_reader {
    struct inventory *inventory;
    const struct inventory_config *config;
    const struct inventory_rules *rules;
    const struct inventory_plugin *plugins[PLUGINS_MAX + 1];
    struct regex **ignored;
    size_t ignored_count;
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
        struct inventory_host *host;

        if (names[i][0] == '\0')
            return error_set_kind(err, ERROR_PARSE, "Invalid empty host name provided: %s", pattern);
        host = inventory_add_host(inventory, names[i]);
        inventory_add_to_group(inventory, group, host);
        if (port != 0 && is_new)
            value_map_put_int(arena, host->vars, "ansible_port", port);
        for (size_t v = 0; v < value_count(vars); v++)
            inventory_host_set(inventory, host, value_pair_at(vars, v)->key, value_pair_at(vars, v)->item);
    }
    return true;
}

static void list_add(struct inventory *inventory, const char *name, int port)
{
    struct inventory_host *host;

    if (name_table_get(&inventory->index->hosts, name) != NULL)
        return;
    host = inventory_add_host(inventory, name);
    inventory_add_to_group(inventory, inventory->groups[1], host);
    if (port != 0)
        value_map_put_int(inventory->arena, host->vars, "ansible_port", port);
}

/* "h[1:j]": Python's complaint about a bound that is no number ends the whole list, other mistakes leave the name as it is. */
static bool is_no_number(const struct error *why)
{
    return strstr(why->text, "host range must be two numbers or two letters") != NULL;
}

/* Without what host_pattern_expand puts in front. */
static const char *why_without_name(const char *text)
{
    const char *found = strstr(text, "host range ");

    return found == NULL ? text : found;
}

bool inventory_read_list(struct inventory *inventory, const char *text, bool with_ranges, struct error *err)
{
    struct arena *arena = inventory->arena;

    for (char **part = text_split(arena, text, ',', NULL); *part != NULL; part++) {
        char *name = text_trim(arena, *part, strlen(*part)), **names = NULL;
        const char *start = name;
        size_t length = strlen(name), count = 0;
        struct error why = ERROR_INIT;
        int port = 0;

        if (name[0] == '\0')
            continue;
        if (!with_ranges) {
            if (!host_address_parse(name, false, &start, &length, &port))
                inventory_note(inventory, arena_printf(arena, NOT_EXPANDED "Not a valid network hostname: %s", name));
            list_add(inventory, arena_copy_n(arena, start, length), port);
        } else if (host_pattern_expand(arena, name, &names, &count, &port, &why)) {
            if (inventory->host_count + count > LIMIT_HOSTS)
                return error_set_kind(err, ERROR_LIMIT, "an inventory may hold at most %d hosts", LIMIT_HOSTS);
            for (size_t i = 0; i < count; i++)
                list_add(inventory, names[i], port);
        } else if (why.kind == ERROR_LIMIT || is_no_number(&why)) {
            return error_set_kind(err, ERROR_PARSE, "Invalid data from string, could not parse: %s", why.text);
        } else {
            inventory_note(inventory, arena_printf(arena, NOT_EXPANDED "%s", why_without_name(why.text)));
            list_add(inventory, name, 0);
        }
    }
    return true;
}

/* --- one source --- */

/* The place stands where Ansible has it: in front for INI. Elsewhere it has none; there it comes last. */
static void source_failed(struct source_reader *reader, const char *path, const char *kind, const struct error *why)
{
    struct arena *arena = reader->inventory->arena;
    const char *place = why->path[0] == '\0' ? "" : arena_printf(arena, "%s:%d:%d", why->path, why->line, why->column);
    bool is_first = strcmp(kind, "ini") == 0;
    const char *text = why->text;

    if (place[0] != '\0')
        text = is_first ? arena_printf(arena, "%s: %s", place, why->text)
                        : arena_printf(arena, "%s (%s)", why->text, place);
    inventory_warn(reader->inventory, reader->config->warnings,
                   arena_printf(arena, "\n* Failed to parse %s with %s plugin: %s", path, kind, text));
}

/* "[web": meant as INI, whatever YAML makes of it. */
static bool begins_with_section(const struct inventory_source *source)
{
    const char *cursor = source->data, *line = NULL;
    size_t line_length = 0;

    while (cursor != NULL && text_line(&cursor, source->data + source->length, &line, &line_length)) {
        if (line_length > 0 && strchr("#; \t\r", line[0]) == NULL)
            return line[0] == '[';
    }
    return false;
}

/* With Ansible's own list of plugins only what fits the file is told: who writes .yml means YAML. */
static bool is_worth_telling(const struct source_reader *reader, struct inventory_source *source,
                             const struct inventory_plugin *plugin)
{
    const char *extension = path_extension(path_basename(source->path)), *named;
    bool says_ini = begins_with_section(source);

    if (reader->rules->plugins != NULL)
        return true;
    if (source->data != NULL && text_starts(source->data, "#!"))
        return strcmp(plugin->name, "script") == 0;
    named = value_map_text(source->yaml, "plugin");
    if (strcmp(plugin->name, "auto") == 0)
        return named != NULL;
    if (strcmp(plugin->name, "yaml") == 0)
        return named == NULL && !(extension[0] == '\0' && says_ini);
    if (strcmp(plugin->name, "ini") == 0)
        return extension[0] == '\0' ||
               (!inventory_plugin_find("yaml")->wants(source) && strcmp(extension, ".toml") != 0);
    return true;
}

/* Each plugin in turn until one reads it; what failed is told only when none did. */
static bool plugins_try(struct source_reader *reader, struct inventory_source *source)
{
    struct error *errors = arena_new_array(reader->inventory->arena, struct error, PLUGINS_MAX);
    bool tried[PLUGINS_MAX] = { false };

    for (size_t i = 0; reader->plugins[i] != NULL; i++) {
        source->plugin = reader->plugins[i]->name;
        if (!reader->plugins[i]->wants(source)) {
            inventory_note(source->inventory,
                           arena_printf(source->inventory->arena,
                                        "%s declined parsing %s as it did not pass its verify_file() method",
                                        reader->plugins[i]->name, source->path));
            continue;
        }
        if (reader->plugins[i]->read(source, &errors[i]) && source->fatal->text[0] == '\0') {
            inventory_note(source->inventory,
                           arena_printf(source->inventory->arena, "Parsed %s inventory source with %s plugin",
                                        source->path, reader->plugins[i]->name));
            return true;
        }
        if (source->fatal->text[0] != '\0')
            return false;
        tried[i] = !source->is_declined;
        source->is_declined = false;
    }
    for (size_t i = 0; reader->plugins[i] != NULL; i++) {
        if (tried[i] && is_worth_telling(reader, source, reader->plugins[i]))
            source_failed(reader, source->path, reader->plugins[i]->name, &errors[i]);
    }
    return false;
}

static void source_unread(struct source_reader *reader, const char *path)
{
    struct inventory *inventory = reader->inventory;
    bool is_there = path_exists(path);

    if (strcmp(path, DEFAULT_SOURCE) == 0 && !is_there)
        return;
    inventory_unread(inventory, path);
    if (reader->rules->any_unparsed_fails) {
        if (reader->err->text[0] == '\0')
            error_set(reader->err, "Completely failed to parse inventory source %s", path);
        return;
    }
    inventory_warn(inventory, reader->config->warnings,
                   arena_printf(inventory->arena, "Unable to parse %s as an inventory source%s", path,
                                is_there || strchr(path, ',') != NULL ? "" : ": it does not exist"));
}

static bool one_source(struct source_reader *reader, const char *path)
{
    struct inventory_source source = { .inventory = reader->inventory,
                                       .config = reader->config,
                                       .rules = reader->rules,
                                       .path = path,
                                       .fatal = reader->err };
    bool done;

    reader->inventory->index->source = path;
    done = plugins_try(reader, &source);
    reader->inventory->index->source = NULL;
    if (!done && reader->err->text[0] == '\0')
        source_unread(reader, path);
    return done;
}

/* --- folders --- */

static bool is_ignored(const struct source_reader *reader, const char *name)
{
    static const char *const usual[] = { ".pyc", ".pyo", ".swp",  ".bak", "~",    ".rpm",   ".md",
                                         ".txt", ".rst", ".orig", ".ini", ".cfg", ".retry", NULL };
    static const char *const names[] = { "host_vars", "group_vars", "vars_plugins", NULL };
    const char *const *endings = reader->rules->ignored_endings != NULL ? reader->rules->ignored_endings : usual;

    if (name[0] == '.' || text_in(name, names))
        return true;
    for (size_t i = 0; endings[i] != NULL; i++) {
        if (text_ends(name, endings[i]))
            return true;
    }
    for (size_t i = 0; i < reader->ignored_count; i++) {
        bool found = false;

        if (regex_search(reader->ignored[i], name, strlen(name), NULL, &found, NULL) && found)
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
        const char *name = entries[i]->d_name, *below = path_join(reader->inventory->arena, path, name);
        bool is_other = strcmp(name, WORKLOADS) == 0 && path_is_folder(below);

        if (!is_ignored(reader, name) && !is_other && reader->err->text[0] == '\0')
            parsed |= path_source(reader, below);
        free(entries[i]);
    }
    free(entries);
    return parsed;
}

static bool path_source(struct source_reader *reader, const char *path)
{
    bool parsed;

    if (!path_is_folder(path))
        return one_source(reader, path);
    if (reader->depth >= LIMIT_INCLUDE_DEPTH)
        return false;
    reader->depth++;
    parsed = folder_source(reader, path);
    reader->depth--;
    if (!parsed && reader->err->text[0] == '\0')
        source_unread(reader, path);
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
    if (is_list)
        return one_source(reader, text);
    folder_remember(inventory, path);
    return path_source(reader, path);
}

/* --- the whole --- */

static const struct inventory_plugin *python_plugin(struct arena *arena, const char *name)
{
    struct inventory_plugin *plugin = arena_new_of(arena, struct inventory_plugin);

    *plugin = (struct inventory_plugin){ name, inventory_python_wants, inventory_python_try };
    return plugin;
}

static bool plugins_open(struct source_reader *reader)
{
    static const char *const usual[] = { "host_list", "script", "auto", "yaml", "ini", "toml", NULL };
    const char *const *names = reader->rules->plugins != NULL ? reader->rules->plugins : usual;
    struct arena *arena = reader->inventory->arena;
    size_t count = 0;

    for (size_t i = 0; names[i] != NULL && count < PLUGINS_MAX; i++) {
        const struct inventory_plugin *plugin = inventory_plugin_find(names[i]);

        struct error ignored = ERROR_INIT;

        if (plugin == NULL && inventory_python_has(reader->config, arena, names[i], &ignored))
            plugin = python_plugin(arena, names[i]);
        if (plugin != NULL)
            reader->plugins[count++] = plugin;
        else
            inventory_warn(reader->inventory, reader->config->warnings,
                           arena_printf(arena, "Failed to load inventory plugin, skipping %s", names[i]));
    }
    return count > 0 || error_set(reader->err, "No inventory plugins available to generate inventory, make sure you "
                                               "have at least one enabled.");
}

static bool ignored_open(struct source_reader *reader)
{
    const char *const *names = reader->rules->ignored_names;
    struct arena *arena = reader->inventory->arena;
    size_t count = 0;

    while (names != NULL && names[count] != NULL)
        count++;
    reader->ignored = arena_new_array(arena, struct regex *, count + 1);
    for (size_t i = 0; i < count; i++) {
        if (!regex_compile(arena, names[i], strlen(names[i]), REGEX_TEXT, &reader->ignored[i], reader->err))
            return error_prefix(reader->err, "ignore_patterns of inventories: '%s'", names[i]);
    }
    reader->ignored_count = count;
    return true;
}

static void nothing_parsed(struct source_reader *reader)
{
    if (reader->rules->unparsed_fails)
        error_set(reader->err, "No inventory was parsed, please check your configuration and options.");
    else if (!reader->rules->unparsed_is_silent)
        inventory_warn(reader->inventory, reader->config->warnings,
                       "No inventory was parsed, only implicit localhost is available");
}

bool inventory_read_sources(struct inventory *inventory, const struct inventory_config *config, struct error *err)
{
    struct source_reader reader = {
        .inventory = inventory, .config = config, .rules = inventory->index->rules, .err = err
    };
    const char *const *sources = inventory->index->given;
    bool parsed = false;

    error_clear(err);
    if (!plugins_open(&reader) || !ignored_open(&reader))
        return false;
    for (size_t i = 0; sources != NULL && sources[i] != NULL && err->text[0] == '\0'; i++) {
        if (sources[i][0] != '\0')
            parsed |= source_read(&reader, sources[i]);
    }
    if (err->text[0] != '\0')
        return false;
    if (!parsed) {
        nothing_parsed(&reader);
        return err->text[0] == '\0';
    }
    inventory_reconcile(inventory, config->warnings);
    for (size_t i = 1; i < inventory->group_count; i++) {
        if (inventory->groups[i]->parent_count == 0)
            return error_set(err, "Adding group '%s' as child to 'all' creates a recursive dependency loop.",
                             inventory->groups[i]->name);
    }
    return true;
}

bool inventory_load(struct arena *arena, const char *const *sources, const struct inventory_config *config,
                    struct inventory **out, struct error *err)
{
    struct inventory *inventory = inventory_new(arena);
    size_t count = 0;

    while (sources != NULL && sources[count] != NULL)
        count++;
    inventory->index->given = arena_new_array(arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++)
        inventory->index->given[i] = arena_copy(arena, sources[i]);
    inventory->index->warnings = config->warnings;
    inventory->index->notes = config->notes;
    if (config->rules != NULL)
        inventory->index->rules = config->rules;
    if (!inventory_read_sources(inventory, config, err))
        return false;
    *out = inventory;
    return true;
}
