/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reaching a node that comes back: which host key it shows (asked without logging in, by the ssh and the options of its runs), whether it is
 * believed (rebuild_key.h), and the known_hosts of that ssh, which has that key and no other afterwards.
 */
#pragma once

#include "cli/rebuild.h"

/* Waits until the node shows a host key that is believed, and lets in who works on it. Notes host_key and how it is known. */
bool rebuild_reach(struct rebuild_call *call, struct error *err);
/* Before it is wiped: notes old_key, the one that ssh knows it by, so that an answer of what is about to go is told from another machine's. */
bool rebuild_reach_before(struct rebuild_call *call, struct error *err);
