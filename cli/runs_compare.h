/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between two runs, by host and task. */
#pragma once

#include "common/value/value.h"

/*
 * `before` and `after` are the items of GET /api/v1/runs/{id}/events. Rows {host, task, before, after, what}: `before` and `after`
 * as "changed 1.2 s" or null, `what` one of "same", "new", "gone", "outcome", "slower", "faster", in the order of `after`, then what
 * is gone. A task that comes more than once on a host is told apart by its turn: "name (2)".
 */
const struct value *runs_compare(struct arena *arena, const struct value *before, const struct value *after);
