/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session for an engine in the controller: one connection out from the node, changed to the protocol roost-session, and
 * behind it this program's verb `session`, as ssh would run it. The frames of common/protocol pass untouched. The end of
 * one side ends the other. A process of its own, started by the daemon.
 */
#pragma once

#include <stddef.h>

#include "common/base/error.h"

#define SESSION_ID_LENGTH 32 /* hexadecimal digits, lower case */

struct session_link_options {
    const char *state;       /* the folder of identity.h */
    const char *id;          /* as the controller gave it */
    const char *const *self; /* words that start this program, NULL at the end; NULL: /proc/self/exe */
};

/* True: it was served to its end. False: there was none, or it broke. */
bool session_link_run(const struct session_link_options *options, struct error *err);
bool session_id_check(const char *id, struct error *err);
