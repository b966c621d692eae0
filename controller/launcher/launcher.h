/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launcher: one thread that makes what runs on the nodes equal to what is declared. It plans, tells nodes their pieces (in the
 * store), asks engines whether they serve, starts again what died, moves what has to move. Nothing that it needs to go on
 * is in memory alone. All functions are for any thread; none blocks but launcher_open and launcher_stop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"
#include "controller/engines/engine.h"
#include "controller/store/store.h"

#define LAUNCHER_BACKENDS_MAX 64 /* of one model */
#define LAUNCHER_LOG_LINES 2000  /* kept of each piece that is followed */

/* Told of what is on disk now. They must not block. */
struct launcher_news {
    void (*work)(void *data, int64_t node_id);         /* a node has work */
    void (*workload)(void *data, int64_t instance_id); /* its state has changed; 0: the list of workloads */
    void (*log)(void *data, int64_t instance_id);      /* it has new lines */
    void *data;
};

struct launcher_options {
    struct store *store;
    struct launcher_news news;
    /* When the node was heard last, by the monotonic clock; 0: not since the start. */
    int64_t (*heard_ms)(void *data, int64_t node_id);
    void *heard_data;
    int64_t lease_s; /* launcher_lease.h; 0: the usual one */
};

struct launcher;
bool launcher_open(const struct launcher_options *options, struct launcher **out, struct error *err);
void launcher_stop(struct launcher *launcher); /* what runs on nodes goes on */
void launcher_free(struct launcher *launcher); /* stops; NULL is fine */

/* Something that it decides by is new in the store: reports, declarations, nodes. NULL is fine. */
void launcher_wake(struct launcher *launcher);
void launcher_declared(struct launcher *launcher); /* or wanted, anew: until that was read no model is unknown */
/* A request to its head has just broken: it is asked at once whether it still serves. */
void launcher_suspect(struct launcher *launcher, int64_t instance_id);
void launcher_passes(struct launcher *launcher, int64_t instance_id); /* bytes of its answers come: it works */

/* --- who serves a model now: for the gateway --- */

enum launcher_route_state {
    LAUNCHER_SERVES,  /* there are backends */
    LAUNCHER_LOADS,   /* it is on its way: sentence, eta_s */
    LAUNCHER_FAILED,  /* it is wanted and does not come: sentence */
    LAUNCHER_UNKNOWN, /* nobody serves a model of that name, as all that is declared says: nearest */
};

struct launcher_backend {
    int64_t instance_id, workload_id, attempt;
    const char *workload, *engine; /* names */
    const char *address;           /* of the head */
    int64_t port;
    const char *key;   /* SECRET; NULL: it wants none */
    const char *model; /* what the engine calls it */
    int64_t slots;     /* requests that it works on at once; at least 1 */
    int64_t context;   /* tokens of one slot; 0: not known */
    bool is_embedding;
};

struct launcher_route {
    enum launcher_route_state state;
    struct launcher_backend *backends;
    size_t count;
    const char *sentence;  /* why not yet, for clients: no node, no address; `roost ps` has it in full */
    int64_t eta_s, late_s; /* as its last start took, 0: nobody can tell; so long after it was expected */
    const char *nearest;   /* or NULL */
};

/* By a workload's name, its alias, or the name of a model that only one workload has. Copied into the arena, which then holds a secret. */
void launcher_route(struct launcher *launcher, struct arena *arena, const char *model, struct launcher_route *out);

struct launcher_model {
    const char *name; /* the alias, or the workload's name */
    const char *workload;
    enum launcher_route_state state;
    bool is_embedding;
    int64_t since_us;
};
/* All that /v1/models shows: workloads of inference that are wanted, by name. */
void launcher_models(struct launcher *launcher, struct arena *arena, struct launcher_model **out, size_t *count_out);

/* The newest of an engine, while it serves. */
struct launcher_figures {
    struct engine_figures figures;      /* counters of this attempt; NAN: not told */
    double prefill_per_s, decode_per_s; /* tokens, over the last stretch with work; NAN: not known */
    int64_t at_us, attempt;             /* 0: none yet */
    int64_t served_us;                  /* last good probe; 0: none yet */
    double probe_ms;                    /* it took so long */
};
bool launcher_figures(struct launcher *launcher, int64_t instance_id, struct launcher_figures *out);

/* --- logs: kept while somebody follows --- */

/* For the next minute: its nodes are told to send what its pieces write. */
void launcher_log_follow(struct launcher *launcher, int64_t instance_id);
bool launcher_log_is_followed(struct launcher *launcher, int64_t instance_id);
/* What a node sent: a list of {at_us, text}. */
void launcher_log_add(struct launcher *launcher, int64_t instance_id, const char *piece, const struct value *lines);
struct launcher_line {
    int64_t number, at_us;
    const char *piece, *text;
};
struct launcher_line_range {
    int64_t instance_id, after; /* lines behind this number */
    size_t limit;
};
/* Oldest first. */
void launcher_log_read(struct launcher *launcher, struct arena *arena, const struct launcher_line_range *range,
                       struct launcher_line **out, size_t *count_out);
