/* SPDX-License-Identifier: Apache-2.0 */
/* What the planner works on: nodes with their memory and engines, models, what was measured, what is placed already. Sizes are bytes. */
#pragma once

#include "common/model/memory_need.h"
#include "controller/workload/workload.h"

#define PLAN_MARGIN (1024ULL * 1024 * 1024)      /* of GPU memory that stays free */
#define PLAN_RESERVE (4ULL * 1024 * 1024 * 1024) /* of host memory for all that is no workload */

struct plan_engine {
    const char *name;  /* as in workload.engine; the RPC server of llama.cpp: "llama_rpc" */
    const char *build; /* two nodes of one build give the same text */
};

struct plan_node {
    const char *name, *address; /* address: of the workload's network where one is asked for, see plan_address */
    const struct value *facts;  /* ansible_facts, or NULL */
    bool is_usable;             /* active, heard, not drained */
    const char *why_not;        /* a sentence when it is not usable */
    uint64_t memory_total, memory_available;
    uint64_t gtt_total, gtt_used, gtt_orphan; /* orphan: held by no process */
    uint64_t vram_total, vram_used;           /* of an integrated GPU: the carve-out */
    uint64_t gtt_processes, vram_processes;   /* so much of what is used is in processes' figures */
    bool has_gpu, is_unified;
    uint64_t cpus;
    const struct plan_engine *engines;
    size_t engines_count;
    const char *const *models; /* digests of those that are ready, NULL at the end */
    uint64_t margin, reserve;  /* 0: the defaults above, scaled down on small nodes (plan.c says how) */
};

struct plan_model {
    const char *name;                /* as the workload names it */
    const char *digest;              /* of its first file, or NULL */
    uint64_t bytes;                  /* of all its files */
    const struct model_shape *shape; /* NULL: no GGUF, or not known yet: weights * 1.2 and a sentence that says so */
};

struct plan_place;

/* What an engine asks of its places. */
struct plan_rule {
    const char *engine;                 /* as in workload.engine */
    const char *const *programs;        /* names as in plan_engine, all of them on the head; NULL at the end */
    const char *const *worker_programs; /* on each other node; NULL: the same */
    bool is_cluster;                    /* works over several nodes */
    bool is_layered;      /* over several nodes each has some layers (GGUF); else each has an equal share */
    bool is_power_of_two; /* 1, 2, 4, 8 nodes */
    bool takes_rest;      /* all memory that is left on its nodes is its own (HPL) */
    int64_t port;         /* its own one; 0: any */
    /* What else must hold; false with a sentence. NULL: nothing. */
    bool (*allows)(struct arena *arena, const struct plan_place *place, const struct plan_model *const *models,
                   struct error *err);
};

/* What (model, build, context, slots, kv), as they are declared (kv: "f16" when it is not), was seen to take at most with these
 * options (plan_options_text). */
struct plan_peak {
    const char *digest, *build, *kv, *options;
    int64_t context, slots;
    uint64_t nodes;     /* it ran over so many */
    uint64_t gpu, host; /* of all nodes together */
};

/* What is placed already, and stays where it is unless it is asked for anew. */
struct plan_held {
    const char *workload;    /* name */
    int64_t replica;         /* -1: on its way out, it only holds memory still */
    const char *node, *role; /* "head", "worker" */
    uint64_t gpu, host;
    bool is_counted;    /* its memory is in the node's figures already, as a whole */
    uint64_t host_seen; /* else: so much of it is. Of its own: pages of files count as available */
    uint64_t gpu_seen;  /* GTT; no host_seen has it */
    uint64_t vram_seen;
    bool is_hidden; /* it has all that it takes of the GPU, and its driver tells nobody how much (ROCm) */
    int64_t port;
};
