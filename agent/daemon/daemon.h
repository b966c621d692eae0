/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stays on a node: checks for drift at its time and when told, repairs as the local policy allows, and keeps what it has to
 * tell until the controller has it. Works the same whether the controller is there or not. One thread; all work is done by
 * children, one at a time.
 */
#pragma once

#include "common/base/error.h"

struct daemon_options {
    const char *state;       /* the folder of identity.h */
    const char *config_path; /* of daemon_config.h */
    const char *program;     /* roost-agent, for the children */
    void (*log)(void *data, const char *sentence);
    void *data;
};

/* Until SIGTERM or SIGINT (a run under way is cancelled), or SIGUSR1 (when nothing is under way any more: what starts it
 * again starts the program that is installed by then); SIGHUP reads the configuration again. False: it could not start, or
 * can do no more. */
bool daemon_run(const struct daemon_options *options, struct error *err);
