/* SPDX-License-Identifier: Apache-2.0 */
/* Interfaces with a device behind them. The kernel answers speed and duplex with an error or -1 without a link. */
#include "agent/system/hardware/nic.h"

#include "agent/system/hardware/pci.h"
#include "common/base/text.h"

#define NET_FOLDER "/sys/class/net"
#define ARPHRD_ETHER_NUMBER 1

static const char *kind_of(const struct sysfs *fs, const char *folder, const char *driver)
{
    int64_t type;

    if (text_equal(driver, "thunderbolt-net"))
        return "thunderbolt";
    if (sysfs_exists(fs, folder, "phy80211") || sysfs_exists(fs, folder, "wireless"))
        return "wireless";
    return sysfs_number(fs, folder, "type", &type) && type == ARPHRD_ETHER_NUMBER ? "ethernet" : "other";
}

static void put_speed(const struct sysfs *fs, struct value *map, const char *folder)
{
    int64_t speed;
    const char *duplex = sysfs_text(fs, folder, "duplex");

    if (!sysfs_number(fs, folder, "speed", &speed) || speed <= 0 || speed >= UINT32_MAX)
        return;
    value_map_put_int(fs->arena, map, "speed_mbps", speed);
    if (text_equal(duplex, "full") || text_equal(duplex, "half"))
        sysfs_put(fs, map, "duplex", duplex);
}

static struct value *nic_value(const struct sysfs *fs, const char *name, const char *folder)
{
    const char *device_folder = arena_printf(fs->arena, "%s/device", folder);
    const char *device = sysfs_link(fs, folder, "device"), *driver = sysfs_link(fs, device_folder, "driver");
    struct value *map = value_map(fs->arena);
    int64_t carrier;

    sysfs_put(fs, map, "name", name);
    sysfs_put(fs, map, "driver", driver);
    sysfs_put(fs, map, "slot", pci_is_slot(device) ? device : NULL);
    sysfs_put(fs, map, "kind", kind_of(fs, folder, driver));
    sysfs_put_text(fs, map, "state", folder, "operstate");
    value_map_put_bool(fs->arena, map, "is_up", sysfs_number(fs, folder, "carrier", &carrier) && carrier == 1);
    put_speed(fs, map, folder);
    sysfs_put_count(fs, map, "mtu", folder, "mtu");
    if (pci_is_slot(device))
        pci_put_link(fs, map, device_folder);
    return map;
}

struct value *nic_list(const struct sysfs *fs)
{
    struct value *list = value_list(fs->arena);

    for (const char *const *name = sysfs_names(fs, NET_FOLDER); *name != NULL; name++) {
        const char *folder = arena_printf(fs->arena, NET_FOLDER "/%s", *name);
        if (sysfs_link(fs, folder, "device") != NULL)
            value_list_add(fs->arena, list, nic_value(fs, *name, folder));
    }
    return list;
}
