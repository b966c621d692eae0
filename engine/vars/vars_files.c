/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vars_files of a play: each entry is a file or a list of candidates of which the first that exists is taken, named with
 * the variables of the entries before it. Where no entry is a template all are read once per play; else they are named
 * per host and task, and read again only from the first name on that changed.
 */
#include <string.h>

#include "common/base/path.h"
#include "common/value/value_python.h"
#include "engine/vars/vars_internal.h"

static bool file_read_cached(struct vars_world *world, const char *path, const struct value **out, struct error *err)
{
    const struct value *known = value_map_get(world->file_cache, path);

    if (known == NULL) {
        if (!playbook_read_vars(world->config.loader, path, &known, err))
            return false;
        value_map_put(world->play_arena, world->file_cache, path, known == NULL ? value_null() : known);
    }
    *out = value_count(known) == 0 ? value_null() : known;
    return true;
}

/* folder/vars/name, else folder/name; NULL: neither is there. */
static const char *file_find(struct arena *arena, const char *folder, const char *name)
{
    const char *path = path_join(arena, path_join(arena, folder, "vars"), name);

    if (path_is_file(path))
        return path_normalize(arena, path);
    path = path_join(arena, folder, name);
    return path_is_file(path) ? path_normalize(arena, path) : NULL;
}

static const char *entry_find(struct vars_scope *scope, const struct value *candidates)
{
    const struct play *play = scope->play->play;

    for (size_t i = 0; i < value_count(candidates); i++) {
        const char *name = value_text(value_item(candidates, i));
        const char *path = name == NULL ? NULL : file_find(scope->arena, play->folder, name);

        if (path != NULL)
            return path;
    }
    return NULL;
}

static const struct value *as_list(struct arena *arena, const struct value *value)
{
    struct value *list;

    if (value_is(value, VALUE_LIST))
        return value;
    list = value_list(arena);
    if (value != NULL && !value_is(value, VALUE_NULL))
        value_list_add(arena, list, value);
    return list;
}

/* The names of one entry with their templates filled in. *out is null when a variable is not there yet. */
static bool entry_names(struct vars_scope *scope, const struct value *entry, const struct value **out,
                        struct error *err)
{
    struct template_call call = vars_scope_call(scope, scope->arena);
    const struct value *names = as_list(scope->arena, entry);

    call.depth = 0; /* names are wanted now, whatever is being templated */
    if (template_value(&call, names, out, err))
        return true;
    *out = value_null();
    if (err->kind != ERROR_UNDEFINED)
        return false;
    if (scope->host != NULL && scope->task != NULL && vars_host_is_gathered(scope->world, scope->host))
        return error_prefix(err, "vars_files entry '%s'", value_text(value_item(names, 0)));
    error_clear(err);
    return true;
}

static bool names_missing(struct vars_scope *scope, const struct value *names, struct error *err)
{
    return error_set(err,
                     "vars file %s was not found\nCould not find file on the Ansible Controller.\n"
                     "If you are using a module and expect the file to exist on the remote, see the remote_src option",
                     value_to_text(scope->arena, value_count(names) == 1 ? value_item(names, 0) : names));
}

/* *out is null where there is no file, yet or at all. */
static bool names_load(struct vars_scope *scope, const struct value *names, const struct value **out, struct error *err)
{
    const char *path = entry_find(scope, names);

    *out = value_null();
    if (path == NULL)
        return scope->host == NULL || value_is(names, VALUE_NULL) || names_missing(scope, names, err);
    return file_read_cached(scope->world, path, out, err);
}

static bool all_static(const struct value *entries)
{
    for (size_t i = 0; i < value_count(entries); i++) {
        const struct value *entry = value_item(entries, i);
        const char *text = value_text(entry);

        if (value_is(entry, VALUE_LIST) ? !all_static(entry)
                                        : text != NULL && value_text_is_template(text, strlen(text)))
            return false;
    }
    return true;
}

/* Once for each entry, however many hosts it is for. */
static void entries_note(struct vars_world *world, const struct value *entries)
{
    for (size_t i = 0; world->config.notes != NULL && i < value_count(entries); i++) {
        const char *entry = value_to_text(world->arena, value_item(entries, i));
        const char *text = arena_printf(world->arena, "Read vars_file '%s'", entry);

        if (value_map_get(world->noted_files, text) != NULL)
            continue;
        value_map_put_bool(world->arena, world->noted_files, text, true);
        value_list_add(world->arena, world->config.notes, value_string(world->arena, text));
    }
}

static const struct value *entries_of(const struct play *play, struct arena *arena)
{
    return as_list(arena, play->keywords[KEYWORD_VARS_FILES]);
}

size_t vars_files_count(const struct play *play)
{
    const struct value *entries = play->keywords[KEYWORD_VARS_FILES];

    return entries == NULL || value_is(entries, VALUE_NULL) ? 0
           : value_is(entries, VALUE_LIST)                  ? value_count(entries)
                                                            : 1;
}

static void layer_fill(struct vars_scope *scope, size_t entry, const struct value *map)
{
    scope->file_layers[scope->file_count - 1 - entry].map = map;
}

static bool located(const struct value *entry, struct error *err)
{
    struct source_position at = value_position(entry);

    return error_locate(err, &at);
}

/* Adds what the entries are named now and their maps; *is_same: they are what the host had before. */
static bool entries_read(struct vars_scope *scope, const struct vars_host *known, struct value *all, struct value *maps,
                         bool *is_same, struct error *err)
{
    const struct value *entries = entries_of(scope->play->play, scope->arena);

    *is_same = known != NULL && known->files != NULL;
    for (size_t i = 0; i < scope->file_count; i++) {
        const struct value *entry = value_item(entries, i), *names, *map;

        if (!entry_names(scope, entry, &names, err))
            return false;
        *is_same = *is_same && value_equal(value_item(known->file_names, i), names);
        if (*is_same)
            map = value_item(known->files, i);
        else if (!names_load(scope, names, &map, err))
            return located(entry, err);
        value_list_add(scope->arena, all, names);
        value_list_add(scope->arena, maps, map);
        layer_fill(scope, i, map);
    }
    return true;
}

/* Another list with the same items. */
static struct value *list_of_same(struct arena *arena, const struct value *items)
{
    struct value *list = value_list(arena);

    for (size_t i = 0; i < value_count(items); i++)
        value_list_add(arena, list, value_item(items, i));
    return list;
}

bool vars_files_read(struct vars_scope *scope, struct error *err)
{
    struct vars_world *world = scope->world;
    const struct value *entries = entries_of(scope->play->play, scope->arena);
    struct vars_host *known = scope->host == NULL ? NULL : vars_host_of(world, scope->host);
    struct value *all = value_list(scope->arena), *maps = value_list(scope->arena);
    bool is_same = false;

    for (size_t i = 0; world->static_files != NULL && i < scope->file_count; i++)
        layer_fill(scope, i, value_item(world->static_files, i));
    if (world->static_files != NULL)
        return true;
    if (!entries_read(scope, known, all, maps, &is_same, err))
        return false;
    if (is_same)
        return true;
    entries_note(world, entries);
    if (known != NULL) {
        known->files = list_of_same(world->play_arena, maps);
        known->file_names = value_copy(known->arena, all);
        if (all_static(entries))
            world->static_files = known->files;
    }
    return true;
}
