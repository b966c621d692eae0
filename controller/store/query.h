/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside controller/store: one statement from its start to its end.
 *     query_start(&query, connection, "SELECT ...", BINDS(bind_int(id), bind_text(name)));
 *     while (query_next(&query))
 *         ... query_int(&query, 0) ...
 *     return query_end(&query, err);
 * SQL is a literal; an error waits for query_end, which is always called.
 */
#pragma once

#include "controller/store/connection.h"

enum bind_kind { BIND_END, BIND_INT, BIND_REAL, BIND_TEXT };

struct bind {
    enum bind_kind kind;
    int64_t integer;
    double real;      /* NAN: NULL */
    const char *text; /* NULL: NULL */
};

static inline struct bind bind_int(int64_t integer)
{
    return (struct bind){ .kind = BIND_INT, .integer = integer };
}
static inline struct bind bind_real(double real)
{
    return (struct bind){ .kind = BIND_REAL, .real = real };
}
static inline struct bind bind_text(const char *text)
{
    return (struct bind){ .kind = BIND_TEXT, .text = text };
}
/* 0 is NULL in the table. */
static inline struct bind bind_id(int64_t id)
{
    return id == 0 ? bind_text(NULL) : bind_int(id);
}

#define BINDS(...)                                                                                                     \
    (const struct bind[])                                                                                              \
    {                                                                                                                  \
        __VA_ARGS__,                                                                                                   \
        {                                                                                                              \
            .kind = BIND_END                                                                                           \
        }                                                                                                              \
    }

struct query {
    struct store_connection *connection;
    sqlite3_stmt *statement;
    struct statement *slot;
    bool failed;
};

/* `binds` NULL: none. They and their texts live until query_end. */
void query_start(struct query *query, struct store_connection *connection, const char *sql, const struct bind *binds);
bool query_next(struct query *query); /* false: no more, or an error */
bool query_end(struct query *query, struct error *err);
/* Start, all steps, end: for what gives no rows. */
bool query_run(struct store_connection *connection, const char *sql, const struct bind *binds, struct error *err);
/* The same; *changed_out: rows it changed. */
bool query_change(struct store_connection *connection, const char *sql, const struct bind *binds, int64_t *changed_out,
                  struct error *err);
/* The first column of the first row; false without error when there is none: *found_out. */
bool query_number(struct store_connection *connection, const char *sql, const struct bind *binds, int64_t *out,
                  bool *found_out, struct error *err);

int64_t query_int(const struct query *query, int column);                     /* NULL: 0 */
double query_real(const struct query *query, int column);                     /* NULL: NAN */
char *query_text(const struct query *query, struct arena *arena, int column); /* NULL: NULL */

/* What a page's limit comes to. */
size_t query_page_limit(size_t limit);
