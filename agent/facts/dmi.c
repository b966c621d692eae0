/* SPDX-License-Identifier: Apache-2.0 */
/* What the firmware says about board, chassis and product. "NA" stands for what it does not say or only root may
 * read. */
#include "agent/facts/fact_support.h"

#define FOLDER "/sys/devices/virtual/dmi/id/"

static const struct {
    const char *fact, *file;
} fields[] = {
    { "bios_date", "bios_date" },
    { "bios_vendor", "bios_vendor" },
    { "bios_version", "bios_version" },
    { "board_asset_tag", "board_asset_tag" },
    { "board_name", "board_name" },
    { "board_serial", "board_serial" },
    { "board_vendor", "board_vendor" },
    { "board_version", "board_version" },
    { "chassis_asset_tag", "chassis_asset_tag" },
    { "chassis_serial", "chassis_serial" },
    { "chassis_vendor", "chassis_vendor" },
    { "chassis_version", "chassis_version" },
    { "product_name", "product_name" },
    { "product_serial", "product_serial" },
    { "product_uuid", "product_uuid" },
    { "product_version", "product_version" },
    { "system_vendor", "sys_vendor" },
};

/* Chassis types of the SMBIOS specification, DSP0134, by number. */
static const char *const form_factors[] = {
    "Unknown",
    "Other",
    "Unknown",
    "Desktop",
    "Low Profile Desktop",
    "Pizza Box",
    "Mini Tower",
    "Tower",
    "Portable",
    "Laptop",
    "Notebook",
    "Hand Held",
    "Docking Station",
    "All In One",
    "Sub Notebook",
    "Space-saving",
    "Lunch Box",
    "Main Server Chassis",
    "Expansion Chassis",
    "Sub Chassis",
    "Bus Expansion Chassis",
    "Peripheral Chassis",
    "RAID Chassis",
    "Rack Mount Chassis",
    "Sealed-case PC",
    "Multi-system",
    "CompactPCI",
    "AdvancedTCA",
    "Blade",
    "Blade Enclosure",
    "Tablet",
    "Convertible",
    "Detachable",
    "IoT Gateway",
    "Embedded PC",
    "Mini PC",
    "Stick PC",
};

static const char *form_factor(struct arena *arena, const char *text)
{
    int64_t number;

    if (!text || !text_to_int(text, &number))
        return "NA";
    if (number < 0 || number >= (int64_t)(sizeof form_factors / sizeof form_factors[0]))
        return arena_printf(arena, "unknown (%s)", text);
    return form_factors[number];
}

static bool dmi_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    (void)err;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *text = fact_file(system, arena, arena_printf(arena, FOLDER "%s", fields[i].file));
        value_map_put_string(arena, facts, fields[i].fact, text ? text : "NA");
    }
    value_map_put_string(arena, facts, "form_factor",
                         form_factor(arena, fact_file(system, arena, FOLDER "chassis_type")));
    return true;
}

FACT_GROUP_DEFINE(dmi) = {
    .name = "dmi",
    .names = FACT_NAMES("hardware", "processor", "processor_cores", "processor_count", "mounts", "devices"),
    .collect = dmi_collect,
};
