/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal of a rebuild: FOLDER/journal.json in the user's state folder (0700, files 0600), written whole by rename whenever a step begins or
 * ends, so that `--resume` goes on with the first step that was not done. One process at a time holds a rebuild.
 */
#pragma once

#include "cli/rebuild.h"

/* $XDG_STATE_HOME/roost/rebuild, or ~/.local/state/roost/rebuild. */
const char *rebuild_journal_root(struct arena *arena);
/* A folder for a new rebuild; sets rebuild->name and ->folder. */
bool rebuild_journal_new(struct rebuild *rebuild, struct error *err);
/* The newest rebuild that has not ended; an error where there is none. Sets ->name, ->folder, ->began_us, ->work_folder, ->arguments; *out
 * is what it says, for rebuild_journal_restore. */
bool rebuild_journal_find(struct rebuild *rebuild, const struct value **out, struct error *err);
/* Nobody else works on it; held until the process ends. */
bool rebuild_journal_hold(const struct rebuild *rebuild, struct error *err);
/* What was done of the nodes (by host) and of the cluster, whose steps are begun again while a node is not done; rebuild->nodes are there. */
void rebuild_journal_restore(struct rebuild *rebuild, const struct value *journal);
/* With rebuild->lock held, or before there are threads. `outcome` NULL: it goes on. */
bool rebuild_journal_write(struct rebuild *rebuild, const char *outcome, struct error *err);
/* {step: {began, ended, sentence}} of what was begun, in order; times ISO 8601. */
struct value *rebuild_journal_steps(struct arena *arena, const struct rebuild_progress *progress,
                                    const struct rebuild_step *steps, size_t count);
