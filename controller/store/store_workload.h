/* SPDX-License-Identifier: Apache-2.0 */
/* What is declared to run, and whether it is wanted. Functions that change need the writer's connection. */
#pragma once

#include "controller/store/store.h"

struct store_workload {
    int64_t id;
    const char *name;
    const char *declaration; /* JSON, in full (workload_value) */
    bool is_wanted;          /* it is to run */
    int64_t version;         /* counts changes after which it must start anew; from 1 */
    int64_t revision;        /* counts all changes of the declaration */
    int64_t created_us, changed_us;
    const char *changed_by;
};

/* Makes or replaces the one of that name; id, version, revision and created_us are not looked at. `anew`: what runs must be started again, else
 * it goes on with what has changed. *id_out its id. */
bool store_workload_put(struct store_connection *writer, const struct store_workload *workload, bool anew,
                        int64_t *id_out, struct error *err);
/* What is wanted of it. Wanting it to run makes good what had failed or was done: it is tried at once. *found_out: there is one. */
struct store_workload_wish {
    const char *name;
    bool is_wanted;
    bool anew; /* and what runs is started again */
    const char *by;
    int64_t now_us;
};
bool store_workload_want(struct store_connection *writer, const struct store_workload_wish *wish, bool *found_out,
                         struct error *err);
/* A node that still has pieces of it, or NULL. Nodes that were revoked do not count. */
bool store_workload_node(struct store_connection *connection, struct arena *arena, const char *name, const char **out,
                         struct error *err);
/* With its instances; their pieces stay until their nodes have ended them. */
bool store_workload_remove(struct store_connection *writer, const char *name, bool *found_out, struct error *err);

/* NULL: there is none. */
bool store_workload_get(struct store_connection *connection, struct arena *arena, const char *name,
                        struct store_workload **out, struct error *err);
/* All, by name. */
bool store_workload_list(struct store_connection *connection, struct arena *arena, struct store_workload **out,
                         size_t *count_out, struct error *err);
