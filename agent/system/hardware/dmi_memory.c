/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the structures of the SMBIOS table: type, length, handle, fields, then strings up to two NULs. */
#include "agent/system/hardware/dmi_memory.h"

#define DMI_TABLE "/sys/firmware/dmi/tables/DMI"
#define DMI_TABLE_MAX ((size_t)1024 * 1024)

enum {
    DMI_MEMORY_DEVICE = 17,
    DMI_END = 127,
    OFFSET_SIZE = 0x0c,
    OFFSET_EXTENDED_SIZE = 0x1c,
    SIZE_UNKNOWN = 0xffff,
    SIZE_EXTENDED = 0x7fff,
    SIZE_IN_KILOBYTES = 0x8000,
};

struct dmi_table {
    const unsigned char *data;
    size_t length;
};

static int64_t device_bytes(const unsigned char *fields, size_t length)
{
    if (length < OFFSET_SIZE + 2)
        return 0;
    uint32_t size = (uint32_t)(fields[OFFSET_SIZE] | fields[OFFSET_SIZE + 1] << 8);
    if (size == SIZE_UNKNOWN)
        return 0;
    if (size == SIZE_EXTENDED && length >= OFFSET_EXTENDED_SIZE + 4) {
        const unsigned char *at = fields + OFFSET_EXTENDED_SIZE;
        uint32_t megabytes = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
        return (int64_t)(megabytes & INT32_MAX) << 20;
    }
    if (size & SIZE_IN_KILOBYTES)
        return (int64_t)(size & ~(uint32_t)SIZE_IN_KILOBYTES) << 10;
    return (int64_t)size << 20;
}

/* Where the next structure begins; the table's length when there is none. */
static size_t structure_end(const struct dmi_table *table, size_t at)
{
    for (at += table->data[at + 1]; at + 1 < table->length; at++)
        if (table->data[at] == 0 && table->data[at + 1] == 0)
            return at + 2;
    return table->length;
}

bool dmi_memory_installed(const struct sysfs *fs, int64_t *bytes_out)
{
    struct dmi_table table = { 0 };
    const char *data = sysfs_data(fs, DMI_TABLE, DMI_TABLE_MAX, &table.length);
    int64_t sum = 0;

    table.data = (const unsigned char *)data;
    for (size_t at = 0; data != NULL && at + 4 <= table.length; at = structure_end(&table, at)) {
        size_t length = table.data[at + 1];
        if (length < 4 || length > table.length - at)
            return false;
        if (table.data[at] == DMI_END)
            break;
        if (table.data[at] == DMI_MEMORY_DEVICE)
            sum += device_bytes(table.data + at, length);
    }
    if (sum <= 0)
        return false;
    *bytes_out = sum;
    return true;
}
