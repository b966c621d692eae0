/* SPDX-License-Identifier: Apache-2.0 */
/* A run's output at the operator's terminal, as if it ran here. */
#pragma once

#include "cli/center_client.h"

struct run_follow {
    struct center_client *client;
    int64_t run_id;
    bool answers; /* questions are asked on this terminal */
};

/*
 * From the run's beginning to its end; what breaks is taken up again. The exit code is the run's. Ctrl-C detaches: the process
 * ends there, with 99, and the run goes on. False: the controller refuses.
 */
bool run_follow(const struct run_follow *follow, int *exit_out, struct error *err);
