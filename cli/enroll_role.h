/* SPDX-License-Identifier: Apache-2.0 */
/* The role roost_agent, which does the work of `roost enroll`, comes with the program: where it is. */
#pragma once

#include "engine/command/command.h"

/* Before command_prepare: a program in a build folder of Roost's sources takes the role from there, behind --roles-path. */
void enroll_role_add(struct command *command);
/* After it: an error that says how to give the role, when no folder has it. */
bool enroll_role_check(struct command *command, struct error *err);
