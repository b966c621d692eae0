/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing: the lock, the file, what state it is in, the way to the newest tables, the writer. */
#include "controller/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "controller/store/migration.h"
#include "controller/store/store_internal.h"

/* SQLite gives its log and index the database's mode: this one decides. */
static bool file_prepare(const char *path, struct error *err)
{
    FD_SCOPED fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    struct stat info;

    if (fd < 0 || fstat(fd, &info) != 0)
        return error_set_errno(err, "cannot open %s", path);
    if (!S_ISREG(info.st_mode))
        return error_set(err, "%s is no plain file", path);
    return (info.st_mode & 07777) == 0600 || fchmod(fd, 0600) == 0 ||
           error_set_errno(err, "cannot close %s to others", path);
}

/* Before tables change, a copy of the older version: the way back to the program that knew it. */
static bool version_keep(const struct store *store, struct store_connection *connection, int version, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const char *path = arena_printf(arena, "%s.version-%d", store->path, version);

    if (version == 0 || version == migration_count)
        return true;
    (void)unlink(path); /* of an attempt that did not end */
    return connection_copy(connection, path, err) || error_prefix(err, "cannot keep a copy of version %d", version);
}

/* auto_vacuum must be said before there is a table. */
static bool tables_prepare(struct store *store, struct store_connection *connection, bool unclean, struct error *err)
{
    int version = 0;
    bool ok = migration_version(connection, migration_count, &version, err);

    if (ok && version == 0)
        ok = connection_execute(connection, "PRAGMA auto_vacuum = INCREMENTAL", err);
    else if (ok && unclean)
        ok = connection_check(connection, "quick_check", err);
    return ok &&
           connection_execute(connection, "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864", err) &&
           version_keep(store, connection, version, err) &&
           migration_run(connection, migration_steps, migration_count, err);
}

static bool store_prepare(struct store *store, bool unclean, struct error *err)
{
    return file_prepare(store->path, err) && store_folder_mark(store->lock_fd, true, err) &&
           connection_open(store->path, CONNECTION_WRITE, &store->writer.connection, err) &&
           tables_prepare(store, store->writer.connection, unclean, err) && folder_sync(store->folder, err) &&
           writer_start(&store->writer, err);
}

/* After a failure the lock's mark stays as it was found: what was unclean is looked at again. */
static void store_free(struct store *store, bool clean)
{
    struct error err = ERROR_INIT;

    connection_close(store->writer.connection);
    if (store->lock_fd >= 0 && clean)
        (void)store_folder_mark(store->lock_fd, false, &err); /* else the next start looks at every page */
    fd_close(store->lock_fd);
    free(store->folder);
    free(store->path);
    free(store);
}

static struct store *store_new(const char *folder)
{
    ARENA_SCOPED arena = arena_new();
    struct store *store = calloc(1, sizeof(*store));

    if (store == NULL)
        return NULL;
    store->lock_fd = -1;
    store->folder = strdup(path_absolute(arena, folder));
    store->path = strdup(path_join(arena, path_absolute(arena, folder), STORE_FILE));
    if (store->folder != NULL && store->path != NULL)
        return store;
    store_free(store, false);
    return NULL;
}

bool store_open(const char *folder, struct store **out, struct error *err)
{
    struct store *store = store_new(folder);
    bool unclean = false, ok = false;

    if (store == NULL)
        return error_set_errno(err, "cannot open the store in %s", folder);
    store->lock_fd = store_folder_lock(store->folder, &unclean, err);
    ok = store->lock_fd >= 0 && store_prepare(store, unclean, err);
    if (!ok) {
        store_free(store, !unclean);
        return false;
    }
    *out = store;
    return true;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    writer_stop(&store->writer);
    store_free(store, true);
}

bool store_reader_open(struct store *store, struct store_connection **out, struct error *err)
{
    return connection_open(store->path, CONNECTION_READ, out, err);
}

void store_reader_close(struct store_connection *reader)
{
    connection_close(reader);
}

bool store_snapshot_begin(struct store_connection *reader, struct error *err)
{
    return connection_execute(reader, "BEGIN", err);
}

void store_snapshot_end(struct store_connection *reader)
{
    struct error err = ERROR_INIT;

    (void)connection_execute(reader, "COMMIT",
                             &err); /* nothing was written; without a transaction there is nothing to end */
}

const char *store_folder(const struct store *store)
{
    return store->folder;
}

int store_version(void)
{
    return migration_count;
}

bool store_check(struct store_connection *reader, struct error *err)
{
    return connection_check(reader, "integrity_check", err);
}

bool store_size(struct store_connection *connection, struct store_size *out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    int64_t pages = 0, unused = 0, size = 0;
    struct stat info;

    if (!connection_number(connection, "PRAGMA page_count", &pages, err) ||
        !connection_number(connection, "PRAGMA freelist_count", &unused, err) ||
        !connection_number(connection, "PRAGMA page_size", &size, err))
        return false;
    *out = (struct store_size){ .bytes = pages * size, .used = (pages - unused) * size };
    if (stat(arena_printf(arena, "%s-wal", connection->path), &info) == 0)
        out->log_bytes = info.st_size;
    return true;
}
