/* SPDX-License-Identifier: Apache-2.0 */
/* What can be declared of a workload: names, types, defaults, bounds. The schema and the checks read the same tables. */
#include "controller/workload/workload_parts.h"

#include "common/model/memory_need.h"

#define ARG_WORKLOAD(field_, kind_, ...) ARG(workload_args, field_, kind_, __VA_ARGS__)
#define ARG_HEALTH(field_, kind_, ...) ARG(workload_health, field_, kind_, __VA_ARGS__)
#define ARG_RESOURCE(field_, kind_, ...) ARG(workload_resources, field_, kind_, __VA_ARGS__)
#define ARGS_OF(type_, name_, args_)                                                                                   \
    {                                                                                                                  \
        .name = (name_), .args = (args_), .args_size = sizeof(struct type_)                                            \
    }

static const struct arg_spec args[] = {
    ARG_WORKLOAD(name, ARG_STRING, .required = true,
                 .help = "Its name: lower-case letters, digits and dashes; one workload has it"),
    ARG_WORKLOAD(kind, ARG_STRING, .default_text = "inference", .choices = ARG_NAMES("inference", "batch"),
                 .help = "inference serves until it is stopped, batch runs once"),
    ARG_WORKLOAD(engine, ARG_STRING, .required = true, .help = "What runs it: llama_cpp, ollama, vllm, hpl, ..."),
    ARG_WORKLOAD(models, ARG_LIST, .aliases = ARG_NAMES("model"),
                 .help = "Models: names in the nodes' stores, or sources (hf://, https://, file:///)"),
    ARG_WORKLOAD(alias, ARG_STRING,
                 .help = "The model's name for clients of the gateway; the workload's name if not said"),
    ARG_WORKLOAD(context, ARG_INT, .default_text = "0",
                 .help = "Tokens of context of all slots together; 0: what the model was trained for"),
    ARG_WORKLOAD(slots, ARG_INT, .default_text = "0", .help = "Requests served at once; 0: the engine's own number"),
    ARG_WORKLOAD(kv, ARG_STRING, .help = "Type of the cache: f16, q8_0, ...; f16 if not said"),
    ARG_WORKLOAD(embedding, ARG_BOOL, .default_text = "false", .help = "It serves /v1/embeddings"),
    ARG_WORKLOAD(nodes, ARG_LIST, .help = "The nodes that it may use: a list of names, or auto"),
    ARG_WORKLOAD(spread, ARG_STRING, .default_text = "auto", .choices = ARG_NAMES("auto", "single", "cluster"),
                 .help = "single: one node or none; cluster: several though one would do"),
    ARG_WORKLOAD(nodes_count, ARG_INT, .default_text = "0",
                 .help = "Nodes of one replica, exactly; 0: the fewest that do (batch: all of nodes, or one)"),
    ARG_WORKLOAD(replicas, ARG_INT, .default_text = "1", .help = "So many of it, each on nodes of its own"),
    ARG_WORKLOAD(port, ARG_INT, .default_text = "0", .help = "Of the head; 0: a free one from 8100 on"),
    ARG_WORKLOAD(network, ARG_STRING,
                 .help =
                     "What its nodes talk over: a network (10.0.0.0/24) or an interface; the default one if not said"),
    ARG_WORKLOAD(environment, ARG_MAP, .help = "Variables of its processes; not for secrets"),
    ARG_WORKLOAD(arguments, ARG_LIST, .help = "Behind the engine's own arguments"),
    ARG_WORKLOAD(options, ARG_MAP, .help = "Settings of its engine"),
    ARG_WORKLOAD(resources, ARG_MAP,
                 .help =
                     "What it takes of each node, where it cannot be counted; of a batch over Slurm: what it asks for"),
    ARG_WORKLOAD(priority, ARG_INT, .default_text = "0", .help = "Higher is placed first"),
    ARG_WORKLOAD(pinned, ARG_BOOL, .default_text = "false", .help = "It stays on the nodes that it has"),
    ARG_WORKLOAD(on_node_loss, ARG_STRING, .default_text = "wait", .choices = ARG_NAMES("wait", "move"),
                 .help = "When a node of it is lost: wait for it, or move to others"),
    ARG_WORKLOAD(health, ARG_MAP, .help = "How it is known to serve"),
    ARG_WORKLOAD(give_up_after, ARG_INT, .default_text = "5", .help = "Failed starts in a row; 0: never"),
    ARG_END,
};
const struct task_spec workload_spec = ARGS_OF(workload_args, "a workload", args);

static const struct arg_spec health_args[] = {
    ARG_HEALTH(prompt, ARG_STRING, .default_text = "Say OK.", .help = "What is asked"),
    ARG_HEALTH(expect, ARG_STRING, .help = "What the answer begins with, leading blanks aside; any text if not said"),
    ARG_HEALTH(max_tokens, ARG_INT, .default_text = "16", .help = "Of the completion that shows that it serves"),
    ARG_HEALTH(interval_s, ARG_INT, .default_text = "5", .help = "Between two looks while it serves"),
    ARG_HEALTH(timeout_s, ARG_INT, .default_text = "10", .help = "Of one look"),
    ARG_HEALTH(start_timeout_s, ARG_INT, .default_text = "600", .help = "Until it serves, once its model is there"),
    ARG_END,
};
const struct task_spec workload_health_spec = ARGS_OF(workload_health, "health", health_args);

static const struct arg_spec resources_args[] = {
    ARG_RESOURCE(memory, ARG_STRING, .help = "Of each node: 64GiB"),
    ARG_RESOURCE(nodes, ARG_INT, .default_text = "0", .help = "Slurm's nodes; 0: Slurm's default"),
    ARG_RESOURCE(tasks, ARG_INT, .default_text = "0", .help = "Slurm's tasks; 0: Slurm's default"),
    ARG_RESOURCE(cpus_per_task, ARG_INT, .default_text = "0", .help = "Slurm's CPUs of each task; 0: Slurm's default"),
    ARG_RESOURCE(time, ARG_STRING, .help = "Slurm's limit: hours:minutes:seconds, or whole seconds"),
    ARG_RESOURCE(partition, ARG_STRING, .help = "Slurm's partition"),
    ARG_END,
};
const struct task_spec workload_resources_spec = ARGS_OF(workload_resources, "resources", resources_args);

const struct workload_bound workload_bounds[] = {
    { "context", 0, (int64_t)MEMORY_CONTEXT_MAX },
    { "slots", 0, MEMORY_SLOTS_MAX },
    { "nodes_count", 0, WORKLOAD_NODES_MAX },
    { "replicas", 1, WORKLOAD_REPLICAS_MAX },
    { "port", 0, 65535 },
    { "priority", -1000000, 1000000 },
    { "give_up_after", 0, 1000000 },
    { NULL, 0, 0 },
};
const struct workload_bound workload_health_bounds[] = {
    { "max_tokens", 1, 4096 },
    { "interval_s", 1, 3600 },
    { "timeout_s", 1, 3600 },
    { "start_timeout_s", 1, 86400 },
    { NULL, 0, 0 },
};
const struct workload_bound workload_resources_bounds[] = {
    { "nodes", 0, WORKLOAD_NODES_MAX },
    { "tasks", 0, 1000000 },
    { "cpus_per_task", 0, 100000 },
    { NULL, 0, 0 },
};
