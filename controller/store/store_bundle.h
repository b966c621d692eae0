/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each node is to be: its signed manifest and the files that it names, which are all the node may fetch. The row stays when
 * a bundle is withdrawn, as its version must never come down.
 */
#pragma once

#include "controller/store/store.h"

struct store_bundle {
    int64_t node_id;
    const char *node;                    /* name; only when read */
    int64_t generation;                  /* of the node, that the manifest names */
    int64_t node_generation, file_count; /* only when read */
    int64_t version, created_us, expires_us;
    const char *created_by;          /* the operator's token; stays when it is signed anew */
    const char *playbook;            /* "": withdrawn */
    const char *manifest;            /* as it is sent; not from store_bundle_page */
    int64_t taken_version, taken_us; /* as the node told last; only when read */
};

/* In place of the one before, with its files (hexadecimal SHA-256; the same twice is fine). */
bool store_bundle_set(struct store_connection *writer, const struct store_bundle *bundle, const char *const *files,
                      size_t count, struct error *err);
/* NULL: there is none. */
bool store_bundle_get(struct store_connection *connection, struct arena *arena, int64_t node_id,
                      struct store_bundle **out, struct error *err);
/* Whether the node's manifest names the file. */
bool store_bundle_has_file(struct store_connection *connection, int64_t node_id, const char *sha256, bool *out,
                           struct error *err);
/* The node works with this version from now on; one that it had before is told late. Its clock may have been set back. */
bool store_bundle_taken(struct store_connection *writer, int64_t node_id, int64_t version, int64_t at_us,
                        struct error *err);

struct store_bundle_page {
    struct store_bundle *bundles; /* by the node's name */
    size_t count;
    const char *next; /* `after` of the next page; NULL: that was all */
};
bool store_bundle_page(struct store_connection *connection, struct arena *arena, const char *after, size_t limit,
                       struct store_bundle_page *out, struct error *err);

/* Bundles of active nodes of which half of the time is over, with their manifests: to be signed anew. STORE_BUNDLE_DUE at
 * most, those that end first. */
#define STORE_BUNDLE_DUE 50
bool store_bundle_due(struct store_connection *connection, struct arena *arena, int64_t now_us,
                      struct store_bundle **out, size_t *count_out, struct error *err);

/* Whether any bundle or run is made of this file. */
bool store_file_used(struct store_connection *connection, const char *sha256, bool *out, struct error *err);
