/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was refused, for the audit log: wrong and revoked tokens, roles that do not reach, joins. A stranger must not fill the
 * disk, so that each peer and kind has one row a minute, with a count; beyond REFUSALS_ROOM of them all share one.
 */
#pragma once

#include "controller/store/store.h"

#define REFUSALS_ROOM 32
#define REFUSALS_MINUTE_MS 60000

struct refusals;

struct refusals *refusals_new(struct store *store);
void refusals_free(struct refusals *refusals); /* before the store; writes what was counted. NULL is fine */

struct refusal {
    const char *kind;   /* "token", "role", "join": the row's action is "refused.<kind>" */
    const char *actor;  /* token's name, "node:<name>", or "nobody" */
    const char *peer;   /* address */
    const char *object; /* what was asked for: a route, a node's name */
    const char *reason; /* a word or a sentence, never what was shown */
};
/* From any thread; does not block. `refusals` NULL: nobody counts. */
void refusals_note(struct refusals *refusals, const struct refusal *refusal);
/* Writes the counts of minutes that are over. Milliseconds until it wants to be called again. */
int64_t refusals_step(struct refusals *refusals);
