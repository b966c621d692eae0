/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each node is to run, as a whole and numbered (its placement), what it told of it, its engines and its memory. A piece's row
 * stays until the node has said that it is gone, also when it has enrolled anew: what is promised is promised once. Functions that change
 * need the writer's connection.
 */
#pragma once

#include "controller/store/store.h"

struct store_piece {
    int64_t node_id;
    const char *node; /* name; only when read */
    const char *name;
    int64_t instance_id;      /* may be gone */
    int64_t attempt, ordinal; /* of the instance; its place in the order of their start */
    const char *role;         /* "head", "worker" */
    const char *body;         /* JSON of common/placement/piece.h; SECRET */
    int64_t gpu, host;        /* bytes that it was promised */
    int64_t port;
    bool is_due;       /* the node is told; else it waits for others */
    bool is_wanted;    /* false: it is to go */
    const char *state; /* as the node told last, or NULL: nothing yet */
    const char *told;  /* JSON of that without `output`, or NULL */
    int64_t told_us;
    int64_t generation; /* of the node when it was made */
};

struct store_piece_filter {
    int64_t node_id;     /* 0: all */
    int64_t instance_id; /* 0: all */
};
/* By instance, then order. */
bool store_piece_list(struct store_connection *connection, struct arena *arena, const struct store_piece_filter *filter,
                      struct store_piece **out, size_t *count_out, struct error *err);
/* NULL: there is none. */
bool store_piece_get(struct store_connection *connection, struct arena *arena, int64_t node_id, const char *name,
                     struct store_piece **out, struct error *err);

/* What a job wrote, as JSON; NULL: nothing. It is large: the lists of pieces go without. */
bool store_piece_output(struct store_connection *connection, struct arena *arena, int64_t node_id, const char *name,
                        const char **out, struct error *err);

/* Each of these counts the placement of the nodes that it changes on, by one, and gives them work of kind "placement". */
bool store_piece_add(struct store_connection *writer, const struct store_piece *piece, int64_t now_us,
                     struct error *err);
bool store_piece_due(struct store_connection *writer, int64_t node_id, const char *name, int64_t now_us,
                     struct error *err);
/* All of the instance that are wanted; those whose node was never told of them are gone at once. */
bool store_piece_take_away(struct store_connection *writer, int64_t instance_id, int64_t attempt, int64_t now_us,
                           struct error *err);
/* Those of instances that are no more are taken away too. A node that has enrolled anew may still run what it ran before: that stays, too,
 * until it tells of a placement without it. */
bool store_piece_tidy(struct store_connection *writer, int64_t now_us, int64_t *changed_out, struct error *err);

/* What a node told of one of its pieces. */
struct store_piece_told {
    int64_t node_id;
    const char *name, *state;
    const char *body; /* JSON */
    int64_t at_us;
};
/* "gone" of one that is not wanted: the row goes. Unknown names change nothing. */
bool store_piece_tell(struct store_connection *writer, const struct store_piece_told *told, struct error *err);
/* All that the node told of at this epoch was told; what it did not name, and is not to be there, is gone. NULL-terminated names. */
bool store_piece_told_all(struct store_connection *writer, int64_t node_id, int64_t epoch, const char *const *names,
                          struct error *err);

/* --- placements --- */

struct store_placement {
    int64_t node_id, epoch, told_epoch;
    bool is_drained;
    const char *drained_by, *drained_why; /* or NULL */
    int64_t lease_s;                      /* of pieces that end when the controller is not heard */
    int64_t lease_before_s;               /* the node may still go by this one; 0: it does not */
    int64_t lease_epoch;                  /* from this one on lease_s is in what the node is told */
};
/* A node that was never told anything: epoch 0. */
bool store_placement_get(struct store_connection *connection, struct arena *arena, int64_t node_id,
                         struct store_placement *out, struct error *err);
bool store_placement_list(struct store_connection *connection, struct arena *arena, struct store_placement **out,
                          size_t *count_out, struct error *err);
/* Something in it is other than before (who follows logs, models, shares): counted by one, with work for the node. */
bool store_placement_change(struct store_connection *writer, int64_t node_id, int64_t now_us, struct error *err);
/* The node speaks of a placement that this store never gave (a controller that was put back from a backup): the next one gets a higher number.
 * *leapt_out: it was so. */
bool store_placement_leap(struct store_connection *writer, int64_t node_id, int64_t told_epoch, int64_t now_us,
                          bool *leapt_out, struct error *err);
/* Another lease from the next placement on: the one before counts until this function's counterpart below is called. */
bool store_placement_lease(struct store_connection *writer, int64_t node_id, int64_t lease_s, int64_t now_us,
                           struct error *err);
/* The one before counts no more; nothing happens where the node has not told yet that it has the new one. */
bool store_placement_leased(struct store_connection *writer, int64_t node_id, struct error *err);
/* `by` NULL: it is drained no more. */
bool store_placement_drain(struct store_connection *writer, int64_t node_id, const char *by, const char *why,
                           struct error *err);

/* --- engines and memory --- */

struct store_engine {
    int64_t node_id; /* only when read, as is `node` */
    const char *node, *name, *build, *path;
    const char *detail; /* JSON, or NULL */
};
/* The node's whole list. */
bool store_engine_replace(struct store_connection *writer, int64_t node_id, const struct store_engine *engines,
                          size_t count, struct error *err);
/* `node_id` 0: all. By node, then name. */
bool store_engine_list(struct store_connection *connection, struct arena *arena, int64_t node_id,
                       struct store_engine **out, size_t *count_out, struct error *err);

struct store_memory {
    int64_t node_id, at_us;
    const char *body; /* JSON, as the node told */
};
bool store_memory_set(struct store_connection *writer, const struct store_memory *memory, struct error *err);
/* `node_id` 0: all. */
bool store_memory_list(struct store_connection *connection, struct arena *arena, int64_t node_id,
                       struct store_memory **out, size_t *count_out, struct error *err);
