/* SPDX-License-Identifier: Apache-2.0 */
/* The role roost_agent, which does the work of `roost enroll`, comes with the program: where it is. */
#pragma once

#include "engine/command/command.h"

/* After command_prepare: an error that says how to give the role, when no folder has it. */
bool enroll_role_check(struct command *command, struct error *err);
