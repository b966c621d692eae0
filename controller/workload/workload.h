/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A declared workload: what is to run on the nodes, from inventory/workloads/NAME.yml (YAML, one map or a list of maps in each file) or as
 * JSON from an operator. Checked as a whole before anything is kept: unknown keys and values out of bounds are
 * errors with file:line:column and the nearest valid name. Texts point into the value it was read from, or the arena.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/spec/arg_spec.h"
#include "common/value/value.h"

#define WORKLOAD_NAME_MAX 40 /* [a-z0-9] first, then [a-z0-9-]; never "-" at the end */
#define WORKLOAD_REPLICAS_MAX 64
#define WORKLOAD_MODELS_MAX 16
#define WORKLOAD_NODES_MAX 256
#define WORKLOADS_MAX 1000

enum workload_kind { WORKLOAD_INFERENCE, WORKLOAD_BATCH };
enum workload_loss {
    WORKLOAD_LOSS_WAIT,
    WORKLOAD_LOSS_MOVE
}; /* when a node of it is lost: wait for it, or plan anew without it */
enum workload_spread {
    WORKLOAD_AUTO,
    WORKLOAD_SINGLE,
    WORKLOAD_CLUSTER
}; /* cluster: over several nodes though one would do */

/* A real completion that shows that it serves, and with the right words. */
struct workload_health {
    const char *prompt;      /* default "Say OK." */
    const char *expect;      /* what the answer begins with (leading blanks aside); NULL: any text */
    int64_t max_tokens;      /* of the readiness probe; the liveness probe asks for one */
    int64_t interval_s;      /* liveness, default 5 */
    int64_t timeout_s;       /* of one probe, default 10 */
    int64_t start_timeout_s; /* until it serves, once the model is there; default 600 */
};

struct workload {
    const char *name;
    enum workload_kind kind;
    const char *
        engine; /* controller/engines: llama_cpp, distributed_llama, ollama, lemonade, vllm, exo; hpl, llama_bench, iperf3, command */
    const struct value *
        models; /* list of texts: names in the nodes' stores, or sources (hf://, https://, file:///); batch: may be empty */
    const char *alias;         /* the name that clients use at the gateway; NULL: the workload's */
    int64_t context, slots;    /* of all slots together, as llama-server's -c; 0: the engine's, the model's */
    const char *kv;            /* type of the cache: f16, q8_0, ...; NULL: f16 */
    bool is_embedding;         /* serves /v1/embeddings */
    const struct value *nodes; /* list of node names, or NULL: auto */
    enum workload_spread spread;
    int64_t nodes_count; /* nodes of one replica: exactly; 0: the fewest that do (batch: all of `nodes`, or 1) */
    int64_t replicas;    /* default 1 */
    int64_t port;        /* of the head; 0: a free one from 8100 on */
    const char *
        network; /* the address of a node that the cluster talks over: "10.0.0.0/24", or an interface; NULL: its default one */
    const struct value *environment; /* map of texts; NULL: none */
    const struct value *arguments;   /* list of texts behind the engine's own arguments; NULL: none */
    const struct value *options;     /* the engine's own (engine.h: options), a map; NULL: none */
    const struct value
        *resources;   /* batch over Slurm: {nodes, tasks, cpus_per_task, memory, time, partition}; NULL: none */
    int64_t priority; /* higher is placed first, default 0 */
    bool pinned;      /* stays on the nodes it has, whatever else would fit better */
    enum workload_loss on_node_loss;
    struct workload_health health;
    int64_t give_up_after;      /* failed starts in a row; default 5; 0: never */
    const struct value *source; /* the map it was read from */
};

extern const struct task_spec
    workload_spec; /* what is declared; the schema for editors and the API's document are made of it */

/* Binds and checks one; whether its engine exists and can do it is engine_workload_check (controller/engines/engine.h). */
bool workload_bind(struct arena *arena, const struct value *map, struct workload *out, struct error *err);
/* False: the name is of those that the controller gives to its own (benchmarks: "bench-7"). For whoever declares; files are checked so. */
bool workload_name_is_free(const char *name, struct error *err);
/* Every *.yml, *.yaml and *.json of a folder, by name; two of one name are an error that names both places. A folder that is not there: none. */
bool workload_folder_read(struct arena *arena, const char *folder, struct workload **out, size_t *count_out,
                          struct error *err);
/* The same of one file. */
bool workload_file_read(struct arena *arena, const char *path, struct workload **out, size_t *count_out,
                        struct error *err);
/* As JSON, in full, for the store and the API: workload_bind of it gives the same. */
struct value *workload_value(struct arena *arena, const struct workload *workload);
/* JSON Schema (2020-12) of a file in the folder. */
struct value *workload_schema(struct arena *arena);
