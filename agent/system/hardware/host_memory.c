/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of the host and of a GPU that works in it. */
#include "agent/system/hardware/host_memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/system/hardware/dmi_memory.h"
#include "common/base/text.h"

int64_t host_memory_line(struct arena *arena, const char *text, const char *key)
{
    const char *cursor = text, *end = text + strlen(text), *line;
    size_t length, key_length = strlen(key);
    int64_t kilobytes;

    while (text_line(&cursor, end, &line, &length)) {
        if (length <= key_length || line[key_length] != ':' || strncmp(line, key, key_length) != 0)
            continue;
        char *number = text_trim(arena, line + key_length + 1, length - key_length - 1);
        if (!text_ends(number, " kB"))
            return -1;
        number[strlen(number) - 3] = '\0';
        return text_to_int(number, &kilobytes) && kilobytes >= 0 && kilobytes <= INT64_MAX / 1024 ? kilobytes * 1024
                                                                                                  : -1;
    }
    return -1;
}

void host_memory_read(const struct sysfs *fs, struct host_memory *out)
{
    const char *text = sysfs_text(fs, "/proc", "meminfo");

    text = text != NULL ? text : "";
    *out = (struct host_memory){ .total_bytes = host_memory_line(fs->arena, text, "MemTotal"),
                                 .available_bytes = host_memory_line(fs->arena, text, "MemAvailable"),
                                 .swap_total_bytes = host_memory_line(fs->arena, text, "SwapTotal") };
}

static int64_t ttm_number(const struct sysfs *fs, const char *file)
{
    static const char *const folders[] = { "/sys/module/amdttm/parameters", "/sys/module/ttm/parameters" };
    int64_t number;

    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        if (sysfs_number(fs, folders[i], file, &number) && number >= 0)
            return number;
    return -1;
}

void ttm_limits_read(const struct sysfs *fs, struct ttm_limits *out)
{
    *out = (struct ttm_limits){ .pages_limit = ttm_number(fs, "pages_limit"),
                                .page_pool_size = ttm_number(fs, "page_pool_size") };
}

static void put_known(const struct sysfs *fs, struct value *map, const char *key, int64_t number)
{
    if (number >= 0)
        value_map_put_int(fs->arena, map, key, number);
}

static void put_pages(const struct sysfs *fs, struct value *map, const char *key, int64_t pages)
{
    put_known(fs, map, key, pages);
    if (pages <= INT64_MAX / TTM_PAGE_BYTES)
        put_known(fs, map, arena_printf(fs->arena, "%s_bytes", key), pages < 0 ? -1 : pages * TTM_PAGE_BYTES);
}

static void put_gpu(const struct sysfs *fs, struct value *map, const struct gpu *gpu)
{
    struct gpu_memory memory;

    value_map_put_bool(fs->arena, map, "is_unified", gpu != NULL);
    if (gpu == NULL)
        return;
    sysfs_put(fs, map, "unified_why", arena_printf(fs->arena, "%s: %s", gpu->pci.slot, gpu->kind_why));
    gpu_memory_read(fs, gpu, &memory);
    put_known(fs, map, "carve_out_bytes", memory.vram_total_bytes);
    put_known(fs, map, "gtt_total_bytes", memory.gtt_total_bytes);
}

struct value *host_memory_value(const struct sysfs *fs, const struct gpu *gpus, size_t count)
{
    struct value *map = value_map(fs->arena);
    struct host_memory memory;
    struct ttm_limits limits;
    int64_t installed;

    host_memory_read(fs, &memory);
    put_known(fs, map, "total_bytes", memory.total_bytes);
    put_known(fs, map, "available_bytes", memory.available_bytes);
    put_known(fs, map, "swap_total_bytes", memory.swap_total_bytes);
    put_known(fs, map, "installed_bytes", dmi_memory_installed(fs, &installed) ? installed : -1);
    put_gpu(fs, map, gpu_find_integrated(gpus, count));
    ttm_limits_read(fs, &limits);
    put_pages(fs, map, "pages_limit", limits.pages_limit);
    put_pages(fs, map, "page_pool_size", limits.page_pool_size);
    return map;
}
