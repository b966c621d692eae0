/* SPDX-License-Identifier: Apache-2.0 */
/* Names on the bus: domain0, 0-0 (the host's router), 0-1 (a device, or another machine), 0-1.0 (a service of a
 * machine), 0-0:1.1 (a retimer), usb4_port1. Only the first three are told. */
#include "agent/system/hardware/thunderbolt.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

#define BUS "/sys/bus/thunderbolt/devices"

static struct value *domain_value(const struct sysfs *fs, const char *name)
{
    const char *folder = arena_printf(fs->arena, BUS "/%s", name);
    struct value *map = value_map(fs->arena);
    int64_t number;

    sysfs_put(fs, map, "domain", name);
    sysfs_put_text(fs, map, "security", folder, "security");
    if (sysfs_number(fs, folder, "iommu_dma_protection", &number))
        value_map_put_bool(fs->arena, map, "iommu_dma_protection", number == 1);
    return map;
}

/* domain-route: decimal and hexadecimal digits around one dash. */
static bool is_device(const char *name)
{
    size_t domain = strspn(name, "0123456789");

    if (domain == 0 || name[domain] != '-' || name[domain + 1] == '\0')
        return false;
    return strspn(name + domain + 1, "0123456789abcdef") == strlen(name + domain + 1);
}

/* "20.0 Gb/s" a lane; 0 when it is not said. */
static double lane_speed(const struct sysfs *fs, const char *folder, const char *file)
{
    const char *text = sysfs_text(fs, folder, file);
    char *end = NULL;
    double speed = text != NULL ? strtod(text, &end) : 0;

    return text != NULL && text_equal(end, " Gb/s") && speed > 0 && speed < 10000 ? speed : 0;
}

static int64_t lane_count(const struct sysfs *fs, const char *folder, const char *file)
{
    int64_t lanes;

    return sysfs_number(fs, folder, file, &lanes) && lanes > 0 && lanes <= 64 ? lanes : 0;
}

static void put_direction(const struct sysfs *fs, struct value *map, const char *name, double speed, int64_t lanes)
{
    if (speed > 0)
        sysfs_put_real(fs, map, arena_printf(fs->arena, "%s_speed_gbps", name), speed);
    if (lanes > 0)
        value_map_put_int(fs->arena, map, arena_printf(fs->arena, "%s_lanes", name), lanes);
}

static void put_link(const struct sysfs *fs, struct value *map, const char *folder)
{
    double rx = lane_speed(fs, folder, "rx_speed"), tx = lane_speed(fs, folder, "tx_speed");
    int64_t rx_lanes = lane_count(fs, folder, "rx_lanes"), tx_lanes = lane_count(fs, folder, "tx_lanes");
    double rx_all = rx * (double)rx_lanes, tx_all = tx * (double)tx_lanes;

    put_direction(fs, map, "rx", rx, rx_lanes);
    put_direction(fs, map, "tx", tx, tx_lanes);
    if (rx_all > 0 && tx_all > 0)
        sysfs_put_real(fs, map, "link_gbps", rx_all < tx_all ? rx_all : tx_all);
}

/* Routers have `authorized`, machines have not; route 0 is the machine's own router. */
static const char *kind_of(const struct sysfs *fs, const char *folder, const char *name)
{
    if (text_ends(name, "-0"))
        return "host";
    return sysfs_exists(fs, folder, "authorized") ? "device" : "xdomain";
}

static struct value *device_value(const struct sysfs *fs, const char *name)
{
    const char *folder = arena_printf(fs->arena, BUS "/%s", name);
    struct value *map = value_map(fs->arena);
    int64_t number;

    sysfs_put(fs, map, "id", name);
    sysfs_put(fs, map, "kind", kind_of(fs, folder, name));
    sysfs_put_text(fs, map, "vendor", folder, "vendor_name");
    sysfs_put_text(fs, map, "name", folder, "device_name");
    sysfs_put_count(fs, map, "generation", folder, "generation");
    if (sysfs_number(fs, folder, "authorized", &number))
        value_map_put_bool(fs->arena, map, "is_authorized", number > 0);
    put_link(fs, map, folder);
    return map;
}

struct value *thunderbolt_value(const struct sysfs *fs)
{
    struct value *map = value_map(fs->arena), *domains = value_list(fs->arena), *devices = value_list(fs->arena);

    for (const char *const *name = sysfs_numbered(fs, BUS, "domain"); *name != NULL; name++)
        value_list_add(fs->arena, domains, domain_value(fs, *name));
    for (const char *const *name = sysfs_names(fs, BUS); *name != NULL; name++)
        if (is_device(*name))
            value_list_add(fs->arena, devices, device_value(fs, *name));
    value_map_put(fs->arena, map, "domains", domains);
    value_map_put(fs->arena, map, "devices", devices);
    return map;
}
