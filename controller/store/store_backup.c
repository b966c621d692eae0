/* SPDX-License-Identifier: Apache-2.0 */
/* Copies that are whole or not there, and putting one back. */
#include "controller/store/store_backup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "controller/store/migration.h"
#include "controller/store/query.h"
#include "controller/store/store_internal.h"

/* Beside `path`, so that the rename stays in one file system; one process makes one at a time. */
static const char *temporary_name(struct arena *arena, const char *path)
{
    return arena_printf(arena, "%s.new-%ld", path, (long)getpid());
}

static bool file_put(const char *temporary, const char *path, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const char *folder = path_dirname(arena, path);

    if (rename(temporary, path) != 0) {
        error_set_errno(err, "cannot rename %s to %s", temporary, path);
        (void)unlink(temporary);
        return false;
    }
    return folder_sync(folder, err);
}

static bool is_store(const struct store *store, const char *path)
{
    struct stat own, other;

    return stat(store->path, &own) == 0 && stat(path, &other) == 0 && own.st_dev == other.st_dev &&
           own.st_ino == other.st_ino;
}

bool store_backup(struct store *store, const char *path, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct store_connection *from = NULL;
    const char *temporary = temporary_name(arena, path);
    bool ok = false;

    if (is_store(store, path))
        return error_set(err, "backup to %s: that is the store itself", path);
    if (!store_reader_open(store, &from, err))
        return error_prefix(err, "backup to %s", path);
    (void)unlink(temporary);
    ok = connection_copy(from, temporary, err) && file_put(temporary, path, err);
    store_reader_close(from);
    return ok || error_prefix(err, "backup to %s", path);
}

bool store_copy(const char *folder, const char *path, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const char *from = path_join(arena, folder, STORE_FILE);
    struct store_connection *connection = NULL;
    bool ok = false;

    if (!path_is_file(from))
        return error_set(err, "there is no store in %s", folder);
    ok = connection_open(from, CONNECTION_READ, &connection, err) && connection_copy(connection, path, err);
    connection_close(connection);
    return ok;
}

/* --- restoring --- */

static bool backup_look(struct store_connection *backup, struct error *err)
{
    int version = 0;

    if (!migration_version(backup, migration_count, &version, err) || !connection_check(backup, "integrity_check", err))
        return false;
    return version > 0 || error_set(err, "it is empty");
}

/* A sound store takes its log in when it is closed; a damaged one is put aside as it is, log first: a log that stayed would
 * be taken for the restored file's. */
static bool old_settle(const char *path, struct error *err)
{
    struct store_connection *old = NULL;
    bool ok = connection_open(path, CONNECTION_WRITE, &old, err) &&
              connection_execute(old, "PRAGMA wal_checkpoint(TRUNCATE)", err);

    connection_close(old);
    return ok;
}

static bool part_aside(struct arena *arena, const char *path, const char *aside, const char *suffix, struct error *err)
{
    const char *from = arena_printf(arena, "%s%s", path, suffix);

    return rename(from, arena_printf(arena, "%s%s", aside, suffix)) == 0 || errno == ENOENT ||
           error_set_errno(err, "cannot put %s aside", from);
}

/* A second name first: at no moment is there no store, which would be taken for a new one. */
static bool file_aside(const char *path, const char *aside, struct error *err)
{
    return link(path, aside) == 0 || rename(path, aside) == 0 || error_set_errno(err, "cannot put %s aside", path);
}

static bool old_aside(const char *folder, const char *path, struct arena *arena, const char **aside_out,
                      struct error *err)
{
    struct error ignored = ERROR_INIT; /* what is damaged may be why a backup is restored */
    const char *aside = arena_printf(arena, "%s.before-%lld", path, (long long)(clock_wall_us() / 1000000));

    *aside_out = NULL;
    if (!path_exists(path))
        return true;
    for (int i = 2; path_exists(aside); i++)
        aside = arena_printf(arena, "%s.before-%lld-%d", path, (long long)(clock_wall_us() / 1000000), i);
    (void)old_settle(path, &ignored);
    *aside_out = aside;
    return part_aside(arena, path, aside, "-wal", err) && part_aside(arena, path, aside, "-shm", err) &&
           file_aside(path, aside, err) && folder_sync(folder, err);
}

/* The seconds since 1970 are beyond all numbers that were counted up since the backup, however often it was put back. */
static bool epochs_leap(struct store_connection *copy, struct error *err)
{
    int64_t tables = 0;
    bool found = false;

    return query_number(copy, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'placement'", NULL,
                        &tables, &found, err) &&
           (tables == 0 ||
            connection_execute(
                copy, "UPDATE placement SET epoch = max(epoch + 1, CAST(strftime('%s', 'now') AS INTEGER))", err));
}

/* Nodes have work and placements of higher numbers than the backup knows; they pass over work up to there: new ones get numbers beyond. */
static bool numbers_leap(const char *path, struct error *err)
{
    struct store_connection *copy = NULL;
    bool ok = connection_open(path, CONNECTION_COPY, &copy, err) &&
              connection_execute(copy, "UPDATE node SET work_number = work_number + 1000000", err) &&
              epochs_leap(copy, err);

    connection_close(copy);
    return ok;
}

static bool restore_locked(const char *folder, const char *path, struct arena *arena, const char **aside_out,
                           struct error *err)
{
    struct store_connection *backup = NULL;
    const char *target = path_join(arena, folder, STORE_FILE), *temporary = temporary_name(arena, target);
    bool ok = connection_open(path, CONNECTION_READ, &backup, err) && backup_look(backup, err);

    (void)unlink(temporary);
    ok = ok && connection_copy(backup, temporary, err);
    connection_close(backup);
    if (!ok)
        return false;
    if (!numbers_leap(temporary, err)) {
        (void)unlink(temporary);
        return false;
    }
    if (!old_aside(folder, target, arena, aside_out, err)) {
        (void)unlink(temporary);
        return false;
    }
    return file_put(temporary, target, err);
}

bool store_restore(const char *folder, const char *path, struct arena *arena, const char **aside_out, struct error *err)
{
    bool unclean = false, ok = false;
    FD_SCOPED lock = -1;

    if (!path_is_file(path))
        return error_set(err, "cannot restore %s: there is no such file", path);
    lock = store_folder_lock(folder, &unclean, err);
    ok = lock >= 0 && restore_locked(folder, path, arena, aside_out, err);
    return ok || error_prefix(err, "cannot restore %s", path);
}
