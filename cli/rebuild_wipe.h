/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wipe of a node: its command, and that there is one at a time of each host, also when the rebuild that has started it was killed: the
 * command goes on to its end then, and whoever wants to wipe the host next waits for that.
 */
#pragma once

#include "cli/rebuild.h"

bool rebuild_wipe(struct rebuild_call *call, struct error *err);
