/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of the tables. One that was released is never changed: tests/data/store holds a store of every version. */
#include "controller/store/migration.h"

#include <stdio.h>

const struct migration migration_steps[] = {
    { (const char *)store_schema_1 },
    { (const char *)store_schema_2 },
    { (const char *)store_schema_3 },
};
const int migration_count = (int)(sizeof(migration_steps) / sizeof(migration_steps[0]));

bool migration_version(struct store_connection *connection, int newest, int *out, struct error *err)
{
    int64_t application = 0, version = 0, tables = 0;

    if (!connection_number(connection, "PRAGMA application_id", &application, err) ||
        !connection_number(connection, "PRAGMA user_version", &version, err) ||
        !connection_number(connection, "SELECT count(*) FROM sqlite_schema", &tables, err))
        return false;
    if (application != STORE_APPLICATION_ID && (application != 0 || version != 0 || tables != 0))
        return error_set(err, "%s is a SQLite database, but no store of Roost", connection->path);
    if (version > newest)
        return error_set(err,
                         "the store in %s has version %lld, and this program knows versions up to %d: a newer Roost "
                         "wrote it",
                         connection->path, (long long)version, newest);
    *out = (int)version;
    return true;
}

static bool references_check(struct store_connection *connection, struct error *err)
{
    int64_t broken = 0;

    if (!connection_number(connection, "SELECT count(*) FROM pragma_foreign_key_check", &broken, err))
        return false;
    return broken == 0 || error_set(err, "%lld rows refer to rows that are not there", (long long)broken);
}

static bool step_run(struct store_connection *connection, const char *sql, int version, struct error *err)
{
    char mark[96];

    snprintf(mark, sizeof(mark), "PRAGMA application_id = %d; PRAGMA user_version = %d", STORE_APPLICATION_ID, version);
    if (connection_execute(connection, "BEGIN IMMEDIATE", err) && connection_execute(connection, sql, err) &&
        references_check(connection, err) && connection_execute(connection, mark, err) &&
        connection_execute(connection, "COMMIT", err))
        return true;
    if (!sqlite3_get_autocommit(connection->db))
        (void)sqlite3_exec(connection->db, "ROLLBACK", NULL, NULL, NULL);
    return error_prefix(err, "cannot bring the store to version %d", version);
}

/* Steps may build tables anew: references are looked at when a step is done, not while it runs. */
bool migration_run(struct store_connection *connection, const struct migration *steps, int count, struct error *err)
{
    int version = 0;
    bool ok = migration_version(connection, count, &version, err) &&
              connection_execute(connection, "PRAGMA foreign_keys = OFF", err);

    for (; ok && version < count; version++)
        ok = step_run(connection, steps[version].sql, version + 1, err);
    return ok && connection_execute(connection, "PRAGMA foreign_keys = ON", err);
}
