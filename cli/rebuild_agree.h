/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody has agreed to: which hosts, at which addresses, wiped by which command. The journal keeps it (of the command a digest), so
 * that `--resume` wipes nothing else.
 */
#pragma once

#include "cli/rebuild.h"

/* Its next steps wipe it. */
bool rebuild_will_wipe(const struct rebuild_node *node);
/* Of the wipe command; NULL: there is none. */
const char *rebuild_wipe_digest(struct arena *arena, const struct rebuild_node *node);
/* What may be shown of a command, which may hold secrets: its first word, and where it is declared. */
const char *rebuild_wipe_shown(struct arena *arena, const struct rebuild *rebuild, const struct rebuild_node *node);

/* On --resume, before rebuild_journal_restore: hosts that the journal does not have are left out and named. False: none is left. */
bool rebuild_agree_leave_out(struct rebuild *rebuild, const struct value *journal, struct error *err);
/* Shows what is about to be done and asks, unless --yes. `journal` NULL: it begins; else progress is restored, and what is not
 * as it was agreed to (another command, another address) is asked for whatever was said. ERROR_CANCELLED: no. */
bool rebuild_agree(struct rebuild *rebuild, const struct value *journal, struct error *err);
