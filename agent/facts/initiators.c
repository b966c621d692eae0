/* SPDX-License-Identifier: Apache-2.0 */
/* Names under which this node speaks to storage networks: iSCSI, NVMe over fabrics, fibre channel. */
#include <string.h>

#include "agent/facts/fact_support.h"

static const char *iscsi_name(const struct system *system, struct arena *arena)
{
    const char *text = fact_file(system, arena, "/etc/iscsi/initiatorname.iscsi");
    const char *name = text ? fact_shell_value(arena, text, "InitiatorName") : NULL;

    return name ? name : "";
}

static const struct value *fibre_channel_names(const struct system *system, struct arena *arena)
{
    struct value *list = value_list(arena);

    for (const char *const *host = fact_folder(system, arena, "/sys/class/fc_host"); *host; host++) {
        const char *name = fact_file(system, arena, arena_printf(arena, "/sys/class/fc_host/%s/port_name", *host));
        if (name && text_starts(name, "0x"))
            value_list_add(arena, list, value_string(arena, name + 2));
    }
    return list;
}

static bool initiators_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    const char *nqn = fact_file(system, arena, "/etc/nvme/hostnqn");

    (void)err;
    value_map_put_string(arena, facts, "iscsi_iqn", iscsi_name(system, arena));
    value_map_put_string(arena, facts, "hostnqn", nqn ? arena_copy_n(arena, nqn, strcspn(nqn, "\n")) : "");
    value_map_put(arena, facts, "fibre_channel_wwn", fibre_channel_names(system, arena));
    return true;
}

FACT_GROUP_DEFINE(initiators) = { .name = "iscsi",
                                  .names = FACT_NAMES("nvme", "fibre_channel_wwn"),
                                  .collect = initiators_collect };
