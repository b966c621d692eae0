/* SPDX-License-Identifier: Apache-2.0 */
/* The models of a node that workloads are declared to run on: kept, or fetched, from a neighbour before the internet. */
#pragma once

#include "cli/rebuild.h"

/* With --keep-models, before the wipe: whether there are some is noted, so that it can be said when they are not kept. */
bool rebuild_models_before(struct rebuild_call *call, struct error *err);
bool rebuild_models(struct rebuild_call *call, struct error *err);
/* The workload names this node, runs on one node at a time, and its engine does not fetch its models itself. */
bool rebuild_models_are_for(const struct workload *workload, const char *node);
