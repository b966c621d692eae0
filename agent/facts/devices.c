/* SPDX-License-Identifier: Apache-2.0 */
/* Block devices and their partitions, from sysfs and /dev/disk. `host` (lspci's sentence about the controller) stays
 * empty. */
#include <stdlib.h>
#include <string.h>

#include "agent/facts/fact_support.h"

static const char *block_file(const struct system *system, struct arena *arena, const char *folder, const char *name)
{
    return fact_file(system, arena, arena_printf(arena, "%s/%s", folder, name));
}

/* Ansible's bytes_to_human: two decimals, binary units. */
static const char *size_text(struct arena *arena, double bytes)
{
    static const char units[] = "YZEPTGMK";
    double limit = 1208925819614629174706176.0; /* 2^80 */

    for (const char *unit = units; *unit; unit++, limit /= 1024)
        if (bytes >= limit)
            return arena_printf(arena, "%.2f %cB", bytes / limit, *unit);
    return arena_printf(arena, "%.2f Bytes", bytes);
}

/* --- links: device -> names that point to it --- */

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const struct value *sorted(struct arena *arena, const struct value *list)
{
    size_t count = value_count(list);
    const char **names = arena_new_array(arena, const char *, count + 1);
    struct value *out = value_list(arena);

    for (size_t i = 0; i < count; i++)
        names[i] = value_text(value_item(list, i));
    qsort(names, count, sizeof names[0], compare_text);
    for (size_t i = 0; i < count; i++)
        value_list_add(arena, out, value_string(arena, names[i]));
    return out;
}

static void link_add(struct arena *arena, struct value *links, const char *device, const char *name)
{
    const struct value *old = value_map_get(links, device);
    struct value *list = value_list(arena);

    for (size_t i = 0; i < value_count(old); i++)
        value_list_add(arena, list, value_item(old, i));
    value_list_add(arena, list, value_string(arena, name));
    value_map_put(arena, links, device, sorted(arena, list));
}

static const struct value *folder_links(const struct system *system, struct arena *arena, const char *folder)
{
    struct value *links = value_map(arena);

    for (const char *const *name = fact_folder(system, arena, folder); *name; name++) {
        const char *target = fact_link_name(system, arena, arena_printf(arena, "%s/%s", folder, *name));
        if (target)
            link_add(arena, links, target, *name);
    }
    return links;
}

static const struct value *master_links(const struct system *system, struct arena *arena)
{
    struct value *links = value_map(arena);

    for (const char *const *owner = fact_folder(system, arena, "/sys/block"); *owner; owner++)
        for (const char *const *slave = fact_folder(system, arena, arena_printf(arena, "/sys/block/%s/slaves", *owner));
             *slave; slave++)
            link_add(arena, links, *slave, *owner);
    return links;
}

static const struct value *links_of(struct arena *arena, const struct value *all, const char *device)
{
    struct value *own = value_map(arena);

    for (size_t i = 0; i < value_count(all); i++) {
        const struct value_pair *pair = value_pair_at(all, i);
        const struct value *found = value_map_get(pair->item, device);
        value_map_put_value(arena, own, pair->key, found ? found : value_list(arena));
    }
    return own;
}

static const struct value *holders_of(const struct system *system, struct arena *arena, const char *folder)
{
    struct value *holders = value_list(arena);

    for (const char *const *name = fact_folder(system, arena, arena_printf(arena, "%s/holders", folder)); *name;
         name++) {
        if (!text_starts(*name, "dm-"))
            continue;
        const char *mapped = block_file(system, arena, folder, arena_printf(arena, "holders/%s/dm/name", *name));
        value_list_add(arena, holders, value_string(arena, mapped ? mapped : *name));
    }
    return holders;
}

/* --- partitions and disks --- */

static void put_sectorsize(const struct system *system, struct arena *arena, struct value *map, const char *folder)
{
    const char *size = block_file(system, arena, folder, "queue/logical_block_size");

    if (!size)
        size = block_file(system, arena, folder, "queue/hw_sector_size");
    value_map_put(arena, map, "sectorsize", size ? value_string(arena, size) : value_int(arena, 512));
}

static void put_sectors(const struct system *system, struct arena *arena, struct value *map, const char *folder)
{
    const char *sectors = block_file(system, arena, folder, "size");

    value_map_put(arena, map, "sectors", sectors ? value_string(arena, sectors) : value_int(arena, 0));
    value_map_put_string(arena, map, "size", size_text(arena, (sectors ? strtod(sectors, NULL) : 0) * 512.0));
}

static const struct value *partition_of(const struct system *system, struct arena *arena, const struct value *links,
                                        const char *folder, const char *name)
{
    struct value *part = value_map(arena);
    const char *own = arena_printf(arena, "%s/%s", folder, name);
    const char *start = block_file(system, arena, own, "start");
    const struct value *uuids = value_map_get(value_map_get(links, "uuids"), name);

    value_map_put(arena, part, "links", links_of(arena, links, name));
    value_map_put(arena, part, "start", start ? value_string(arena, start) : value_int(arena, 0));
    put_sectors(system, arena, part, own);
    put_sectorsize(system, arena, part, own);
    value_map_put(arena, part, "uuid", value_count(uuids) > 0 ? value_item(uuids, 0) : value_null());
    value_map_put(arena, part, "holders", holders_of(system, arena, own));
    return part;
}

static bool is_partition(const char *disk, const char *name)
{
    size_t length = strlen(disk);
    const char *rest = name + length;

    if (strncmp(name, disk, length) != 0)
        return false;
    rest += *rest == 'p';
    return rest[0] != '\0' && strspn(rest, "0123456789") == strlen(rest);
}

static const struct value *partitions_of(const struct system *system, struct arena *arena, const struct value *links,
                                         const char *folder, const char *disk)
{
    struct value *partitions = value_map(arena);

    for (const char *const *name = fact_folder(system, arena, folder); *name; name++)
        if (is_partition(disk, *name))
            value_map_put(arena, partitions, *name, partition_of(system, arena, links, folder, *name));
    return partitions;
}

/* The scheduler in brackets of "none [mq-deadline]". */
static const char *scheduler_of(const struct system *system, struct arena *arena, const char *folder)
{
    const char *text = block_file(system, arena, folder, "queue/scheduler");
    const char *start = text ? strchr(text, '[') : NULL, *end = start ? strrchr(start, ']') : NULL;

    return end ? arena_copy_n(arena, start + 1, (size_t)(end - start - 1)) : "";
}

static const char *wwn_of(struct arena *arena, const struct value *links, const char *disk)
{
    const struct value *ids = value_map_get(value_map_get(links, "ids"), disk);

    for (size_t i = value_count(ids); i-- > 0;)
        if (text_starts(value_text(value_item(ids, i)), "wwn-"))
            return arena_copy(arena, value_text(value_item(ids, i)) + 4);
    return NULL;
}

static const struct value *disk_of(const struct system *system, struct arena *arena, const struct value *links,
                                   const char *disk)
{
    static const char *const described[] = { "vendor", "model", "sas_address", "sas_device_handle", NULL };
    struct value *map = value_map(arena);
    const char *folder = arena_printf(arena, "/sys/block/%s", disk);
    const char *serial = block_file(system, arena, folder, "device/serial"), *wwn = wwn_of(arena, links, disk);

    value_map_put_int(arena, map, "virtual", 1);
    value_map_put(arena, map, "links", links_of(arena, links, disk));
    for (const char *const *name = described; *name; name++)
        fact_put_file(system, arena, map, *name, arena_printf(arena, "%s/device/%s", folder, *name));
    if (serial)
        value_map_put_string(arena, map, "serial", serial);
    fact_put_file(system, arena, map, "removable", arena_printf(arena, "%s/removable", folder));
    fact_put_file(system, arena, map, "support_discard", arena_printf(arena, "%s/queue/discard_granularity", folder));
    if (wwn)
        value_map_put_string(arena, map, "wwn", wwn);
    value_map_put(arena, map, "partitions", partitions_of(system, arena, links, folder, disk));
    fact_put_file(system, arena, map, "rotational", arena_printf(arena, "%s/queue/rotational", folder));
    value_map_put_string(arena, map, "scheduler_mode", scheduler_of(system, arena, folder));
    put_sectors(system, arena, map, folder);
    put_sectorsize(system, arena, map, folder);
    value_map_put_string(arena, map, "host", "");
    value_map_put(arena, map, "holders", holders_of(system, arena, folder));
    return map;
}

static bool devices_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    struct value *devices = value_map(arena), *links = value_map(arena);

    (void)err;
    value_map_put(arena, facts, "devices", devices);
    if (!fact_exists(system, arena, "/sys/block"))
        return true;
    value_map_put(arena, links, "ids", folder_links(system, arena, "/dev/disk/by-id"));
    value_map_put(arena, links, "uuids", folder_links(system, arena, "/dev/disk/by-uuid"));
    value_map_put(arena, links, "labels", folder_links(system, arena, "/dev/disk/by-label"));
    value_map_put(arena, links, "masters", master_links(system, arena));
    value_map_put(arena, facts, "device_links", links);
    for (const char *const *disk = fact_folder(system, arena, "/sys/block"); *disk; disk++)
        value_map_put(arena, devices, *disk, disk_of(system, arena, links, *disk));
    return true;
}

FACT_GROUP_DEFINE(devices) = {
    .name = "devices",
    .names = FACT_NAMES("hardware", "processor", "processor_cores", "processor_count", "mounts"),
    .collect = devices_collect,
};
