/* SPDX-License-Identifier: Apache-2.0 */
/* Opening connections as the store wants them, the cache of statements, errors as sentences. */
#include "controller/store/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/hash.h"

#define BUSY_TIMEOUT_MS 10000 /* a check point or a recovery of another connection; writers are never two */

/* Of every connection. What the file says about functions and tables is not trusted. */
static const char SETTINGS[] = "PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON;"
                               "PRAGMA temp_store = MEMORY; PRAGMA synchronous = FULL;";

bool connection_fail_code(const struct store_connection *connection, int code, const char *text, struct error *err)
{
    int system = sqlite3_system_errno(connection->db);

    switch (code & 0xff) {
    case SQLITE_FULL:
        return error_set_kind(err, ERROR_LIMIT, "no room on the disk of the store in %s", connection->path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return error_set(err,
                         "the store in %s is damaged (%s): 'roost controller restore BACKUP' brings a copy back and "
                         "keeps this one beside it",
                         connection->path, text);
    case SQLITE_IOERR:
        if (system == ENOSPC || system == EDQUOT || system == EFBIG)
            return error_set_kind(err, ERROR_LIMIT, "no room on the disk of the store in %s: %s", connection->path,
                                  strerror(system));
        return error_set(err, "cannot read or write the store in %s: %s%s%s", connection->path, text,
                         system == 0 ? "" : ": ", system == 0 ? "" : strerror(system));
    default:
        return error_set(err, "the store in %s: %s", connection->path, text);
    }
}

bool connection_fail(const struct store_connection *connection, struct error *err)
{
    return connection_fail_code(connection, sqlite3_errcode(connection->db), sqlite3_errmsg(connection->db), err);
}

bool connection_execute(struct store_connection *connection, const char *sql, struct error *err)
{
    return sqlite3_exec(connection->db, sql, NULL, NULL, NULL) == SQLITE_OK || connection_fail(connection, err);
}

bool connection_number(struct store_connection *connection, const char *sql, int64_t *out, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    bool ok = sqlite3_prepare_v2(connection->db, sql, -1, &statement, NULL) == SQLITE_OK &&
              sqlite3_step(statement) == SQLITE_ROW;

    if (ok)
        *out = sqlite3_column_int64(statement, 0);
    else
        connection_fail(connection, err);
    (void)sqlite3_finalize(statement); /* its error is the step's */
    return ok;
}

bool connection_check(struct store_connection *connection, const char *pragma, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    sqlite3_stmt *statement = NULL;
    const char *sql = arena_printf(arena, "PRAGMA %s(1)", pragma), *text = NULL;
    bool ok = sqlite3_prepare_v2(connection->db, sql, -1, &statement, NULL) == SQLITE_OK &&
              sqlite3_step(statement) == SQLITE_ROW;

    if (!ok) {
        connection_fail(connection, err);
    } else {
        text = (const char *)sqlite3_column_text(statement, 0);
        ok = (text != NULL && strcmp(text, "ok") == 0) ||
             connection_fail_code(connection, SQLITE_CORRUPT, text == NULL ? "it cannot be checked" : text, err);
    }
    (void)sqlite3_finalize(statement);
    return ok;
}

/* --- opening --- */

static bool connection_set_up(struct store_connection *connection, enum connection_use use, struct error *err)
{
    sqlite3 *db = connection->db;

    (void)sqlite3_extended_result_codes(db, 1);
    (void)sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
    (void)sqlite3_limit(db, SQLITE_LIMIT_LENGTH, LIMIT_STORE_ROW);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    return connection_execute(connection, SETTINGS, err) &&
           connection_execute(
               connection, use == CONNECTION_WRITE ? "PRAGMA cache_size = -16000" : "PRAGMA cache_size = -4000", err);
}

bool connection_open(const char *path, enum connection_use use, struct store_connection **out, struct error *err)
{
    struct store_connection *connection = calloc(1, sizeof(*connection));
    int flags = use == CONNECTION_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;

    if (connection == NULL || (connection->path = strdup(path)) == NULL) {
        free(connection);
        return error_set_errno(err, "cannot open %s", path);
    }
    if (sqlite3_open_v2(path, &connection->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL) != SQLITE_OK)
        connection_fail(connection, err);
    else if (connection_set_up(connection, use, err)) {
        *out = connection;
        return true;
    }
    connection_close(connection);
    return false;
}

void connection_close(struct store_connection *connection)
{
    if (connection == NULL)
        return;
    for (int i = 0; i < STATEMENT_SLOTS; i++)
        (void)sqlite3_finalize(connection->statements[i].handle);
    (void)sqlite3_close(connection->db);
    free(connection->path);
    free(connection);
}

/* --- statements --- */

static struct statement *slot_of(struct store_connection *connection, const char *sql)
{
    size_t at = (size_t)hash_quick(&sql, sizeof(sql)) % STATEMENT_SLOTS;

    while (connection->statements[at].sql != NULL && connection->statements[at].sql != sql)
        at = (at + 1) % STATEMENT_SLOTS;
    return &connection->statements[at];
}

bool connection_prepare(struct store_connection *connection, const char *sql, sqlite3_stmt **out,
                        struct statement **slot_out)
{
    struct statement *slot = slot_of(connection, sql);
    bool is_new = slot->sql == NULL && connection->statement_count < STATEMENT_SLOTS / 2;

    *slot_out = NULL;
    if (slot->sql != NULL && !slot->busy) {
        slot->busy = true;
        *slot_out = slot;
        *out = slot->handle;
        return true;
    }
    if (sqlite3_prepare_v3(connection->db, sql, -1, is_new ? SQLITE_PREPARE_PERSISTENT : 0, out, NULL) != SQLITE_OK)
        return false;
    if (is_new) {
        *slot = (struct statement){ .sql = sql, .handle = *out, .busy = true };
        *slot_out = slot;
        connection->statement_count++;
    }
    return true;
}

/* --- copies --- */

static bool file_sync(const char *path, struct error *err)
{
    FD_SCOPED fd = open(path, O_RDONLY | O_CLOEXEC);

    return (fd >= 0 && fsync(fd) == 0) || error_set_errno(err, "cannot write %s to the disk", path);
}

static bool copy_pages(struct store_connection *from, struct store_connection *to, struct error *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(to->db, "main", from->db, "main");

    if (backup == NULL)
        return connection_fail(to, err);
    (void)sqlite3_backup_step(backup, -1); /* in one go: one moment, and the writer never makes it begin again */
    if (sqlite3_backup_finish(backup) != SQLITE_OK)
        return connection_fail(to, err);
    return connection_execute(to, "PRAGMA journal_mode = DELETE", err) && connection_check(to, "quick_check", err);
}

bool connection_copy(struct store_connection *connection, const char *path, struct error *err)
{
    struct store_connection *to = NULL;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool ok = false;

    if (fd < 0)
        return error_set_errno(err, "cannot make %s", path);
    fd_close(fd);
    ok = connection_open(path, CONNECTION_COPY, &to, err) && copy_pages(connection, to, err);
    connection_close(to);
    ok = ok && file_sync(path, err);
    if (!ok)
        (void)unlink(path);
    return ok;
}
