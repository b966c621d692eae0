/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vars_files of a play: each entry is a file or a list of candidates of which the first that exists is taken. Entries
 * without templates are read once per play; the others are named per host, and read again only when the name changed.
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
    *out = value_count(known) == 0 ? NULL : known;
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

/* The names of one entry with their templates filled in. *out is NULL when a variable is not there yet. */
static bool entry_names(struct vars_scope *scope, const struct value *entry, const struct value **out,
                        struct error *err)
{
    struct template_call call = vars_scope_call(scope, scope->arena);
    const struct value *names = as_list(scope->arena, entry);

    *out = NULL;
    if (template_value(&call, names, out, err))
        return true;
    *out = NULL;
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

static bool names_load(struct vars_scope *scope, const struct value *names, struct value *maps, struct arena *arena,
                       struct error *err)
{
    const struct value *map = NULL;
    const char *path = entry_find(scope, names);

    if (path == NULL)
        return scope->host == NULL || names_missing(scope, names, err);
    if (!file_read_cached(scope->world, path, &map, err))
        return false;
    if (map != NULL)
        value_list_add(arena, maps, map);
    return true;
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

static bool names_of_all(struct vars_scope *scope, const struct value *entries, struct value *all, struct error *err)
{
    for (size_t i = 0; i < value_count(entries); i++) {
        const struct value *names = NULL;

        if (!entry_names(scope, value_item(entries, i), &names, err))
            return false;
        if (names != NULL)
            value_list_add(scope->arena, all, names);
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

static bool located(const struct value *entry, struct error *err)
{
    struct source_position at = value_position(entry);

    return error_locate(err, &at);
}

bool vars_files_of(struct vars_scope *scope, const struct value **out, struct error *err)
{
    struct vars_world *world = scope->world;
    const struct value *entries = as_list(scope->arena, scope->play->play->keywords[KEYWORD_VARS_FILES]);
    struct vars_host *known = scope->host == NULL ? NULL : vars_host_of(world, scope->host);
    struct value *all = value_list(scope->arena);
    struct value *maps = value_list(world->play_arena);

    if (!names_of_all(scope, entries, all, err))
        return false;
    if (known != NULL && known->files != NULL && value_equal(known->file_names, all)) {
        *out = known->files;
        return true;
    }
    for (size_t i = 0; i < value_count(all); i++)
        if (!names_load(scope, value_item(all, i), maps, world->play_arena, err))
            return value_count(all) == value_count(entries) ? located(value_item(entries, i), err) : false;
    entries_note(world, entries);
    if (known != NULL) {
        known->files = maps;
        known->file_names = value_copy(known->arena, all);
        if (all_static(entries))
            world->static_files = maps;
    }
    *out = maps;
    return true;
}
