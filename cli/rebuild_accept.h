/* SPDX-License-Identifier: Apache-2.0 */
/* Acceptance of the whole: what serves answers, and how fast the nodes are. Each part if it is there. */
#pragma once

#include "cli/rebuild.h"

bool rebuild_accept(struct rebuild_call *call, struct error *err);
