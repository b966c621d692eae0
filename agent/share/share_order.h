/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemon tells its children `fetch` and `share`, one JSON object a line on their standard input; each line is the whole order and
 * takes the place of the one before. It comes from the controller's placement, and nothing of it is believed unchecked.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

#define ORDER_LINE_MAX ((size_t)60 * 1024) /* what a pipe takes at once */
#define ORDER_PEERS_MAX 256
#define ORDER_MODELS_MAX 64

enum fetch_role {
    FETCH_TAKE, /* from neighbours; from the origin when all of them fail */
    FETCH_SEED, /* what neighbours do not have comes from the origin */
    FETCH_LOOK, /* only what it is, by its header */
};

/* A neighbour, and the key that its certificate must be of. */
struct share_peer {
    const char *node, *host, *fingerprint;
    int64_t port;
    bool is_authority; /* its digests of chunks count; of several those of the first that answers */
};

struct fetch_order {
    const char *source, *name; /* name: of a link, or NULL */
    int64_t fetch;             /* the controller's number of the whole undertaking */
    enum fetch_role role;
    bool is_shared; /* others want it from here */
    struct share_peer *peers;
    size_t count;
};

struct share_model {
    const char *source;
    struct share_peer *nodes; /* who may have it: node and fingerprint */
    size_t count;
};
struct share_order {
    const char *address; /* to listen on: a literal one */
    int64_t port;
    struct share_model *models;
    size_t count;
};

bool fetch_order_bind(struct arena *arena, const struct value *value, struct fetch_order *out, struct error *err);
/* What is under way by one goes on by the other: the same neighbours, the same part in it, and one of those whose digests count still does.
 * So it is whenever a neighbour becomes ready. */
bool fetch_order_is_alike(const struct fetch_order *one, const struct fetch_order *other);
bool share_order_bind(struct arena *arena, const struct value *value, struct share_order *out, struct error *err);
/* The node may have it: by name and key. */
bool share_order_allows(const struct share_order *order, const char *source, const char *node, const char *fingerprint);
/* It may have anything at all. */
bool share_order_knows(const struct share_order *order, const char *node, const char *fingerprint);
