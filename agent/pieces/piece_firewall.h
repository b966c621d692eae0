/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that close the ports of pieces to all but those that they name: one table, replaced as a whole. */
#pragma once

#include "agent/pieces/piece_place.h"

/* Does a port of it have to be closed to others? */
bool piece_is_guarded(const struct piece *piece);
/* Rules for the table inet roost; "" when there is nothing to guard. `controller`: its address; NULL: not known, so that nobody is let
 * in for it. */
char *piece_firewall_rules(struct arena *arena, const struct piece *const *pieces, size_t count,
                           const char *controller);
