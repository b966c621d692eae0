/* SPDX-License-Identifier: Apache-2.0 */
/* Workloads as the controller tells them, made rows for people: one for each instance. */
#pragma once

#include <stdio.h>

#include "common/base/arena.h"
#include "common/value/value.h"

/* One of the `items` of /api/v1/workloads has that name; `by_alias`: or an alias, or model, of that name. Else the nearest one, or NULL. */
bool workload_is_among(struct arena *arena, const struct value *items, const char *name, bool by_alias,
                       const char **nearest_out);
/* `items` of /api/v1/workloads; of all, or of those that `names` (NULL: all) lists. */
const struct value *workload_rows(struct arena *arena, const struct value *items, const struct value *names);
void workload_rows_print(struct arena *arena, FILE *out, const struct value *rows, int columns);
