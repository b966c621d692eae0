/* SPDX-License-Identifier: Apache-2.0 */
/* Memory and swap in mebibytes, and how long the machine has been up. */
#include <stdlib.h>

#include "agent/facts/fact_support.h"
#include "agent/system/hardware/host_memory.h"

/* -1: not there. */
static int64_t meminfo_mb(struct arena *arena, const char *data, const char *key)
{
    int64_t bytes = host_memory_line(arena, data, key);

    return bytes < 0 ? -1 : bytes / (1024 * 1024);
}

static void put_known(struct arena *arena, struct value *map, const char *key, bool is_known, int64_t number)
{
    if (is_known)
        value_map_put_int(arena, map, key, number);
    else
        value_map_put(arena, map, key, value_null());
}

static void memory_put(struct arena *arena, struct value *facts, const char *data)
{
    int64_t total = meminfo_mb(arena, data, "MemTotal"), free_mb = meminfo_mb(arena, data, "MemFree");
    int64_t cached = meminfo_mb(arena, data, "Cached"), buffers = meminfo_mb(arena, data, "Buffers");
    int64_t swap = meminfo_mb(arena, data, "SwapTotal"), swap_free = meminfo_mb(arena, data, "SwapFree");
    int64_t swap_cached = meminfo_mb(arena, data, "SwapCached"), nocache = cached + free_mb + buffers;
    bool has_real = total >= 0 && free_mb >= 0, has_cache = cached >= 0 && free_mb >= 0 && buffers >= 0;
    struct value *all = value_map(arena), *real = value_map(arena), *without = value_map(arena),
                 *swaps = value_map(arena);

    put_known(arena, facts, "memtotal_mb", total >= 0, total);
    put_known(arena, facts, "memfree_mb", free_mb >= 0, free_mb);
    put_known(arena, facts, "swaptotal_mb", swap >= 0, swap);
    put_known(arena, facts, "swapfree_mb", swap_free >= 0, swap_free);
    put_known(arena, real, "total", total >= 0, total);
    put_known(arena, real, "used", has_real, total - free_mb);
    put_known(arena, real, "free", free_mb >= 0, free_mb);
    put_known(arena, without, "free", has_cache, nocache);
    put_known(arena, without, "used", has_cache && total >= 0, total - nocache);
    put_known(arena, swaps, "total", swap >= 0, swap);
    put_known(arena, swaps, "free", swap_free >= 0, swap_free);
    put_known(arena, swaps, "used", swap >= 0 && swap_free >= 0, swap - swap_free);
    put_known(arena, swaps, "cached", swap_cached >= 0, swap_cached);
    value_map_put(arena, all, "real", real);
    value_map_put(arena, all, "nocache", without);
    value_map_put(arena, all, "swap", swaps);
    value_map_put(arena, facts, "memory_mb", all);
}

static bool memory_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    const char *data = fact_file(system, arena, "/proc/meminfo");
    const char *uptime = fact_file(system, arena, "/proc/uptime");

    (void)err;
    if (data)
        memory_put(arena, facts, data);
    if (uptime)
        value_map_put_int(arena, facts, "uptime_seconds", strtoll(uptime, NULL, 10));
    return true;
}

FACT_GROUP_DEFINE(memory) = {
    .name = "memory",
    .names = FACT_NAMES("hardware", "processor", "processor_cores", "processor_count", "mounts", "devices"),
    .collect = memory_collect,
};
