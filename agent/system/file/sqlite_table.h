/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads rows of plain tables in an SQLite 3 file (https://sqlite.org/fileformat2.html) without the library: enough for
 * rpm's package database. No indexes, no SQL, no write-ahead log. Every page number, offset and size is checked
 * against the file; a broken file ends the reading, never the process. The file is read page by page as needed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"

#define SQLITE_COLUMNS_MAX 8

struct sqlite_file;

struct sqlite_column {
    bool is_integer; /* else text or blob */
    int64_t integer;
    const char *data; /* NUL behind it */
    size_t length;
};

struct sqlite_row {
    int64_t rowid;
    struct sqlite_column columns[SQLITE_COLUMNS_MAX];
    size_t count;
};

/* NULL when it is not such a file. The descriptor stays the caller's and must stay open. */
struct sqlite_file *sqlite_open(struct arena *arena, int fd);
/* The first page of a table; 0: there is none of this name. */
uint32_t sqlite_table_root(struct sqlite_file *file, const char *table);
/* Calls `visit` for each row in the order of the row ids until it says false. Of payloads only the first
 * `payload_limit` bytes are read: columns that reach beyond are cut. */
typedef bool sqlite_visit(void *context, const struct sqlite_row *row);
struct sqlite_scan {
    uint32_t root;
    size_t payload_limit;
    sqlite_visit *visit;
    void *context;
};
void sqlite_scan(struct sqlite_file *file, const struct sqlite_scan *scan);
/* The one row with this id; false: it is not there. */
bool sqlite_find(struct sqlite_file *file, uint32_t root, int64_t rowid, size_t payload_limit, struct sqlite_row *out);
