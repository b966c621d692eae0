/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking chunks of one file from neighbours: a thread for each of them, which asks what it has and takes what is rarest among what is
 * missing here, verifies it while it comes, and writes it to its place. A neighbour whose chunk is not what its digest says is dropped and named.
 * Digests are believed of authorities alone, for chunks that are not here yet; of the first of them that answers.
 */
#pragma once

#include "agent/share/share_order.h"
#include "common/model/chunk_map.h"
#include "common/trust/tls_stream.h"

#define TAKE_PEERS_MAX 16 /* asked at the same time: the authority first, the others in the order given */

struct chunk_take;

struct chunk_take_options {
    const struct tls_client *tls;
    const char *source;
    int64_t file;          /* its number in the plan */
    struct chunk_map *map; /* as all that is named here: lives longer */
    int fd;                /* of the partial file */
    const struct share_peer *peers;
    size_t count;
    const char *self; /* this node's name: so that not all begin with the same chunk */
};

struct chunk_take_peer {
    const char *node;
    int64_t bytes; /* good ones that came from it */
    bool is_bad;
    char sentence[256]; /* why it is dropped, or what stands in the way now; "" */
};

bool chunk_take_start(const struct chunk_take_options *options, struct chunk_take **out, struct error *err);
/* Ends all threads; what they were at is lost. NULL is fine. */
void chunk_take_end(struct chunk_take *take);

struct chunk_take_state {
    bool is_complete;
    bool is_idle;      /* each neighbour has been asked or cannot be, and none has anything that is missing here */
    int64_t failed_ms; /* so long all neighbours have failed; 0: one of them answers */
    bool has_failed;   /* here: `error` */
    struct error error;
};
void chunk_take_look(struct chunk_take *take, struct chunk_take_state *out);
/* Of neighbour `index` of the options. */
void chunk_take_peer_look(struct chunk_take *take, size_t index, struct chunk_take_peer *out);
