/* SPDX-License-Identifier: Apache-2.0 */
/* Which hosts the plays of a playbook are for, as far as that can be told before they run. */
#pragma once

#include "engine/command/command.h"

/* A map of host names. NULL: a play's `hosts` is a template, so that it may be any. */
bool publish_hosts(struct command *command, const char *playbook, const struct value **out, struct error *err);
