/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. What is known of a folder stands in a note of its name: "cache" or "data", the looks that counted, the last of them. */
#include "agent/pieces/piece_unused.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_tree.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define NOTES "/var/lib/roost/states"
#define NOTE_MAX ((size_t)128)
#define NOTE_FORM "%s %" PRId64 " %" PRId64 "\n"

struct note {
    bool is_cache;
    int64_t days, last_s;
};

struct tidy {
    const struct system *system;
    struct arena *arena;
    int64_t now_s;
};

static const char *note_path(const struct tidy *tidy, const char *name)
{
    return system_path(tidy->system, tidy->arena, arena_printf(tidy->arena, NOTES "/%s", name));
}

/* What nobody has noted counts as data. */
static bool note_read(const struct tidy *tidy, const char *name, struct note *out)
{
    struct error ignored = ERROR_INIT;
    char *text = NULL, kind[8] = "";
    size_t length = 0;

    *out = (struct note){ .is_cache = false };
    return file_read(tidy->arena, note_path(tidy, name), NOTE_MAX, &text, &length, &ignored) &&
           sscanf(text, "%7s %" SCNd64 " %" SCNd64, kind, &out->days, &out->last_s) == 3 &&
           ((out->is_cache = strcmp(kind, "cache") == 0) || strcmp(kind, "data") == 0);
}

static bool note_write(const struct tidy *tidy, const char *name, const struct note *note, struct error *err)
{
    const char *folder = system_path(tidy->system, tidy->arena, NOTES);
    const char *text =
        arena_printf(tidy->arena, NOTE_FORM, note->is_cache ? "cache" : "data", note->days, note->last_s);

    return folder_create(tidy->arena, folder, 0700, err) &&
           file_replace_text(tidy->system, tidy->arena, arena_printf(tidy->arena, NOTES "/%s", name), text,
                             &(struct file_replace_options){ .mode = 0600, .replace_link = true }, err);
}

static bool used_note(const struct tidy *tidy, const struct piece_named *named, struct error *err)
{
    struct note note;

    if (note_read(tidy, named->state, &note) && note.is_cache == named->is_cache && note.days == 0 && note.last_s == 0)
        return true;
    return note_write(tidy, named->state, &(struct note){ .is_cache = named->is_cache }, err);
}

/* The link that systemd has made, and what it leads to. */
static bool state_remove(const struct tidy *tidy, const char *name, struct error *err)
{
    const char *real =
        system_path(tidy->system, tidy->arena, arena_printf(tidy->arena, PIECES_STATES_REAL "/%s", name));
    const char *path = system_path(tidy->system, tidy->arena, arena_printf(tidy->arena, PIECES_STATES "/%s", name));

    if (!file_tree_remove(real, err) || !file_tree_remove(path, err))
        return error_prefix(err, "the state '%s', which no piece has named for long, is not removed", name);
    (void)unlink(note_path(tidy, name));
    return true;
}

static bool unused_look(const struct tidy *tidy, const char *name, struct error *err)
{
    struct note note;

    (void)note_read(tidy, name, &note);
    if (note.last_s > 0 && tidy->now_s >= note.last_s && tidy->now_s - note.last_s < UNUSED_LOOK_S)
        return true;
    if (note.last_s > 0 && tidy->now_s >= note.last_s)
        note.days++;
    note.last_s = tidy->now_s;
    if (note.days >= (note.is_cache ? UNUSED_CACHE_DAYS : UNUSED_DATA_DAYS))
        return state_remove(tidy, name, err);
    return note_write(tidy, name, &note, err);
}

static bool is_named(const struct piece_named *named, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(named[i].state, name) == 0)
            return true;
    }
    return false;
}

static char **names_of(const struct tidy *tidy, const char *path, size_t *count_out)
{
    const char *folder = system_path(tidy->system, tidy->arena, path);
    struct error ignored = ERROR_INIT;
    char **names = NULL;

    *count_out = 0;
    if (!path_is_folder(folder) || !file_tree_names(tidy->arena, folder, &names, count_out, &ignored))
        *count_out = 0;
    return names;
}

/* Of folders that somebody else has removed. */
static void notes_tidy(const struct tidy *tidy, const struct piece_named *named, size_t named_count)
{
    size_t count = 0;
    char **names = names_of(tidy, NOTES, &count);

    for (size_t i = 0; i < count; i++) {
        const char *link =
            system_path(tidy->system, tidy->arena, arena_printf(tidy->arena, PIECES_STATES "/%s", names[i]));
        struct stat info;

        if (!is_named(named, named_count, names[i]) && lstat(link, &info) != 0)
            (void)unlink(note_path(tidy, names[i]));
    }
}

bool piece_states_tidy(const struct system *system, struct arena *arena, const struct piece_named *named, size_t count,
                       int64_t now_s, struct error *err)
{
    static const char *const folders[] = { PIECES_STATES, PIECES_STATES_REAL };
    const struct tidy tidy = { system, arena, now_s };
    struct error one = ERROR_INIT;
    bool ok = true;

    for (size_t i = 0; i < count; i++) {
        if (!used_note(&tidy, &named[i], &one) && ok) {
            *err = one;
            ok = false;
        }
    }
    for (size_t f = 0; f < sizeof(folders) / sizeof(folders[0]); f++) {
        size_t names_count = 0;
        char **names = names_of(&tidy, folders[f], &names_count);

        for (size_t i = 0; i < names_count; i++) {
            if (!is_named(named, count, names[i]) && !unused_look(&tidy, names[i], &one) && ok) {
                *err = one;
                ok = false;
            }
        }
    }
    notes_tidy(&tidy, named, count);
    return ok;
}
