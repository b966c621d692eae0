/* SPDX-License-Identifier: Apache-2.0 */
/* RAPL zones: intel-rapl:0 is a package, intel-rapl:0:1 a part of it. */
#include "agent/system/hardware/rapl.h"

#include <string.h>

#include "common/base/text.h"

#define RAPL_FOLDER "/sys/class/powercap"

static void put_millionth(const struct sysfs *fs, struct value *map, const char *key, const char *folder,
                          const char *file)
{
    int64_t number;

    if (sysfs_number(fs, folder, file, &number) && number >= 0)
        sysfs_put_real(fs, map, key, (double)number / 1e6);
}

/* The name up to its last colon, if that is a zone and not the control type. */
static const char *parent_of(const struct sysfs *fs, const char *zone)
{
    const char *last = strrchr(zone, ':');

    return last != NULL && strchr(zone, ':') != last ? arena_copy_n(fs->arena, zone, (size_t)(last - zone)) : NULL;
}

static struct value *zone_value(const struct sysfs *fs, const char *zone)
{
    const char *folder = arena_printf(fs->arena, RAPL_FOLDER "/%s", zone);
    struct value *map = value_map(fs->arena);
    int64_t energy;

    sysfs_put(fs, map, "zone", zone);
    sysfs_put_text(fs, map, "name", folder, "name");
    sysfs_put(fs, map, "parent", parent_of(fs, zone));
    bool is_readable = sysfs_number(fs, folder, "energy_uj", &energy) && energy >= 0;
    value_map_put_bool(fs->arena, map, "is_readable", is_readable);
    if (is_readable)
        sysfs_put_real(fs, map, "energy_joules", (double)energy / 1e6);
    put_millionth(fs, map, "energy_range_joules", folder, "max_energy_range_uj");
    put_millionth(fs, map, "limit_watts", folder, "constraint_0_power_limit_uw");
    return map;
}

struct value *rapl_zones(const struct sysfs *fs)
{
    struct value *zones = value_list(fs->arena);

    for (const char *const *name = sysfs_names(fs, RAPL_FOLDER); *name != NULL; name++)
        if (text_starts(*name, "intel-rapl") && strchr(*name, ':') != NULL)
            value_list_add(fs->arena, zones, zone_value(fs, *name));
    return zones;
}
