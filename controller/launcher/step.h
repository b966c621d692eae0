/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be done with one instance of a workload: a pure function of what is declared, what is stored, what nodes told, what its
 * engine answered, and the time. No store, no network, no clock: the same in the tests as in the launcher.
 */
#pragma once

#include "controller/engines/engine.h"

enum step_state {
    STEP_PENDING,
    STEP_PLACING,
    STEP_DOWNLOADING,
    STEP_STARTING,
    STEP_LOADING,
    STEP_SERVING,
    STEP_DEGRADED,
    STEP_FAILED,
    STEP_STOPPED,
    STEP_RUNNING, /* batch */
    STEP_DONE,
};
const char *step_state_name(enum step_state state);
enum step_state step_state_of(const char *name); /* pending for what is none */

enum step_told {
    STEP_TOLD_NOTHING,
    STEP_TOLD_STARTING,
    STEP_TOLD_RUNNING,
    STEP_TOLD_ENDED, /* a job that went well */
    STEP_TOLD_FAILED,
    STEP_TOLD_REFUSED,
    STEP_TOLD_STOPPING,
    STEP_TOLD_GONE,
};
enum step_told step_told_of(const char *name);

struct step_piece {
    const char *name, *node;
    const char *sentence; /* the node's, or NULL */
    int64_t attempt;
    bool is_head, is_job, is_due, is_wanted;
    bool is_silent; /* its node was not heard for too long to count on it */
    bool is_ended;  /* it cannot run any more, though nobody told: its lease is over, its node is no more */
    bool is_past;   /* its node has enrolled anew and has not told yet what became of it */
    enum step_told told;
};

enum step_asked {
    STEP_ASKED_NOTHING, /* not yet, of this attempt */
    STEP_ASKED_SERVES,
    STEP_ASKED_LOADS,
    STEP_ASKED_WRONG,
    STEP_ASKED_SILENT,
};

enum step_models { STEP_MODELS_READY, STEP_MODELS_COMING, STEP_MODELS_ABSENT, STEP_MODELS_FAILED };

struct step_instance {
    const struct workload *workload; /* NULL: its declaration cannot be read */
    bool is_wanted;                  /* to run, and its replica is one of those declared */
    bool is_current;                 /* runs by the declaration of now */
    const char *leaves;              /* a drained node that it has to leave, or NULL */
    bool has_successor;              /* another one is on its way to its place: until then it goes on */
    const char *no_successor;        /* why there is none, or NULL */
    bool finishes;                   /* another one has its place, and it has work that it began before */
    bool is_beside;                  /* none of those declared: the world hears nothing of it */
    enum step_state state;
    const char *sentence;
    int64_t attempt, failures, since_us, next_us, began_us, served_us;
    bool is_planned;
    bool is_planned_now;             /* by what is there now */
    const char *plan_lost;           /* a node of its plan where nothing can go any more, or NULL */
    const char *hopeless;            /* a sentence: what it needs is nowhere, and cannot be brought; or NULL */
    const struct step_piece *pieces; /* of all attempts, each in the order of their start */
    size_t pieces_count;
    enum step_models models; /* on the nodes of the plan */
    const char *models_sentence;
    enum step_asked asked;
    const char *asked_sentence;
    int asked_bad; /* in a row, of probes that did not show that it serves */
    int64_t now_us;
};

enum step_action {
    STEP_PLAN = 1,       /* find a place */
    STEP_FETCH = 2,      /* have the models brought there */
    STEP_PLACE = 4,      /* make its pieces: attempt + 1 */
    STEP_DUE = 8,        /* tell the nodes of the next pieces: `due` */
    STEP_TAKE_AWAY = 16, /* end all pieces; the plan is void */
    STEP_ASK = 32,       /* its head can be asked */
    STEP_KEEP_LOG = 64,  /* of the piece that failed: `culprit` */
    STEP_RESULT = 128,   /* what the jobs wrote is to be read */
    STEP_MEASURE = 256,  /* its head is asked for its figures, and nothing else */
};

#define STEP_DUE_MAX 64

struct step_decision {
    unsigned actions;
    enum step_state state;
    const char *sentence;
    int64_t failures, next_us;
    bool is_over;                        /* nothing of it is left */
    size_t culprit;                      /* index of a piece */
    size_t due[STEP_DUE_MAX], due_count; /* indexes of pieces */
    const char *event;                   /* of the fleet's log, or NULL */
};

void step_instance(struct arena *arena, const struct step_instance *in, struct step_decision *out);
/* Microseconds until the next start after so many failed ones in a row: 1, 2, 4 .. 60 s. */
int64_t step_pause_us(int64_t failures);
