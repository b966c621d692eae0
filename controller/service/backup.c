/* SPDX-License-Identifier: Apache-2.0 */
/* Making one, and bringing it back: unpacked and verified beside what is there, then put in its place by renames. */
#include "controller/service/backup.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "controller/service/archive.h"
#include "controller/store/store_backup.h"

static const char *const FOLDERS[] = { "trust", "files" };

/* --- making --- */

/* The plain files of a folder; one that has just gone (a file that nobody needs any more) is passed over. */
static bool folder_add(struct archive_out *archive, const char *folder, const char *name, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const char *path = path_join(arena, folder, name);
    DIR *stream = opendir(path);
    bool ok = true;

    if (stream == NULL)
        return errno == ENOENT || error_set_errno(err, "cannot read %s", path);
    for (const struct dirent *entry = readdir(stream); ok && entry != NULL; entry = readdir(stream)) {
        const char *file = path_join(arena, path, entry->d_name);
        const char *within = arena_printf(arena, "%s/%s", name, entry->d_name);

        if (entry->d_name[0] == '.' || strlen(within) > ARCHIVE_NAME_MAX || !path_is_file(file))
            continue;
        ok = archive_add(archive, within, file, err);
        if (!ok && !path_exists(file) && strcmp(name, "files") == 0) {
            error_clear(err);
            ok = true;
        }
    }
    closedir(stream);
    return ok;
}

bool backup_make(const char *folder, const char *path, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const char *copy = arena_printf(arena, "%s.store-%ld", path, (long)getpid());
    struct archive_out *archive = NULL;
    bool ok = false;

    (void)unlink(copy);
    ok = store_copy(path_join(arena, folder, "store"), copy, err) && archive_create(path, &archive, err) &&
         archive_add(archive, STORE_FILE, copy, err);
    for (size_t i = 0; ok && i < sizeof(FOLDERS) / sizeof(FOLDERS[0]); i++)
        ok = folder_add(archive, folder, FOLDERS[i], err);
    (void)unlink(copy);
    if (ok)
        ok = archive_finish(archive, err);
    else
        archive_abandon(archive);
    return ok || error_prefix(err, "backup to %s", path);
}

/* --- restoring --- */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

static void tree_remove(const char *path)
{
    (void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

struct restoring {
    struct arena *arena;
    const char *folder, *fresh; /* where it was unpacked */
    const char *suffix;         /* of what was there: ".before-<seconds>" */
    const char **aside;
    size_t aside_count;
};

/* The folder as the backup has it in place of the one that is there. */
static bool folder_put(struct restoring *restoring, const char *name, struct error *err)
{
    const char *target = path_join(restoring->arena, restoring->folder, name);
    const char *fresh = path_join(restoring->arena, restoring->fresh, name);
    const char *aside = arena_printf(restoring->arena, "%s%s", target, restoring->suffix);

    if (path_exists(target)) {
        if (rename(target, aside) != 0)
            return error_set_errno(err, "cannot put %s aside", target);
        restoring->aside[restoring->aside_count++] = aside;
    }
    if (!path_exists(fresh))
        return true;
    if (!folder_sync(fresh, err))
        return false;
    return rename(fresh, target) == 0 || error_set_errno(err, "cannot put %s in its place", target);
}

static bool parts_check(const struct restoring *restoring, struct error *err)
{
    static const char *const parts[] = { STORE_FILE, "trust/ca.key", "trust/ca.pem", "trust/signing.key" };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (!path_is_file(path_join(restoring->arena, restoring->fresh, parts[i])))
            return error_set(err, "it holds no %s: it is no backup of a controller", parts[i]);
    }
    return true;
}

static bool parts_put(struct restoring *restoring, struct error *err)
{
    const char *store = path_join(restoring->arena, restoring->folder, "store"), *old = NULL;

    if (!folder_create(restoring->arena, store, 0700, err) ||
        !store_restore(store, path_join(restoring->arena, restoring->fresh, STORE_FILE), restoring->arena, &old, err))
        return false;
    if (old != NULL)
        restoring->aside[restoring->aside_count++] = old;
    for (size_t i = 0; i < sizeof(FOLDERS) / sizeof(FOLDERS[0]); i++) {
        if (!folder_put(restoring, FOLDERS[i], err))
            return false;
    }
    return folder_sync(restoring->folder, err);
}

bool backup_restore(const char *folder, const char *path, struct arena *arena, const char *const **aside_out,
                    struct error *err)
{
    struct restoring restoring = {
        .arena = arena,
        .folder = folder,
        .fresh = path_join(arena, folder, arena_printf(arena, "restore-%ld", (long)getpid())),
        .suffix = arena_printf(arena, ".before-%lld", (long long)(clock_wall_us() / 1000000)),
        .aside = arena_new_array(arena, const char *, sizeof(FOLDERS) / sizeof(FOLDERS[0]) + 2),
    };
    bool ok = false;

    if (!path_is_file(path))
        return error_set(err, "cannot restore %s: there is no such file", path);
    if (!folder_create(arena, folder, 0700, err))
        return error_prefix(err, "cannot restore %s", path);
    tree_remove(restoring.fresh);
    ok = (mkdir(restoring.fresh, 0700) == 0 || error_set_errno(err, "cannot make %s", restoring.fresh)) &&
         archive_unpack(path, restoring.fresh, err) && parts_check(&restoring, err) && parts_put(&restoring, err);
    tree_remove(restoring.fresh);
    *aside_out = restoring.aside;
    return ok || error_prefix(err, "cannot restore %s", path);
}
