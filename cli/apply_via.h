/* SPDX-License-Identifier: Apache-2.0 */
/* roost apply and check --via controller: the project goes to the controller, the output comes back. */
#pragma once

#include "engine/command/command.h"

/* --via, else ROOST_VIA, else what the account says. False: none of ssh and controller was named. */
bool apply_via_controller(const struct command_options *options, struct arena *arena, bool *out, struct error *err);
/* Where the output is shown, as the API takes it. */
const struct value *apply_via_terminal(struct arena *arena, bool color);
/* `kind`: "apply" or "check". The command has been started, with its playbooks; the exit code is the run's. */
int apply_via(struct command *command, const char *kind);
