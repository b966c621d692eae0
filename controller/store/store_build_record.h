/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was built, as `roost rebuild` told it and the controller signed it: rows that never change. The record is canonical JSON; that
 * it is, and the signature, are the caller's (controller/api/build_records.c).
 */
#pragma once

#include "controller/store/store.h"

struct store_build_record {
    int64_t id; /* only when read */
    int64_t at_us;
    const char *by;      /* the operator's token */
    const char *rebuild; /* its name */
    const char *node;    /* name; NULL: of the cluster as a whole */
    const char *outcome; /* "built", "failed" */
    const char *record;
    const char *signature; /* hexadecimal */
};

/* *known_out: a record of the same rebuild, node and outcome holds the text `told` already; it is *id_out then, and nothing is added. */
bool store_build_record_add(struct store_connection *writer, const struct store_build_record *record, const char *told,
                            bool *known_out, int64_t *id_out, struct error *err);

struct store_build_record_filter {
    const char *rebuild, *node; /* NULL: all */
    int64_t id;                 /* 0: all */
    int64_t before;             /* id of the last row of the page before; 0: from the newest */
    size_t limit;
};
/* Newest first. */
bool store_build_record_read(struct store_connection *connection, struct arena *arena,
                             const struct store_build_record_filter *filter, struct store_build_record **out,
                             size_t *count_out, struct error *err);
