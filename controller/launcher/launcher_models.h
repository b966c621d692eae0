/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Models on nodes, as the launcher and the API see them: is it there, fetch it there, how far is it. A model is what a workload names:
 * a source (hf://, https://, file:///), or a name (link) under which some node has it. One node fetches from the origin (the seed), the
 * others take chunks from it and from each other. All decisions are made of rows of the store (store_fetch.h), so nothing is lost with the
 * controller. docs/models-neighbours.md.
 */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"
#include "controller/store/store.h"

enum launcher_model_state {
    LAUNCHER_MODEL_READY,  /* path, digest, bytes */
    LAUNCHER_MODEL_COMING, /* wanted there: percent, sentence */
    LAUNCHER_MODEL_FAILED, /* sentence; it is tried again when it is wanted again */
    LAUNCHER_MODEL_ABSENT, /* nobody has asked for it there */
};

struct launcher_model_place {
    enum launcher_model_state state;
    const char *path;   /* ready: of the first file, on that node */
    const char *digest; /* ready: of the first file */
    int64_t bytes;      /* of all files; 0: not known yet */
    int64_t done_bytes;
    int percent;          /* 0..100 */
    const char *sentence; /* for people: "45% of 4.0 GiB: taking chunks from 2 of 3 neighbours" */
};

/* Any connection. A model that the node told as complete is ready whoever brought it there. */
bool launcher_model_look(struct store_connection *connection, struct arena *arena, int64_t node_id, const char *model,
                         struct launcher_model_place *out, struct error *err);

/* What is asked for: the model onto that node. */
struct launcher_model_wish {
    const char *model; /* a source, or a name that some node has it by */
    int64_t node_id;
    const char *name; /* of a link to it in the node's store; NULL: none */
    const char *by;   /* who asks, for the row: "workload chat", a token's name */
};
/* How far the look at the header of a model that nobody has is, for people; *out NULL: nobody looks. *looks_out (may be NULL): a node is
 * at it. Any connection. */
bool launcher_model_shape_told(struct store_connection *connection, struct arena *arena, const char *source,
                               const char **out, bool *looks_out, struct error *err);

/*
 * These three run in the writer's thread (works of the store). *touched_out (may be NULL): ids of nodes whose placement has changed, each
 * already with a new epoch and a work `placement`, for launcher_news.work; ends with 0; NULL: none.
 */
/* Wanted from now on; nothing when it is there or on its way; again after a failure. An error when the name means nothing. */
bool launcher_model_want(struct store_connection *writer, struct arena *arena, const struct launcher_model_wish *wish,
                         int64_t **touched_out, struct error *err);
/* A shape of a model that nobody has is asked of a node (store_shape: key is the source). Nothing when it is known or asked for. */
bool launcher_model_shape_want(struct store_connection *writer, struct arena *arena, const char *source,
                               int64_t **touched_out, struct error *err);
/* Elections and time-outs. To be run every few seconds while launcher_models_is_busy, and after reports of kind `fetch` or `models`.
 * `is_young`: the controller started less than 30 s ago, so that silence proves nothing. */
bool launcher_models_step(struct store_connection *writer, struct arena *arena, bool is_young, int64_t **touched_out,
                          struct error *err);
/* Something is being fetched, or is to be. */
bool launcher_models_is_busy(struct store_connection *connection, bool *out, struct error *err);

/* Puts the members `models` and `share` of the node's placement into the map. */
bool launcher_models_placement(struct store_connection *connection, struct arena *arena, int64_t node_id,
                               struct value *placement, struct error *err);
