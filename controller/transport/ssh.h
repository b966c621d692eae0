/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection to a node through the system's OpenSSH, so that the user's ssh_config, keys, agent and jump hosts hold. One ssh
 * process per host: a small shell script on the node looks for the agent bundle, takes it from the stream when it is not there,
 * verifies it, and starts the session in that same connection.
 */
#pragma once

#include "controller/transport/bundle.h"
#include "engine/channel/client.h"

bool ssh_open(const struct bundle *bundle, const struct connection_target *target, struct connection **out,
              struct error *err);

/* The command line, NULL-terminated, in arena. `has_password`: password authentication is offered. */
bool ssh_arguments(struct arena *arena, const struct connection_target *target, const char *remote_command,
                   const char *const **out, struct error *err);
/* The script that runs on the node, as one argument of `sh -c`. */
const char *ssh_bootstrap_script(struct arena *arena, const struct bundle *bundle);
/* How an ssh process ended; `started`: the session on the node had begun. */
struct ssh_end {
    bool started;
    int status;        /* as waitpid gives it */
    const char *notes; /* what it wrote to stderr */
};
/* One sentence from it. */
const char *ssh_explain(struct arena *arena, const struct connection_target *target, const struct ssh_end *end);
