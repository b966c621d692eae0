/* SPDX-License-Identifier: Apache-2.0 */
/* Making one, and bringing it back: unpacked and verified beside what is there, then put in its place by renames. */
#include "controller/service/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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

#define UNPACKED "restore-"             /* and the process */
#define UNFINISHED "restore-unfinished" /* is there from the first change to the last */

#define DEPTH_MAX 3       /* of what was unpacked */
#define LEFT_AFTER_S 3600 /* what nobody has written to this long */

/* By open folders, never through a link: others may be able to write where this is done as root. */
static void tree_remove_at(int parent, const char *name, int depth)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);

    if (fd >= 0 && stream == NULL)
        (void)close(fd);
    for (const struct dirent *entry = NULL; stream != NULL && (entry = readdir(stream)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            unlinkat(fd, entry->d_name, 0) != 0 && depth < DEPTH_MAX)
            tree_remove_at(fd, entry->d_name, depth + 1);
    }
    if (stream != NULL)
        closedir(stream);
    (void)unlinkat(parent, name, AT_REMOVEDIR);
}

/* The number behind the prefix is of a process that is gone. */
static bool is_of_the_dead(const char *name, const char *prefix)
{
    ARENA_SCOPED arena = arena_new();
    const char *digits = name + strlen(prefix);
    int64_t process = 0;

    return text_starts(name, prefix) &&
           text_to_int(arena_copy_n(arena, digits, strspn(digits, "0123456789")), &process) && process > 0 &&
           process <= INT32_MAX && kill((pid_t)process, 0) != 0 && errno == ESRCH;
}

/* What processes that were killed have left. Plain files only if they are this user's own and old, as the folder may be anybody's
 * and the process another machine's; trees only in the controller's own folder. */
static void leftovers_remove(const char *folder, const char *prefix, bool with_trees)
{
    DIR *stream = opendir(folder);
    int64_t now_s = clock_wall_us() / 1000000;

    for (const struct dirent *entry = NULL; stream != NULL && (entry = readdir(stream)) != NULL;) {
        struct stat info;

        if (!is_of_the_dead(entry->d_name, prefix) ||
            fstatat(dirfd(stream), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 || info.st_uid != geteuid())
            continue;
        if (S_ISREG(info.st_mode) && now_s - info.st_mtim.tv_sec > LEFT_AFTER_S)
            (void)unlinkat(dirfd(stream), entry->d_name, 0);
        else if (S_ISDIR(info.st_mode) && with_trees)
            tree_remove_at(dirfd(stream), entry->d_name, 0);
    }
    if (stream != NULL)
        closedir(stream);
}

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
    const char *copy = archive_temporary(arena, path, "store"), *beside = path_dirname(arena, path);
    struct archive_out *archive = NULL;
    bool ok = false;

    leftovers_remove(*beside == '\0' ? "." : beside, ARCHIVE_TEMPORARY, false);
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

/* On disk before anything is changed: a controller that finds it does not start. */
static bool unfinished_mark(const struct restoring *restoring, bool *was_there_out, struct error *err)
{
    const char *path = path_join(restoring->arena, restoring->folder, UNFINISHED);
    FD_SCOPED fd = -1;

    *was_there_out = path_exists(path);
    fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    return (fd >= 0 || error_set_errno(err, "cannot make %s", path)) && folder_sync(restoring->folder, err);
}

static bool parts_put(struct restoring *restoring, struct error *err)
{
    const char *store = path_join(restoring->arena, restoring->folder, "store"), *old = NULL;
    const char *mark = path_join(restoring->arena, restoring->folder, UNFINISHED);
    bool was_marked = false;

    if (!folder_create(restoring->arena, store, 0700, err))
        return false;
    leftovers_remove(store, STORE_FILE ".new-", false);
    if (!unfinished_mark(restoring, &was_marked, err))
        return false;
    if (!store_restore(store, path_join(restoring->arena, restoring->fresh, STORE_FILE), restoring->arena, &old, err)) {
        if (!was_marked)
            (void)unlink(mark); /* nothing was changed */
        return false;
    }
    if (old != NULL)
        restoring->aside[restoring->aside_count++] = old;
    for (size_t i = 0; i < sizeof(FOLDERS) / sizeof(FOLDERS[0]); i++) {
        if (!folder_put(restoring, FOLDERS[i], err))
            return false;
    }
    return folder_sync(restoring->folder, err) &&
           (unlink(mark) == 0 || error_set_errno(err, "cannot remove %s", mark)) && folder_sync(restoring->folder, err);
}

bool backup_restored(const char *folder, struct error *err)
{
    ARENA_SCOPED arena = arena_new();

    leftovers_remove(folder, UNPACKED, true);
    return !path_exists(path_join(arena, folder, UNFINISHED)) ||
           error_set(
               err,
               "%s: a restore was interrupted, its parts may be of two controllers. Do it again: roost controller "
               "restore FILE",
               folder);
}

bool backup_restore(const char *folder, const char *path, struct arena *arena, const char *const **aside_out,
                    struct error *err)
{
    struct restoring restoring = {
        .arena = arena,
        .folder = folder,
        .fresh = path_join(arena, folder, arena_printf(arena, UNPACKED "%ld", (long)getpid())),
        .suffix = arena_printf(arena, ".before-%lld", (long long)(clock_wall_us() / 1000000)),
        .aside = arena_new_array(arena, const char *, sizeof(FOLDERS) / sizeof(FOLDERS[0]) + 2),
    };
    bool ok = false;

    if (!path_is_file(path))
        return error_set(err, "cannot restore %s: there is no such file", path);
    if (!folder_create(arena, folder, 0700, err))
        return error_prefix(err, "cannot restore %s", path);
    leftovers_remove(folder, UNPACKED, true);
    tree_remove_at(AT_FDCWD, restoring.fresh, 0);
    ok = (mkdir(restoring.fresh, 0700) == 0 || error_set_errno(err, "cannot make %s", restoring.fresh)) &&
         archive_unpack(path, restoring.fresh, err) && parts_check(&restoring, err) && parts_put(&restoring, err);
    tree_remove_at(AT_FDCWD, restoring.fresh, 0);
    *aside_out = restoring.aside;
    return ok || error_prefix(err, "cannot restore %s", path);
}
