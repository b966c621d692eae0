/* SPDX-License-Identifier: Apache-2.0 */
/* `roost apply --controlled RUN`: a run that a controller has started (controller/runs/run_order.h). Not for people. */
#pragma once

#include <stdbool.h>

/* Whether the program was started that way. */
bool apply_is_controlled(int argc, char **argv);
/* Runs what the controller says; the exit code of apply or check. */
int apply_controlled(void);
