/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of controller/launcher share. Everything here belongs to the thread but what is said to be under the mutex. A pass
 * reads all from the store, decides (step.h), writes what has changed in one work, then tells who wants to know.
 */
#pragma once

#include <pthread.h>

#include "common/http/http_group.h"
#include "controller/launcher/facts_cache.h"
#include "controller/launcher/launcher.h"
#include "controller/launcher/launcher_beside.h"
#include "controller/launcher/launcher_job.h"
#include "controller/launcher/launcher_lease.h"
#include "controller/launcher/launcher_log.h"
#include "controller/launcher/launcher_view.h"
#include "controller/launcher/step.h"

/* An instance in a pass. */
struct turn {
    struct store_instance row; /* as it is to be */
    const struct store_workload *workload;
    const struct declared *declared; /* NULL: its workload is gone */
    struct watch *watch;
    struct step_instance in;
    struct step_piece *pieces;
    const struct store_piece **rows; /* of the same pieces */
    struct step_decision decision;
    bool is_wanted, has_changed;
    bool is_undone;             /* it could not be written */
    struct store_piece *placed; /* new ones */
    size_t placed_count;
    const struct value *models; /* of its plan, with paths */
    int64_t head_id;            /* node of its plan's head; 0: not known */
    bool wants_shapes;          /* of models that nobody has */
    struct turn *next;
};

struct leased;

struct launcher {
    struct arena *arena;
    struct launcher_options options;
    struct store_connection *reader; /* the thread's */
    struct http_group *group;
    pthread_t thread;
    bool thread_runs;
    int wake;          /* eventfd */
    int64_t opened_ms; /* by the monotonic clock: silence before it proves nothing */
    struct declared *declared;
    struct watch *watches; /* the list is changed under the mutex */
    struct arena *pass;    /* of one pass */
    struct view view;      /* of this pass */
    struct turn *turns;
    uint64_t read_count; /* changes of what is declared that this pass has read */
    struct facts_cache *facts;
    struct leased *leased; /* nodes that have taken another lease of late */
    int64_t plan_at_ms, models_at_ms, tidy_at_ms;
    bool is_busy; /* something is under way */
    bool failed;  /* the last pass did not come through: the store */

    pthread_mutex_t mutex;
    bool closing;
    uint64_t declared_count, routes_of; /* changes of what is declared, and how many of them the routes have */
    int64_t suspects[LAUNCHER_BACKENDS_MAX];
    size_t suspects_count;
    struct arena *routes_arena; /* SECRET */
    struct launcher_entry *routes;
    size_t routes_count;
    struct launcher_log log;
    int64_t follows[LAUNCHER_LOG_INSTANCES]; /* instances that are followed anew: their nodes are to be told */
    size_t follows_count;
    int64_t told[LAUNCHER_LOG_INSTANCES]; /* nodes of theirs; of the thread */
    size_t told_count;
};

/* --- launcher_pass.c --- */
void pass_run(struct launcher *launcher);
int pass_wait_ms(const struct launcher *launcher);

/* --- launcher_place.c --- */
/* Those turns that want a place get one, or a sentence. */
void place_plan(struct launcher *launcher);
/* The pieces of a turn that has a place, as rows; false: `err` says why it cannot be. */
bool place_pieces(struct launcher *launcher, struct turn *turn, struct error *err);
/* A node of its plan where nothing can go: drained, not active, not heard. NULL: there is none. */
const char *place_lost(struct launcher *launcher, const struct turn *turn);
/* Whether the models are on the head's node. */
void place_models(struct launcher *launcher, struct turn *turn);

/* --- launcher_change.c --- */
/* Writes all that the pass has decided; then tells. */
void changes_write(struct launcher *launcher);
/* What was measured of pieces that serve, every now and then. */
void changes_learn(struct launcher *launcher);

/* --- launcher_ask.c --- */
/* Starts what is due with instances that can be asked. */
void asks_start(struct launcher *launcher);
void asks_take(struct launcher *launcher);            /* what has come in */
void asks_free(struct launcher *launcher);            /* when their group is gone */
int64_t asks_due_ms(const struct launcher *launcher); /* by the monotonic clock; INT64_MAX: none */

/* --- launcher_route.c --- */
struct launcher_entry {
    struct launcher_backend backend;
    const char *alias, *model; /* or NULL */
    enum launcher_route_state state;
    const char *sentence;
    int64_t eta_s, late_s, since_us;
    bool is_embedding;
};
void routes_make(struct launcher *launcher);
