/* SPDX-License-Identifier: Apache-2.0 */
/* gpu_metrics: header and the power figures of revision 3.0. Offsets follow the C layout of the kernel's structure;
 * every one is checked against the size that the table itself and the file have. */
#include "agent/system/hardware/gpu_metrics.h"

#include <string.h>

enum {
    METRICS_SOCKET = 112, /* u32 */
    METRICS_NPU = 116,    /* u16 */
    METRICS_APU = 120,    /* u32 */
    METRICS_GFX = 124,    /* u32 */
    METRICS_CORES = 132,  /* u32 */
    METRICS_SYSTEM = 168, /* u16 */
};

struct table {
    const unsigned char *data;
    size_t length;
};

/* Fields that a chip does not fill hold all ones. */
static int64_t table_u16(const struct table *table, size_t offset)
{
    if (offset + 2 > table->length)
        return -1;
    int64_t number = table->data[offset] | table->data[offset + 1] << 8;
    return number == UINT16_MAX ? -1 : number;
}

static int64_t table_u32(const struct table *table, size_t offset)
{
    if (offset + 4 > table->length)
        return -1;
    const unsigned char *at = table->data + offset;
    uint32_t number = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    return number == UINT32_MAX ? -1 : (int64_t)number;
}

bool gpu_metrics_read(const struct sysfs *fs, const char *device_folder, struct gpu_metrics *out)
{
    struct table table = { 0 };
    const char *path = arena_printf(fs->arena, "%s/gpu_metrics", device_folder);
    const char *data = sysfs_data(fs, path, SYSFS_FILE_MAX, &table.length);

    if (data == NULL || table.length < 4)
        return false;
    table.data = (const unsigned char *)data;
    int64_t size = table_u16(&table, 0);
    if (size < 4 || (size_t)size > table.length || table.data[2] == 0 || table.data[2] > 9)
        return false;
    table.length = (size_t)size;
    bool has_power = table.data[2] == 3 && table.data[3] == 0;
    *out = (struct gpu_metrics){
        .format = table.data[2],
        .content = table.data[3],
        .socket_mw = has_power ? table_u32(&table, METRICS_SOCKET) : -1,
        .apu_mw = has_power ? table_u32(&table, METRICS_APU) : -1,
        .gfx_mw = has_power ? table_u32(&table, METRICS_GFX) : -1,
        .cores_mw = has_power ? table_u32(&table, METRICS_CORES) : -1,
        .npu_mw = has_power ? table_u16(&table, METRICS_NPU) : -1,
        .system_mw = has_power ? table_u16(&table, METRICS_SYSTEM) : -1,
    };
    return true;
}
