/* SPDX-License-Identifier: Apache-2.0 */
/* Binding, stepping, reading columns. */
#include "controller/store/query.h"

#include <math.h>
#include <string.h>

static bool bind_one(sqlite3_stmt *statement, int index, const struct bind *bind)
{
    if (bind->kind == BIND_INT)
        return sqlite3_bind_int64(statement, index, bind->integer) == SQLITE_OK;
    if (bind->kind == BIND_REAL)
        return sqlite3_bind_double(statement, index, bind->real) == SQLITE_OK; /* NAN becomes NULL */
    if (bind->text == NULL)
        return sqlite3_bind_null(statement, index) == SQLITE_OK;
    return sqlite3_bind_text64(statement, index, bind->text, strlen(bind->text), SQLITE_STATIC, SQLITE_UTF8) ==
           SQLITE_OK;
}

void query_start(struct query *query, struct store_connection *connection, const char *sql, const struct bind *binds)
{
    *query = (struct query){ .connection = connection };
    query->failed = !connection_prepare(connection, sql, &query->statement, &query->slot);
    for (int i = 0; binds != NULL && binds[i].kind != BIND_END && !query->failed; i++)
        query->failed = !bind_one(query->statement, i + 1, &binds[i]);
}

bool query_next(struct query *query)
{
    int status = query->failed ? SQLITE_ERROR : sqlite3_step(query->statement);

    query->failed = status != SQLITE_ROW && status != SQLITE_DONE;
    return status == SQLITE_ROW;
}

bool query_end(struct query *query, struct error *err)
{
    bool ok = !query->failed || connection_fail(query->connection, err);

    if (query->slot == NULL) {
        (void)sqlite3_finalize(query->statement);
        return ok;
    }
    (void)sqlite3_reset(query->statement); /* repeats the step's error */
    (void)sqlite3_clear_bindings(query->statement);
    query->slot->busy = false;
    return ok;
}

bool query_run(struct store_connection *connection, const char *sql, const struct bind *binds, struct error *err)
{
    struct query query;

    query_start(&query, connection, sql, binds);
    while (query_next(&query))
        ;
    return query_end(&query, err);
}

bool query_change(struct store_connection *connection, const char *sql, const struct bind *binds, int64_t *changed_out,
                  struct error *err)
{
    if (!query_run(connection, sql, binds, err))
        return false;
    *changed_out = sqlite3_changes64(connection->db);
    return true;
}

bool query_number(struct store_connection *connection, const char *sql, const struct bind *binds, int64_t *out,
                  bool *found_out, struct error *err)
{
    struct query query;
    int64_t number = 0;
    bool found = false;

    query_start(&query, connection, sql, binds);
    found = query_next(&query);
    if (found)
        number = query_int(&query, 0);
    if (!query_end(&query, err))
        return false;
    if (found)
        *out = number;
    *found_out = found;
    return true;
}

int64_t query_int(const struct query *query, int column)
{
    return sqlite3_column_int64(query->statement, column);
}

double query_real(const struct query *query, int column)
{
    return sqlite3_column_type(query->statement, column) == SQLITE_NULL
               ? (double)NAN
               : sqlite3_column_double(query->statement, column);
}

char *query_text(const struct query *query, struct arena *arena, int column)
{
    const unsigned char *text = sqlite3_column_text(query->statement, column);

    return text == NULL
               ? NULL
               : arena_copy_n(arena, (const char *)text, (size_t)sqlite3_column_bytes(query->statement, column));
}

size_t query_page_limit(size_t limit)
{
    if (limit == 0)
        return STORE_PAGE_DEFAULT;
    return limit > LIMIT_STORE_PAGE ? LIMIT_STORE_PAGE : limit;
}
