/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration says about inventories, for engine/inventory. */
#pragma once

#include "engine/command/settings.h"
#include "engine/inventory/inventory_rules.h"

/* `extra_vars` is a map or NULL. */
const struct inventory_rules *inventory_rules_make(struct arena *arena, const struct settings *settings,
                                                   const struct value *extra_vars);

/* inventory_plugins.c: those in Python; nothing is started yet. */
struct command;
struct inventory_python;
const struct inventory_python *inventory_python_make(struct command *command);
