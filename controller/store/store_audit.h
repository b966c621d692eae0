/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who did what, kept for ever. Each row carries the SHA-256 of its fields and of the row before, so that a row changed,
 * removed or put in between is found. Rows cut off at the end leave a whole chain: who must prove that keeps count and hash.
 */
#pragma once

#include "controller/store/store.h"

#define STORE_AUDIT_HASH 64 /* hex digits; the row before the first has as many zeros */

struct store_audit_row {
    int64_t id; /* from 1 without gaps */
    int64_t at_us;
    const char *actor;  /* token's name, "node:<name>", "controller" */
    const char *action; /* "token.revoke" */
    const char *object; /* what it was done to; "" for nothing in particular */
    const char *detail; /* JSON, or NULL */
    const char *peer;   /* address, or NULL */
    const char *previous, *hash;
};

/* id, previous and hash are set here; *id_out may be NULL. */
bool store_audit_add(struct store_connection *writer, const struct store_audit_row *row, int64_t *id_out,
                     struct error *err);

struct store_audit_filter {
    const char *actor, *action; /* exactly; NULL: all */
    int64_t before;             /* id of the last row of the page before; 0: from the newest */
    size_t limit;
};
struct store_audit_page {
    struct store_audit_row *rows; /* newest first */
    size_t count;
    int64_t next; /* 0: that was all */
};
bool store_audit_page(struct store_connection *connection, struct arena *arena, const struct store_audit_filter *filter,
                      struct store_audit_page *out, struct error *err);

struct store_audit_verdict {
    int64_t rows;                    /* that are sound, from the first on */
    int64_t first_bad;               /* id; 0: the chain is whole */
    char reason[160];                /* a sentence about first_bad */
    char hash[STORE_AUDIT_HASH + 1]; /* of the last sound row */
};
/* Reads every row: tenths of a second per 100,000. False only when it cannot be read. */
bool store_audit_verify(struct store_connection *connection, struct store_audit_verdict *out, struct error *err);
