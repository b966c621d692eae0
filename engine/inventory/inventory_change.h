/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to an inventory while plays run. */
#pragma once

#include "engine/inventory/inventory.h"

/*
 * Reads the sources again (meta: refresh_inventory), then does again what inventory_change_* did. Hosts that are still there
 * keep their struct and number; group structs are new. On an error the inventory is as empty as what could not be read.
 * Files of variables are not read again, as in Ansible.
 */
bool inventory_refresh(struct inventory *inventory, const struct inventory_config *config, struct error *err);

/* add_host: `added` is the map {host_name, groups, host_vars} of its result; *changed_out as there. */
bool inventory_change_host(struct inventory *inventory, const struct value *added, bool *changed_out,
                           struct error *err);

struct inventory_grouping {
    const char *host, *group;
    const struct value *parents; /* list of names */
};
/* group_by */
bool inventory_change_group(struct inventory *inventory, const struct inventory_grouping *grouping, bool *changed_out,
                            struct error *err);
