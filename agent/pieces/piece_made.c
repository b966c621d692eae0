/* SPDX-License-Identifier: Apache-2.0 */
/* The definition is written last and removed first: where it is, the rest is. */
#include "agent/pieces/piece_made.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/pieces/piece_text.h"
#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_tree.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/json/json.h"

#define DEFINITION_MAX ((size_t)2 * 1024 * 1024)
#define UNIT_MAX ((size_t)2 * 1024 * 1024)

static const char *made_path(struct arena *arena, const char *name, const char *file)
{
    return arena_printf(arena, PIECES_MADE "/%s/%s", name, file);
}

static const char *unit_path(struct arena *arena, const char *unit)
{
    return arena_printf(arena, PIECES_UNITS "/%s", unit);
}

char *piece_definition(struct arena *arena, const struct value *written)
{
    return json_text(arena, written, (struct json_style){ .sort_keys = true, .compact = true });
}

static const char *text_read(const struct system *system, struct arena *arena, const char *path, size_t limit)
{
    struct error ignored = ERROR_INIT;
    char *text = NULL;
    size_t length = 0;

    return file_read(arena, system_path(system, arena, path), limit, &text, &length, &ignored) ? text : NULL;
}

const char *piece_made_definition(const struct system *system, struct arena *arena, const char *name)
{
    const char *unit = system_path(system, arena, unit_path(arena, piece_unit(arena, name)));

    return path_is_file(unit) ? text_read(system, arena, made_path(arena, name, "piece.json"), DEFINITION_MAX) : NULL;
}

int64_t piece_made_us(const struct system *system, struct arena *arena, const char *name)
{
    struct stat info;

    if (stat(system_path(system, arena, made_path(arena, name, "piece.json")), &info) != 0)
        return 0;
    return (int64_t)info.st_mtim.tv_sec * 1000000 + info.st_mtim.tv_nsec / 1000;
}

/* --- writing --- */

static bool folder_make(const struct system *system, struct arena *arena, const char *path, struct error *err)
{
    const char *real = system_path(system, arena, path);

    if (!folder_create(arena, real, 0700, err))
        return false;
    return chmod(real, 0700) == 0 || error_set_errno(err, "cannot close '%s' to others", path);
}

static bool text_put(const struct system *system, struct arena *arena, const char *path, const char *text, mode_t mode,
                     struct error *err)
{
    return file_replace_text(system, arena, path, text,
                             &(struct file_replace_options){ .mode = mode, .replace_link = true }, err);
}

static bool is_there(const struct system *system, struct arena *arena, const char *path)
{
    struct stat info;

    return lstat(system_path(system, arena, path), &info) == 0;
}

static bool file_remove(const struct system *system, struct arena *arena, const char *path, struct error *err)
{
    return unlink(system_path(system, arena, path)) == 0 || errno == ENOENT ||
           error_set_errno(err, "cannot remove '%s'", path);
}

bool piece_unit_file_put(const struct system *system, struct arena *arena, const char *unit, const char *text,
                         bool *changed_out, struct error *err)
{
    const char *path = unit_path(arena, unit), *now = text_read(system, arena, path, UNIT_MAX);

    *changed_out = now == NULL || strcmp(now, text) != 0;
    return !*changed_out || (file_tree_make(arena, system_path(system, arena, PIECES_UNITS), err) &&
                             text_put(system, arena, path, text, 0644, err));
}

bool piece_unit_file_remove(const struct system *system, struct arena *arena, const char *unit, bool *changed_out,
                            struct error *err)
{
    const char *path = unit_path(arena, unit);

    *changed_out = is_there(system, arena, path);
    return file_remove(system, arena, path, err);
}

static bool files_put(const struct system *system, struct arena *arena, const struct piece *piece, struct error *err)
{
    const char *folder = made_path(arena, piece->name, "files");

    if (value_count(piece->files) == 0)
        return true;
    if (!folder_make(system, arena, folder, err))
        return false;
    for (size_t i = 0; i < value_count(piece->files); i++) {
        const struct value_pair *pair = value_pair_at(piece->files, i);
        const char *path = path_join(arena, folder, value_text(pair->key));

        if (!text_put(system, arena, path, value_text(pair->item), 0600, err))
            return false;
    }
    return true;
}

/* The unit file is no secret: systemd tells everybody what is in it. */
bool piece_made_write(const struct system *system, struct arena *arena, const struct placement_piece *piece,
                      const char *unit_text, struct error *err)
{
    const char *name = piece->name, *secrets = made_path(arena, name, "secrets");

    if (!folder_make(system, arena, PIECES_MADE, err) ||
        !folder_make(system, arena, path_dirname(arena, secrets), err) ||
        !file_remove(system, arena, made_path(arena, name, "piece.json"), err) ||
        !file_remove(system, arena, secrets, err))
        return false;
    if (value_count(piece->piece.secrets) > 0 &&
        !text_put(system, arena, secrets, piece_secrets_text(arena, &piece->piece), 0600, err))
        return false;
    return files_put(system, arena, &piece->piece, err) &&
           file_tree_make(arena, system_path(system, arena, PIECES_UNITS), err) &&
           text_put(system, arena, unit_path(arena, piece_unit(arena, name)), unit_text, 0644, err) &&
           text_put(system, arena, made_path(arena, name, "piece.json"), piece_definition(arena, piece->written), 0600,
                    err);
}

bool piece_made_remove(const struct system *system, struct arena *arena, const char *name, struct error *err)
{
    const char *folder = path_dirname(arena, made_path(arena, name, "x"));

    return file_remove(system, arena, made_path(arena, name, "piece.json"), err) &&
           file_remove(system, arena, unit_path(arena, piece_unit(arena, name)), err) &&
           file_tree_remove(system_path(system, arena, folder), err);
}

/* --- what is there --- */

static bool is_in(const char **names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

static size_t folder_names(const struct system *system, struct arena *arena, const char *folder, char ***out)
{
    struct error ignored = ERROR_INIT;
    size_t count = 0;

    return file_tree_names(arena, system_path(system, arena, folder), out, &count, &ignored) ? count : 0;
}

const char **piece_made_names(const struct system *system, struct arena *arena)
{
    char **units = NULL, **folders = NULL;
    size_t units_count = folder_names(system, arena, PIECES_UNITS, &units);
    size_t folders_count = folder_names(system, arena, PIECES_MADE, &folders), count = 0;
    const char **names = arena_new_array(arena, const char *, units_count + folders_count + 1);

    for (size_t i = 0; i < units_count; i++) {
        const char *name = piece_of_unit(arena, units[i]);

        if (name != NULL && !is_in(names, count, name))
            names[count++] = name;
    }
    for (size_t i = 0; i < folders_count; i++) {
        if (!is_in(names, count, folders[i]))
            names[count++] = folders[i];
    }
    return names;
}
