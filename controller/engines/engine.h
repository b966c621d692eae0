/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine: how it is found on a node, started, known to serve, measured, stopped. One file each, ending in ENGINE_DEFINE(NAME); pure: they
 * make pieces (common/placement/piece.h) and requests, and read answers; they do no input and no output. Nothing else in the
 * controller knows an engine by name.
 */
#pragma once

#include "common/placement/piece.h"
#include "controller/planner/plan.h"

enum engine_trait {
    ENGINE_INFERENCE = 1,
    ENGINE_BATCH = 2,
    ENGINE_CLUSTER = 4, /* can work over several nodes */
    ENGINE_GGUF = 8,    /* its models are GGUF files: planned by their headers */
    ENGINE_PULLS = 16,  /* fetches its models itself, by name */
    ENGINE_EMBEDDINGS = 32,
    ENGINE_POWER_OF_TWO = 64, /* nodes: 1, 2, 4, 8 */
    ENGINE_TAKES_REST = 128,  /* all memory that is left on its nodes is its own (HPL) */
};

/* What an engine is asked to make pieces of. */
struct engine_job {
    const struct workload *workload;
    const struct plan_place *place;
    const char *const *model_paths; /* on the head, in the order of workload.models; NULL at the end */
    const struct plan_model *const *models;
    const char *key;    /* SECRET: the head takes requests with it alone; NULL: none */
    const char *prefix; /* of the pieces' names: "chat.0" */
    uint64_t attempt;   /* counts starts */
};

struct engine_request {
    const char *method, *path, *body; /* body: JSON or NULL; the key goes with it as a Bearer token */
};

/* What /metrics or its like say; NAN: not told. Counters only grow while the process lives. */
struct engine_figures {
    double tokens_in, tokens_out, seconds_in, seconds_out, requests_running, requests_waiting, slots;
    double steps; /* a counter that moves within a request too, where tokens are counted at its end */
};

enum engine_answer { ENGINE_SERVES, ENGINE_LOADS, ENGINE_WRONG };

struct engine {
    const char *name, *summary;
    unsigned traits;
    const char *const
        *programs; /* names that `engines` reports of nodes use, all needed on the head; NULL at the end */
    const char *const *worker_programs; /* on each other node; NULL: the same */
    const char *role;                   /* that installs it; NULL: the one of its name */
    const struct task_spec *options;    /* of workload.options; NULL: none */
    int64_t port;                       /* its usual one, where ports are not ours to choose; 0: they are */
    /* More than workload_bind knows; NULL: nothing. */
    bool (*check)(struct arena *arena, const struct workload *workload, struct error *err);
    /* What a place must keep to (2^n nodes, KV heads ...): false with a sentence. NULL: nothing. */
    bool (*allows)(struct arena *arena, const struct engine_job *job, struct error *err);
    /* Pieces in the order of their start; those of workers first, the head last. piece.node says where. Services that stand in a row
     * start together; a job, and the last piece, when all before are up: services run, jobs are over (iperf3: one pair at a time). When the
     * last job is over, services go. */
    bool (*pieces)(struct arena *arena, const struct engine_job *job, struct piece **out, size_t *count_out,
                   struct error *err);
    /* A completion (embedding) as the probe asks for it. */
    struct engine_request (*probe)(struct arena *arena, const struct engine_job *job, int64_t max_tokens);
    enum engine_answer (*probe_read)(struct arena *arena, const struct engine_job *job, int status, const char *body,
                                     const char **sentence_out);
    /* Once it answers at all, before the first completion, again until it says SERVES: does the head see all its parts (llama.cpp: the
     * devices in its log or /props), has it its model? NULL: nothing to see. */
    struct engine_request (*look)(struct arena *arena, const struct engine_job *job);
    enum engine_answer (*look_read)(struct arena *arena, const struct engine_job *job, int status, const char *body,
                                    const struct value *log, const char **sentence_out);
    /* When look says LOADS: what to send it (Ollama: pull, Lemonade: load, exo: place), made of look's body; one at a time, it may take
     * as long as starting may; whatever it answers, look is asked again. path NULL: nothing, wait. NULL: never anything. */
    struct engine_request (*load)(struct arena *arena, const struct engine_job *job, const char *looked);
    int64_t settles_ms; /* from load's answer until look shows what it did; 0: when it answers, it is done */
    struct engine_request (*metrics)(struct arena *arena, const struct engine_job *job); /* path NULL: none */
    bool (*metrics_read)(struct arena *arena, const char *body, struct engine_figures *out);
    /* Batch: what its output says (outputs: list of {name, node, exit_code, output} of its jobs, in their order): a map of figures ({"gflops": .., "passed": ..}); false: it failed, with a sentence. */
    bool (*result)(struct arena *arena, const struct engine_job *job, const struct value *outputs, struct value *out,
                   struct error *err);
};

#define ENGINE_DEFINE(name) const struct engine engine_##name

extern const struct engine *const engine_table[]; /* generated */
extern const size_t engine_table_count;

const struct engine *engine_find(const char *name);
const char *engine_nearest(const char *name); /* or NULL */
/* The engine exists (else the nearest name is told) and can do what is declared: kind, models, nodes, its options, engine.check. */
bool engine_workload_check(struct arena *arena, const struct workload *workload, struct error *err);
