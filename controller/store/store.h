/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller's memory on disk: one folder (0700) with a SQLite database, the only place with SQL. Opening locks it, brings
 * it up to date and starts the writer (store_writer.h); everything is read through connections that each belong to one thread.
 * Times are microseconds since 1970, UTC; 0: never. Bodies are JSON text that the store does not look into.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"

#define STORE_FILE "store.db"
#define STORE_PAGE_DEFAULT 100 /* rows of a page when the limit asked for is 0 */

struct store;
/* One thread at a time. Rows come out in the caller's arena and stay valid whatever happens to the connection. */
struct store_connection;

/* The folder is made if its parent is there. Refused by name: a folder open to others, another controller that runs, a store
 * of a newer version, one that is damaged (looked at when the last end was unclean). */
bool store_open(const char *folder, struct store **out, struct error *err);
/* What is queued is written first, every done() has run when it returns. Readers must have been closed. NULL is fine. */
void store_close(struct store *store);

/* Read-only: one for each thread that reads. Never waits for the writer. */
bool store_reader_open(struct store *store, struct store_connection **out, struct error *err);
void store_reader_close(struct store_connection *reader); /* NULL is fine */
/* What is read between the two is of one moment. Optional; without it each function sees the newest state. */
bool store_snapshot_begin(struct store_connection *reader, struct error *err);
void store_snapshot_end(struct store_connection *reader);

const char *store_folder(const struct store *store);
int store_version(void); /* of the tables that this program writes */

/* Looks at every page and index; the error says what is damaged and what helps. Reads everything: seconds per gigabyte. */
bool store_check(struct store_connection *reader, struct error *err);

struct store_size {
    int64_t bytes;     /* of the database, what is free within it included */
    int64_t used;      /* of it: with content */
    int64_t log_bytes; /* of the write-ahead log */
};
bool store_size(struct store_connection *connection, struct store_size *out, struct error *err);
