/* SPDX-License-Identifier: Apache-2.0 */
/* Inside controller/launcher: what a pass decides by. The thread's own but what is said to be under the mutex. */
#pragma once

#include "controller/launcher/launcher.h"
#include "controller/launcher/step.h"
#include "controller/store/store_instance.h"
#include "controller/store/store_piece.h"
#include "controller/store/store_workload.h"

#define LAUNCHER_SILENT_MS 75000 /* a node without leases asks at least so often */

/* A declaration that was read already. */
struct declared {
    struct declared *next;
    struct arena *own;   /* it lies there itself */
    struct arena *arena; /* of what was read */
    int64_t id, revision;
    bool is_readable;
    bool is_seen;      /* by the pass */
    const char *wrong; /* when it is not */
    struct workload workload;
};

struct ask;

/* What is known of an instance beside the store: what its engine answered. */
struct watch {
    struct watch *next;
    struct arena *own; /* it lies there itself */
    int64_t id, attempt;
    bool is_seen;
    bool is_asked;   /* its head can be asked now */
    bool has_served; /* a completion has come in this attempt, since the launcher's start */
    bool has_looked; /* its parts were counted */
    enum step_asked asked;
    char sentence[300];
    int bad;           /* probes in a row that were not as they should be */
    int still;         /* probes in a row that had no answer while nothing moved (busy.h) */
    unsigned asks;     /* of this attempt */
    int64_t ask_at_ms; /* the next one is due */
    int64_t served_us; /* last good probe */
    double probe_ms;   /* it took so long; NAN: none */
    int64_t measure_at_ms, learn_at_ms;
    struct ask *probing, *measuring; /* under way */
    struct launcher_figures figures; /* under the mutex */
    int64_t passed_ms;               /* the gateway had bytes of it; under the mutex */
};

struct view_node {
    int64_t id, generation;
    const char *name;
    bool is_active, is_drained;
    const char *boot_id, *drained_by;
    bool has_lease; /* a piece there ends by itself when the controller is not heard */
    int64_t silent_ms;
    int64_t gone_ms;                         /* silent for so long, what has a lease there has ended */
    const struct store_placement *placement; /* NULL: it was never told anything */
};

struct view {
    struct store_workload *workloads;
    size_t workloads_count;
    struct store_instance *instances;
    size_t instances_count;
    struct store_piece *pieces;
    size_t pieces_count;
    struct view_node *nodes;
    size_t nodes_count;
};

bool view_read(struct launcher *launcher, struct error *err);
const struct view_node *view_node_find(const struct launcher *launcher, int64_t id);          /* NULL: not known */
const struct store_workload *view_workload_find(const struct launcher *launcher, int64_t id); /* NULL: it is gone */
const struct declared *declared_of(struct launcher *launcher, const struct store_workload *workload);
struct watch *watch_of(struct launcher *launcher, int64_t id);
/* For plan_input: whether nodes are there. */
bool view_is_heard(void *data, struct arena *arena, int64_t node_id, const char **why_not);
/* Forgets what is kept of workloads and instances that the pass has not seen. */
void view_tidy(struct launcher *launcher);
void view_free(struct launcher *launcher);
