/* SPDX-License-Identifier: Apache-2.0 */
/* Inventory plugins in Python (inventory_python.c). */
#pragma once

#include "engine/inventory/inventory_internal.h"

/* Is there a plugin in Python of that name? Starts Python; err says why that was not possible. */
bool inventory_python_has(const struct inventory_config *config, struct arena *arena, const char *name,
                          struct error *err);
/* Lets it read the source; *found_out false: there is none of that name, or no ansible-core (err says why). */
bool inventory_python_read(struct inventory_source *source, const char *name, bool *found_out, struct error *err);
/* One that the configuration enables: source->plugin. */
bool inventory_python_wants(struct inventory_source *source);
bool inventory_python_try(struct inventory_source *source, struct error *err);
