/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the planner and the engines look at of nodes' facts, read once for each time that a node told them: reading JSON of a hundred nodes
 * costs more than planning. For one thread. A few KB for each node that was ever asked for.
 */
#pragma once

#include "common/value/value.h"
#include "controller/store/store.h"

struct facts_cache;

struct facts_cache *facts_cache_new(void);
void facts_cache_free(struct facts_cache *cache); /* NULL is fine */
/* Lets go what has been replaced by newer facts: nothing that was got before may be in use any more. NULL is fine. */
void facts_cache_tidy(struct facts_cache *cache);
/* Addresses, interfaces, processors, roost.memory and roost.gpus of the node's facts told at facts_us; they live until they are
 * replaced and tidied. *out NULL: it has told none, or what cannot be read. */
bool facts_cache_get(struct facts_cache *cache, struct store_connection *connection, int64_t node_id, int64_t facts_us,
                     const struct value **out, struct error *err);
