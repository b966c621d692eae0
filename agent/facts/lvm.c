/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logical volumes. "N/A" where LVM's programs are missing or this is not root. They are slow to start, so they run
 * only when the kernel or LVM's own records show that there is a volume group.
 */
#include <unistd.h>

#include "agent/facts/fact_support.h"
#include "agent/system/process/process.h"

static bool has_volume_group(const struct system *system, struct arena *arena)
{
    if (*fact_folder(system, arena, "/run/lvm/vgs_online") || *fact_folder(system, arena, "/run/lvm/pvs_online"))
        return true;
    for (const char *const *name = fact_folder(system, arena, "/sys/block"); *name; name++) {
        const char *uuid = fact_file(system, arena, arena_printf(arena, "/sys/block/%s/dm/uuid", *name));
        if (uuid && text_starts(uuid, "LVM-"))
            return true;
    }
    return false;
}

struct lvm_column {
    const char *name;
    int index; /* from the end when negative */
};

/* One of vgs, lvs, pvs: a map from the first column to the wanted others. */
static struct value *lvm_report(const struct system *system, struct arena *arena, const char *program,
                                const struct lvm_column *columns)
{
    struct process_request request = PROCESS(program, "--noheadings", "--nosuffix", "--units", "g", "--separator", ",");
    struct value *report = value_map(arena);
    struct process_result result;
    struct error ignored = ERROR_INIT;
    size_t length;

    request.timeout_ms = 10000;
    if (!process_run(system, arena, &request, &result, &ignored))
        return report;
    const char *at = result.output, *end = at + result.output_length, *line;
    while (text_line(&at, end, &line, &length)) {
        size_t count = 0;
        char **cells = text_split(arena, text_trim(arena, line, length), ',', &count);
        struct value *row = value_map(arena);
        for (const struct lvm_column *column = columns; column->name && count > 4; column++)
            value_map_put_string(arena, row, column->name,
                                 cells[column->index < 0 ? (int)count + column->index : column->index]);
        if (count > 4)
            value_map_put(arena, report, cells[0], row);
    }
    return report;
}

static bool lvm_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    static const struct lvm_column vgs[] = {
        { "size_g", -2 }, { "free_g", -1 }, { "num_lvs", 2 }, { "num_pvs", 1 }, { 0 }
    };
    static const struct lvm_column lvs[] = { { "size_g", 3 }, { "vg", 1 }, { 0 } };
    static const struct lvm_column pvs[] = { { "size_g", 4 }, { "free_g", 5 }, { "vg", 1 }, { 0 } };
    struct value *lvm = value_map(arena);

    (void)err;
    if (geteuid() != 0 || !fact_has_program(system, arena, "vgs")) {
        value_map_put_string(arena, facts, "lvm", "N/A");
        return true;
    }
    bool runs = fact_is_live(system) && has_volume_group(system, arena);
    value_map_put(arena, lvm, "lvs", runs ? lvm_report(system, arena, "lvs", lvs) : value_map(arena));
    value_map_put(arena, lvm, "vgs", runs ? lvm_report(system, arena, "vgs", vgs) : value_map(arena));
    value_map_put(arena, lvm, "pvs", runs ? lvm_report(system, arena, "pvs", pvs) : value_map(arena));
    value_map_put(arena, facts, "lvm", lvm);
    return true;
}

FACT_GROUP_DEFINE(lvm) = {
    .name = "lvm",
    .names = FACT_NAMES("hardware", "processor", "processor_cores", "processor_count", "mounts", "devices"),
    .collect = lvm_collect,
};
