/* SPDX-License-Identifier: Apache-2.0 */
/* NPUs. Attributes vbnv and fw_version: drivers/accel/amdxdna/amdxdna_sysfs.c of the kernel. */
#include "agent/system/hardware/npu.h"

#include <string.h>

#include "common/base/text.h"

#define ACCEL_FOLDER "/sys/class/accel"

/* The PCI ids that amdxdna serves. */
static bool is_amd_npu(const struct pci_device *device)
{
    return device->vendor == PCI_VENDOR_AMD && (device->device == 0x1502 || device->device == 0x17f0);
}

static struct value *npu_value(const struct sysfs *fs, const char *folder, const char *slot, const char *accel)
{
    struct value *map = value_map(fs->arena);

    sysfs_put(fs, map, "slot", slot);
    sysfs_put(fs, map, "accel", accel);
    sysfs_put_hex(fs, map, "vendor_id", folder, "vendor");
    sysfs_put_hex(fs, map, "device_id", folder, "device");
    sysfs_put_hex(fs, map, "revision", folder, "revision");
    sysfs_put(fs, map, "driver", sysfs_link(fs, folder, "driver"));
    sysfs_put_text(fs, map, "name", folder, "vbnv");
    sysfs_put_text(fs, map, "firmware", folder, "fw_version");
    return map;
}

static bool is_listed(const struct value *list, const char *slot)
{
    for (size_t i = 0; i < value_count(list); i++)
        if (text_equal(value_map_text(value_item(list, i), "slot"), slot))
            return true;
    return false;
}

struct value *npu_list(const struct sysfs *fs, const struct pci_device *devices, size_t count)
{
    struct value *list = value_list(fs->arena);

    for (const char *const *accel = sysfs_numbered(fs, ACCEL_FOLDER, "accel"); *accel != NULL; accel++) {
        const char *folder = arena_printf(fs->arena, ACCEL_FOLDER "/%s/device", *accel);
        const char *device = sysfs_link(fs, arena_printf(fs->arena, ACCEL_FOLDER "/%s", *accel), "device");
        value_list_add(fs->arena, list, npu_value(fs, folder, pci_is_slot(device) ? device : NULL, *accel));
    }
    for (size_t i = 0; i < count; i++)
        if (is_amd_npu(&devices[i]) && !is_listed(list, devices[i].slot))
            value_list_add(fs->arena, list, npu_value(fs, devices[i].folder, devices[i].slot, NULL));
    return list;
}
