/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes that have gone silent, and come back: each change with its event, in the work that makes it. When a node counts as
 * silent is the service's to say, which knows when they were last heard and how long it has been listening itself.
 */
#pragma once

#include "controller/store/store.h"

struct store_node_brief {
    int64_t id, seen_us;
    const char *name;
};

/* Active nodes that are not lost, by id. */
bool store_node_listened(struct store_connection *connection, struct arena *arena, struct store_node_brief **out,
                         size_t *count_out, struct error *err);
/* node.lost; nothing when it is lost already, or not active. `seen_us`: when it was heard last. */
bool store_node_lost(struct store_connection *writer, const struct store_node_brief *node, int64_t now_us,
                     struct error *err);
/* node.back; nothing when it is not lost. */
bool store_node_back(struct store_connection *writer, int64_t id, int64_t now_us, struct error *err);

/*
 * Forgets a node that is revoked or pending, with all that hangs on it but events and audit, in bounded steps: call again, in
 * a work of its own, while the answer is MORE. What is gone stays gone when a later step fails.
 */
enum store_forget { STORE_FORGET_DONE, STORE_FORGET_MORE, STORE_FORGET_UNKNOWN, STORE_FORGET_ACTIVE };
bool store_node_forget(struct store_connection *writer, const char *name, enum store_forget *out, struct error *err);
