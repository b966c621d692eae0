/* SPDX-License-Identifier: Apache-2.0 */
/* Inside controller/store: one SQLite connection with its prepared statements, and the sentences for its errors. */
#pragma once

#include <sqlite3.h>

#include "controller/store/store.h"

#define STATEMENT_SLOTS 256 /* open addressing by the address of the SQL, which is a literal */

struct statement {
    const char *sql;
    sqlite3_stmt *handle;
    bool busy;
};

struct store_connection {
    sqlite3 *db;
    char *path;
    struct statement statements[STATEMENT_SLOTS];
    int statement_count;
    bool events_added; /* by the writer, since it last told of them */
};

/* The file must be there for CONNECTION_READ. */
enum connection_use { CONNECTION_READ, CONNECTION_WRITE, CONNECTION_COPY };
bool connection_open(const char *path, enum connection_use use, struct store_connection **out, struct error *err);
void connection_close(struct store_connection *connection); /* NULL is fine */

/* What SQLite's last call on the connection met; always false. */
bool connection_fail(const struct store_connection *connection, struct error *err);
/* The same for a code that the connection does not know of. */
bool connection_fail_code(const struct store_connection *connection, int code, const char *text, struct error *err);

/* Statements without parameters and rows, several joined by ';'. */
bool connection_execute(struct store_connection *connection, const char *sql, struct error *err);
/* The first column of the first row. */
bool connection_number(struct store_connection *connection, const char *sql, int64_t *out, struct error *err);
/* "integrity_check" or "quick_check": false with the damage in the error. */
bool connection_check(struct store_connection *connection, const char *pragma, struct error *err);
/* Everything into a new file at `path` (0600), on disk, without a log of its own; false: there is no such file. */
bool connection_copy(struct store_connection *connection, const char *path, struct error *err);

/* A statement that nobody uses, of the cache or a new one; *slot_out NULL: it is to be finalized. */
bool connection_prepare(struct store_connection *connection, const char *sql, sqlite3_stmt **out,
                        struct statement **slot_out);
