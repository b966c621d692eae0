/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of controller/workload share: the declared form before it is checked, and the bounds of its numbers. */
#pragma once

#include "controller/workload/workload.h"

#define WORKLOAD_TEXT_MAX 4096 /* bytes of one text: prompt, argument, variable */

/* As it is written. */
struct workload_args {
    const char *name, *kind, *engine, *alias, *kv, *spread, *network, *on_node_loss;
    const struct value *models, *nodes, *environment, *arguments, *options, *resources, *health;
    int64_t context, slots, nodes_count, replicas, port, priority, give_up_after;
    bool embedding, pinned;
};

struct workload_bound {
    const char *name;
    int64_t least, most;
};

/* Settings of `health` and of `resources`. */
extern const struct task_spec workload_health_spec, workload_resources_spec;
/* End with a NULL name. */
extern const struct workload_bound workload_bounds[], workload_health_bounds[], workload_resources_bounds[];

struct workload_resources {
    int64_t nodes, tasks, cpus_per_task;
    const char *memory, *time, *partition;
};

#define WORKLOAD_NAME_PATTERN "^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$"
#define WORKLOAD_ALIAS_PATTERN "^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}$"
bool workload_name_is_good(const char *name);
bool workload_alias_is_good(const char *alias);

/* The checks of one declared map: each says what was found, what is expected, and where. */
struct workload_check {
    struct arena *arena;
    const struct value *map;
    struct error *err;
};
/* Always false; the position is that of the setting, or of the map. */
bool workload_fail(const struct workload_check *check, const char *setting, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Every number of `map` that is given lies within its bound; `prefix`: "health." or "". */
bool workload_bounds_hold(const struct workload_check *check, const struct workload_bound *bounds, const char *prefix);
/* Copies of lists and maps in which every item is a text of one line. */
bool workload_texts(const struct workload_check *check, const char *setting, const struct value *list,
                    const struct value **out);
bool workload_environment(const struct workload_check *check, const struct value *map, const struct value **out);
bool workload_network_check(const struct workload_check *check, const char *network);
bool workload_resources_bind(const struct workload_check *check, const struct value *map, const struct value **out);
