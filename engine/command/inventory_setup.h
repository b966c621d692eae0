/* SPDX-License-Identifier: Apache-2.0 */
/* What the configuration says about inventories, for engine/inventory. */
#pragma once

#include "engine/command/settings.h"
#include "engine/inventory/inventory_rules.h"

struct command;

/* NULL with an error where the configuration wants a plugin in Python. */
const struct inventory_rules *inventory_rules_make(struct command *command, struct error *err);

/* vars_plugins.c: those in Python that Ansible would load are errors. `enabled`: vars_plugins_enabled, or NULL. *has_files_out: group_vars/
 * and host_vars/ are read. */
bool vars_plugins_check(struct command *command, const char *const *enabled, bool *has_files_out, struct error *err);

/* inventory_plugins.c: those in Python; nothing is started yet. */
struct inventory_python;
const struct inventory_python *inventory_python_make(struct command *command);
