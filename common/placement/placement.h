/* SPDX-License-Identifier: Apache-2.0 */
/* All that a node is to run, as its controller tells it: GET /agent/v1/placement. Always whole; what is not in it is not to be. */
#pragma once

#include "common/placement/piece.h"

#define PLACEMENT_LEASE_S 30
#define PLACEMENT_BYTES_MAX ((size_t)16 * 1024 * 1024)

struct placement_piece {
    const char *name;
    struct piece piece;          /* when `wrong` is NULL */
    const char *wrong;           /* why it cannot be taken; the others can */
    const struct value *written; /* as it was told */
};

struct placement {
    int64_t epoch;   /* grows with each change */
    int64_t lease_s; /* pieces with a lease end when the controller was not heard for so long */
    struct placement_piece *pieces;
    size_t pieces_count;
    bool measure;               /* energy is to be sampled */
    const struct value *logs;   /* names of pieces that somebody follows; NULL: none */
    const struct value *models; /* what agent/daemon/daemon_models.h takes; NULL: none */
    const struct value *share;
};

/* Members that are not known are passed over: the controller may be newer. Two pieces of one name, or one without a proper name, make all
 * of it wrong; any other mistake only the piece. */
bool placement_bind(struct arena *arena, const struct value *map, struct placement *out, struct error *err);
/* NULL: there is none of that name. */
const struct placement_piece *placement_find(const struct placement *placement, const char *name);
/* Somebody follows its log. */
bool placement_is_followed(const struct placement *placement, const char *name);
