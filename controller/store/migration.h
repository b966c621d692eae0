/* SPDX-License-Identifier: Apache-2.0 */
/* Inside controller/store: the tables, as numbered steps forward. Step n makes version n of version n - 1. */
#pragma once

#include "controller/store/connection.h"

#define STORE_APPLICATION_ID 0x526f6f73 /* "Roos", in the file's header */

struct migration {
    const char *sql;
};

extern const struct migration migration_steps[];
extern const int migration_count;

/* 0: an empty file. Refused by name: what is no store of ours, and a version above `newest`. */
bool migration_version(struct store_connection *connection, int newest, int *out, struct error *err);
/* From the version it has to `count`, each step in a transaction of its own. */
bool migration_run(struct store_connection *connection, const struct migration *steps, int count, struct error *err);

/* schema_1.sql and so on, by roost_embed */
extern const unsigned char store_schema_1[], store_schema_2[], store_schema_3[];
extern const size_t store_schema_1_length, store_schema_2_length, store_schema_3_length;
