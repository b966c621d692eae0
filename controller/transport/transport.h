/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections to nodes: `local` starts roost-agent on this machine, `ssh` starts it on the node through the system's OpenSSH,
 * bringing the agent bundle along when the node does not have it. Both speak frames with the session (client.h).
 */
#pragma once

#include "engine/run/connection.h"

struct transport_options {
    const char *agent_path;    /* this machine's roost-agent; NULL: found beside the running program, then in PATH */
    const char *bundle_folder; /* where built bundles are kept; NULL: $XDG_CACHE_HOME/roost or ~/.cache/roost */
    /* Told of every ssh that is started (argv without passwords: they go another way); NULL: nobody wants to know. */
    void (*show_command)(const char *host, const char *const *argv);
    bool debug; /* ssh -vvv style notes are kept for the message of a lost connection */
};

/* Lives in `arena`; connections are freed by their own close. Bundles are built at the first ssh connection. */
struct connection_factory *transport_factory_new(struct arena *arena, const struct transport_options *options);

/* When ssh runs this program as its SSH_ASKPASS helper: prints the password it was started for (to any
 * other question: "no") and returns true; the caller exits
 * with status 0 at once. False: the program was not started that way. */
bool transport_askpass_answer(const char *prompt);
