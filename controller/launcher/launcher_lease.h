/* SPDX-License-Identifier: Apache-2.0 */
/* Leases of pieces that may move: they end on their node when the controller was not heard for so long. */
#pragma once

#include "controller/store/store_piece.h"

#define LAUNCHER_LEASE_S 30
#define LAUNCHER_LEASE_LEAST_S 5 /* a node asks four times as often */
#define LAUNCHER_LEASE_MOST_S 600
#define LAUNCHER_LEASE_SLACK_S 5 /* the controller counts so much more */

/* Silent for so long, a node of that placement runs nothing with a lease any more. */
int64_t lease_gone_ms(const struct store_placement *placement);

struct launcher;
/* Nodes that were told another lease than the one of now are told anew; *changed_out: all is to be read again. */
bool leases_make(struct launcher *launcher, bool *changed_out, struct error *err);
