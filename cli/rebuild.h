/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `roost rebuild`: what its parts share. One thread a node walks the table of steps (rebuild_steps.c); the cluster's steps follow in the
 * main thread. What has been done lies in a journal on disk before the next thing is begun, so that a rebuild that was killed goes on.
 * Each node's `progress` is changed under `lock` alone, by rebuild_progress.c.
 */
#pragma once

#include <pthread.h>

#include "cli/rebuild_key.h"
#include "cli/workload_files.h"
#include "engine/command/command.h"
#include "engine/run/connection.h"

#define REBUILD_STEPS_MAX 16
#define REBUILD_SENTENCE 512
#define REBUILD_CLUSTER "(cluster)" /* the name of the row that is no node */

enum rebuild_state { REBUILD_WAITING, REBUILD_RUNNING, REBUILD_DONE, REBUILD_FAILED };

/* One step that was done. */
struct rebuild_mark {
    int64_t began_us, ended_us; /* wall clock; ended 0: not done */
    char sentence[REBUILD_SENTENCE];
};

struct rebuild_progress {
    enum rebuild_state state;
    size_t step;      /* the one at hand; the count of steps: all are done */
    int64_t since_ms; /* monotonic: when it began */
    char sentence[REBUILD_SENTENCE];
    struct rebuild_mark marks[REBUILD_STEPS_MAX];
    struct value
        *notes; /* map of what was found (host_key, generation ...), for the record; in rebuild->journal_arena */
};

struct rebuild_node {
    const char *host; /* of the inventory, or REBUILD_CLUSTER */
    const char *name; /* at the controller */
    const char *wipe; /* command, or NULL */
    const char *address;
    struct rebuild_key_word declared; /* of the inventory */
    struct connection_target target;
    size_t batch;
    const char *log; /* path */
    struct rebuild_progress progress;
};

struct rebuild_options {
    const char *wipe, *serial; /* or NULL */
    bool keep_models, stop_on_failure, resume, yes, wipe_controller;
    int64_t wait_s; /* for a node to come back */
    int64_t margin; /* percent that a benchmark may lose; -1: not given */
    char **rest;    /* of the command line, for the engine's parser */
    int rest_count;
};

struct rebuild_step;
struct rebuild {
    struct arena *arena;
    struct command command;
    struct rebuild_options options;
    const char *name;   /* of this rebuild: "20261121-143210" */
    const char *folder; /* journal.json and the logs */
    const char *work_folder;
    const struct value *arguments; /* the command line, to be read again (rebuild_words.h) */
    const char *program;           /* this one */
    int extra_fd;                  /* what all -e say, for children; 0: there is none */
    const char *playbook;
    int64_t began_us;
    struct rebuild_node *nodes;
    size_t count, batches;
    struct rebuild_node cluster;
    const char *others;              /* hosts that --limit leaves alone, for people; NULL: none */
    const char *stopped;             /* why no more batches were begun; or NULL */
    struct workload_files workloads; /* beside the inventory */
    const struct value *served;      /* list of the workloads that served at the beginning, or NULL */

    pthread_mutex_t lock, first_login; /* the first one packs the agent for all the others */
    _Atomic bool is_packed;
    struct arena *journal_arena;
    _Atomic bool is_changed; /* something is to be shown */
    bool is_live;            /* a table on a terminal, else lines */
};

/* A step at work. */
struct rebuild_call {
    struct rebuild *rebuild;
    struct rebuild_node *node;
    struct arena *arena;             /* of this step */
    char sentence[REBUILD_SENTENCE]; /* how it went, when it went well */
};

struct rebuild_step {
    const char *name;
    bool (*run)(struct rebuild_call *call, struct error *err);
};
extern const struct rebuild_step rebuild_node_steps[], rebuild_cluster_steps[];
extern const size_t rebuild_node_steps_count, rebuild_cluster_steps_count;

/* Something was done to it, in this process or in one before. */
bool rebuild_is_begun(const struct rebuild_node *node);
/* Ctrl-C was pressed. */
bool rebuild_interrupted(void);
/* Waits, or is interrupted (false). */
bool rebuild_pause(int64_t ms);
/* How the step went. */
void rebuild_tell(struct rebuild_call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
