/* SPDX-License-Identifier: Apache-2.0 */
/* What `roost inventory` prints, as ansible-inventory does to the byte. */
#pragma once

#include "engine/command/command.h"

/* --list, --host or --graph of a prepared command. */
bool inventory_show(struct command *command, struct text *out, struct error *err);
