/* SPDX-License-Identifier: Apache-2.0 */
/* The work of a rebuild: batches of nodes, a thread each, then the cluster. */
#pragma once

#include "cli/rebuild.h"

enum rebuild_exit {
    REBUILD_EXIT_BUILT = 0,
    REBUILD_EXIT_NODES = 2,   /* nodes have failed; they are named */
    REBUILD_EXIT_CLUSTER = 3, /* the nodes are built; a workload does not serve, or acceptance failed */
    REBUILD_EXIT_INTERRUPTED = 99,
};

/* Exit code; everything is printed. */
int rebuild_run(struct rebuild *rebuild);
