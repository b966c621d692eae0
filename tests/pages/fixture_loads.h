/* SPDX-License-Identifier: Apache-2.0 */
/* What runs on the fixture's fleet: workloads in every state, a day of figures and joules, memory, benchmarks. */
#pragma once

#include "controller/store/store.h"

/* A work of the store; `data` is a struct loads. The nodes ai-01 ... are there. */
struct loads {
    struct arena *arena;
    int64_t now_us;
};
bool fixture_loads(struct store_connection *writer, void *data, struct error *err);
