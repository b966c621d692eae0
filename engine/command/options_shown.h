/* SPDX-License-Identifier: Apache-2.0 */
/* The command line as -vvvv shows it. */
#pragma once

#include "engine/command/command.h"

/* Name -> text, in ansible-playbook's order, of what is set or has a default; "args" first. */
const struct value *options_shown(const struct command *command);
