/* SPDX-License-Identifier: Apache-2.0 */
/* The variables about the inventory. */
#pragma once

#include "engine/inventory/inventory.h"

/* groups: map of group name -> list of host names. */
const struct value *vars_groups_map(struct arena *arena, const struct inventory *inventory);
/* group_names: sorted, without "all". */
const struct value *vars_group_names(struct arena *arena, struct inventory *inventory,
                                     const struct inventory_host *host);
