/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What follows when the nodes are done: workloads beside the inventory are launched until they serve, acceptance, and the records, which
 * the controller signs.
 */
#pragma once

#include "cli/rebuild.h"

/* At the beginning: which workloads serve now; before the next batch they are waited for. */
bool rebuild_served_note(struct rebuild *rebuild, struct error *err);
bool rebuild_served_wait(struct rebuild_call *call, struct error *err);
/* One signed record of each node that was begun (of those that failed, too) and one of the cluster. */
bool rebuild_record(struct rebuild_call *call, struct error *err);
