/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a session leaves word that an operator's run is changing this machine, so that the daemon does not take it for somebody
 * else's doing: lines "AT_US PID USER FROM", FROM "-" for a run on the machine itself, and " end" behind it when the
 * session ends. The daemon's own runs leave none.
 */
#pragma once

#include <stdbool.h>

#define SESSION_NOTE_PATH "/run/roost/runs"
#define SESSION_NOTE_DAEMON "ROOST_DAEMON" /* in the environment of the daemon's children */
/*
 * In the environment of tests: the absolute path of a folder that takes the place of /run/roost for who writes, so that
 * sessions of this machine's own tests tell its daemon nothing. Passed over unless it is root's and only root may write there.
 */
#define SESSION_NOTE_FOLDER "ROOST_RUN_FOLDER"

/* Before a task that is not only looking; one line each 5 s at most. Where it cannot be written, nothing is. */
void session_note(const char *module);
/* This process changes nothing any more. */
void session_note_end(void);
