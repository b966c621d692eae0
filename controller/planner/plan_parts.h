/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the planner share: the room on nodes, what a workload needs, and the search for a place. */
#pragma once

#include "controller/planner/plan.h"

#define PLAN_PROCESS (128ULL * 1024 * 1024) /* a program with its libraries, beside what is counted */
#define PLAN_NODES_MOST 16                  /* of one replica: GGML_RPC_MAX_SERVERS */
#define PLAN_PORT_HEAD 8100
#define PLAN_PORT_WORKER 28100 /* below those that Linux takes for outgoing connections */
#define PLAN_NODES_TOLD 4      /* in a sentence */

/* What is left on a node while the plan is made. */
struct plan_room {
    const struct plan_node *node;
    uint64_t gpu_free, host_free;
    uint64_t
        gpu_orphan; /* what a reboot would give back: of the GPU's memory, and where it is host memory of that too */
    bool has_gpu;   /* with memory that can be counted on */
    bool is_shared; /* the GPU's memory is host memory */
    uint64_t gpu_total; /* UINT64_MAX: no limit of its own */
    uint64_t margin, reserve;
    const char *gpu_name; /* "GTT", "VRAM", "carve-out" */
    int64_t *ports;       /* taken */
    size_t ports_count, ports_capacity;
};

/* Of one workload, for any node. Bytes. */
struct plan_need {
    const struct plan_model **models; /* NULL at the end */
    const char *why_not;              /* a sentence: what it needs cannot be known */
    bool is_cpu;                      /* no GPU is used, even where there is one (options: device: none) */
    bool is_guess;                    /* a header is not known: weights times 1.2 */
    uint64_t gpu, gpu_host;           /* on a node with a GPU */
    uint64_t host;                    /* on a node without */
    uint64_t weights, cache, buffers; /* with a GPU; what both are made of, beside PLAN_PROCESS */
    uint64_t host_weights, host_cache, host_buffers;
    const char *options; /* plan_options_text */
    uint64_t declared;   /* resources.memory: host memory of each node, instead of all above; 0: none */
    /* One GGUF model, layer by layer: */
    uint64_t layers;        /* 0: it cannot be split by layers */
    const uint64_t *layer;  /* weights and cache of each */
    uint64_t tail, compute; /* the output's, with the last layer; working buffer of each part */
    uint64_t head_host;     /* token tables, inputs, outputs: host memory of the head */
};

struct planner {
    struct arena *arena;
    const struct plan_input *input;
    struct plan_room *rooms; /* as input.nodes */
    const struct plan *plan; /* made so far */
};

/* A search: one replica of one workload. */
struct plan_search {
    struct planner *planner;
    struct plan_place *place;
    const struct plan_rule *rule;
    const struct plan_need *need;
    size_t *rooms; /* those that may be used: usable, allowed, with the engine */
    size_t count;
    uint64_t least, most; /* nodes of one replica */
    bool is_trial;        /* nothing is taken from the rooms: only whether it would be placed */
    const char *broken;   /* the engine's rule that a place broke, or NULL */
};

/* --- plan_room.c --- */
void plan_room_fill(struct planner *planner, size_t index);
bool plan_room_fits(const struct plan_room *room, uint64_t gpu, uint64_t host);
void plan_room_take(struct planner *planner, struct plan_room *room, const struct plan_part *part);
struct plan_room *plan_room_of(const struct planner *planner, const struct plan_node *node);
bool plan_port_is_free(const struct plan_room *room, int64_t port);
int64_t plan_port_find(const struct plan_room *room, int64_t from);
/* What more could be put there: of the GPU's memory where it has one, else of the host's; `host`: kept for the host's part. */
uint64_t plan_room_capacity(const struct plan_room *room, uint64_t host);
/* The same for a workload, which may leave the GPU alone. */
uint64_t plan_capacity_for(const struct plan_need *need, const struct plan_room *room, uint64_t host);
const char *plan_node_build(const struct plan_node *node, const char *engine); /* NULL: it has none */
bool plan_node_has_model(const struct plan_node *node, const struct plan_need *need);

/* --- plan_need.c --- */
void plan_need_count(struct arena *arena, const struct plan_input *input, const struct workload *workload,
                     struct plan_need *out);
/* "128.0 GiB = weights ... + cache ..." */
const char *plan_need_text(struct arena *arena, const struct plan_need *need, bool has_gpu);
/* What was measured of it in these circumstances, or NULL. */
const struct plan_peak *plan_peak_find(const struct plan_search *search, const char *build, uint64_t nodes,
                                       bool has_gpu);

/* --- plan_candidates.c: false: there are none, and the place says why --- */
bool plan_candidates(struct plan_search *search);

/* --- plan_single.c, plan_cluster.c, plan_split.c: true: placed --- */
bool plan_single(struct plan_search *search);
bool plan_cluster(struct plan_search *search); /* from two nodes on */
/* Fills gpu, host, layers and share of the parts (node and role are set); false: they have no room. */
bool plan_split(const struct plan_search *search, struct plan_part *parts, size_t count);

/* --- plan.c --- */
/* Ports, the engine's own rule, and what the parts take away from their nodes. False: a rule of the engine, or no port. */
bool plan_settle(struct plan_search *search, struct plan_part *parts, size_t count, const char *build);
/* The port that is asked for, or the engine's own; 0: any. */
int64_t plan_port_wanted(const struct plan_search *search);

/* --- plan_text.c --- */
bool plan_refuse(struct plan_place *place, const char *code, const char *sentence); /* always false */
/* No room: the terms of the sum, and of the nodes with the most of it. */
bool plan_refuse_memory(struct plan_search *search);
void plan_tell_placed(struct plan_search *search);
/* The first few of `count` texts, "; " between them, and how many more there are. */
const char *plan_texts(struct arena *arena, const char *const *texts, size_t count);
