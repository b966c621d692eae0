/* SPDX-License-Identifier: Apache-2.0 */
/* What is said when a pattern or --limit of a verb is for nobody. */
#pragma once

#include "engine/command/command.h"

/* Always false: what was looked for, the nearest host, and an inventory that could not be read. After command_prepare. */
bool hosts_none(const struct command *command, const char *pattern, struct error *err);
