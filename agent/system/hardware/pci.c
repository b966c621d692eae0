/* SPDX-License-Identifier: Apache-2.0 */
/* PCI devices of classes that compute or show pictures, PCIe links, and names out of pci.ids. Only reading. */
#include "agent/system/hardware/pci.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

#define PCI_FOLDER "/sys/bus/pci/devices"

static uint32_t pci_number(const struct sysfs *fs, const char *folder, const char *file)
{
    int64_t number;

    return sysfs_number(fs, folder, file, &number) && number >= 0 && number <= UINT32_MAX ? (uint32_t)number : 0;
}

static bool is_wanted(uint32_t class_code)
{
    uint32_t base = class_code >> 16;

    return base == 0x03 || base == 0x11 || base == 0x12;
}

struct pci_device *pci_accelerators(const struct sysfs *fs, size_t *count_out)
{
    const char *const *slots = sysfs_names(fs, PCI_FOLDER);
    size_t all = 0, count = 0;

    while (slots[all] != NULL)
        all++;
    struct pci_device *devices = arena_new_array(fs->arena, struct pci_device, all + 1);
    for (size_t i = 0; i < all; i++) {
        const char *folder = arena_printf(fs->arena, PCI_FOLDER "/%s", slots[i]);
        uint32_t class_code = pci_number(fs, folder, "class");
        if (!is_wanted(class_code) || !pci_is_slot(slots[i]))
            continue;
        devices[count++] = (struct pci_device){ .slot = slots[i],
                                                .folder = folder,
                                                .class_code = class_code,
                                                .vendor = pci_number(fs, folder, "vendor"),
                                                .device = pci_number(fs, folder, "device"),
                                                .revision = pci_number(fs, folder, "revision"),
                                                .driver = sysfs_link(fs, folder, "driver") };
    }
    *count_out = count;
    return devices;
}

/* dddd:bb:dd.f; domains have more digits on some machines. */
bool pci_is_slot(const char *name)
{
    static const char hex[] = "0123456789abcdef";
    size_t domain = name != NULL ? strspn(name, hex) : 0;

    if (domain < 4 || name[domain] != ':')
        return false;
    const char *rest = name + domain + 1;
    return strlen(rest) == 7 && strspn(rest, hex) == 2 && rest[2] == ':' && strspn(rest + 3, hex) == 2 &&
           rest[5] == '.' && strchr("01234567", rest[6]) != NULL;
}

void pci_put_ids(const struct sysfs *fs, struct value *map, const char *folder)
{
    sysfs_put_hex(fs, map, "vendor_id", folder, "vendor");
    sysfs_put_hex(fs, map, "device_id", folder, "device");
    sysfs_put_hex(fs, map, "subsystem_vendor_id", folder, "subsystem_vendor");
    sysfs_put_hex(fs, map, "subsystem_device_id", folder, "subsystem_device");
    sysfs_put_hex(fs, map, "revision", folder, "revision");
}

/* "16.0 GT/s PCIe"; "Unknown" where there is no link. */
static void put_speed(const struct sysfs *fs, struct value *map, const char *key, const char *folder, const char *file)
{
    const char *text = sysfs_text(fs, folder, file);
    char *end = NULL;
    double speed = text != NULL ? strtod(text, &end) : 0;

    if (text != NULL && end != text && text_starts(end, " GT/s") && speed > 0 && speed < 1000)
        sysfs_put_real(fs, map, key, speed);
}

/* A width of 0 means that there is no link, 255 that it is not known. */
static void put_width(const struct sysfs *fs, struct value *map, const char *key, const char *folder, const char *file)
{
    int64_t width;

    if (sysfs_number(fs, folder, file, &width) && width > 0 && width <= 64)
        value_map_put_int(fs->arena, map, key, width);
}

void pci_put_link(const struct sysfs *fs, struct value *map, const char *folder)
{
    put_speed(fs, map, "link_speed_gts", folder, "current_link_speed");
    put_width(fs, map, "link_width", folder, "current_link_width");
    put_speed(fs, map, "link_speed_max_gts", folder, "max_link_speed");
    put_width(fs, map, "link_width_max", folder, "max_link_width");
}

/* A vendor's lines begin in column 0, its devices behind one tab, subsystems behind two. */
static const char *name_find(struct arena *arena, const char *ids, uint32_t vendor, uint32_t device)
{
    const char *at = strstr(ids, arena_printf(arena, "\n%04x  ", vendor));
    const char *wanted = arena_printf(arena, "\t%04x  ", device);
    size_t length = strlen(wanted);

    while (at != NULL && (at = strchr(at + 1, '\n')) != NULL && (at[1] == '\t' || at[1] == '#')) {
        if (strncmp(at + 1, wanted, length) == 0)
            return text_trim(arena, at + 1 + length, strcspn(at + 1 + length, "\n"));
    }
    return NULL;
}

const char *pci_name(const struct sysfs *fs, uint32_t vendor, uint32_t device)
{
    static const char *const files[] = { "/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids" };

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const char *ids = sysfs_data(fs, files[i], SYSFS_TEXT_MAX, NULL);
        const char *name = ids != NULL ? name_find(fs->arena, ids, vendor, device) : NULL;
        if (name != NULL && name[0] != '\0' && text_utf8_valid(name, strlen(name)))
            return name;
    }
    return NULL;
}
