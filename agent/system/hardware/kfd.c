/* SPDX-License-Identifier: Apache-2.0 */
/* KFD's nodes: lines of "name number" become facts with units in their names. */
#include "agent/system/hardware/kfd.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/system/hardware/pci.h"
#include "common/base/text.h"

#define KFD_FOLDER "/sys/class/kfd/kfd/topology/nodes"

struct kfd_property {
    const char *property, *fact;
    int64_t factor;
};

/* Numbers that are there for processors and GPUs alike. */
static const struct kfd_property common_properties[] = { { "cpu_cores_count", "cpu_cores_count", 1 },
                                                         { "simd_count", "simd_count", 1 } };

static const struct kfd_property gpu_properties[] = {
    { "simd_per_cu", "simd_per_cu", 1 },          { "gfx_target_version", "gfx_target_version", 1 },
    { "cwsr_size", "cwsr_size_bytes", 1 },        { "ctl_stack_size", "ctl_stack_size_bytes", 1 },
    { "lds_size_in_kb", "lds_size_bytes", 1024 }, { "max_engine_clk_fcompute", "max_clock_mhz", 1 },
    { "fw_version", "mec_firmware", 1 },          { "sdma_fw_version", "sdma_firmware", 1 },
};

/* The number of a property; false when the text has no such line. */
static bool property_find(struct arena *arena, const char *text, const char *name, int64_t *out)
{
    const char *cursor = text, *end = text + strlen(text), *line;
    size_t length, name_length = strlen(name);

    while (text_line(&cursor, end, &line, &length)) {
        if (length <= name_length + 1 || line[name_length] != ' ' || strncmp(line, name, name_length) != 0)
            continue;
        const char *number = text_trim(arena, line + name_length + 1, length - name_length - 1);
        return text_to_int(number, out) && *out >= 0;
    }
    return false;
}

static int64_t property_or(struct arena *arena, const char *text, const char *name, int64_t fallback)
{
    int64_t number;

    return property_find(arena, text, name, &number) ? number : fallback;
}

static void put_properties(const struct sysfs *fs, struct value *map, const char *text,
                           const struct kfd_property *properties, size_t count)
{
    int64_t number;

    for (size_t i = 0; i < count; i++)
        if (property_find(fs->arena, text, properties[i].property, &number) &&
            number <= INT64_MAX / properties[i].factor)
            value_map_put_int(fs->arena, map, properties[i].fact, number * properties[i].factor);
}

const char *kfd_gfx_target(struct arena *arena, int64_t version)
{
    if (version <= 0 || version > 999999)
        return NULL;
    return arena_printf(arena, "gfx%" PRId64 "%" PRIx64 "%" PRIx64, version / 10000, (uint64_t)(version / 100 % 100),
                        (uint64_t)(version % 100));
}

static void put_memory(const struct sysfs *fs, struct value *map, const char *folder)
{
    const char *banks = arena_printf(fs->arena, "%s/mem_banks", folder);
    int64_t sum = 0, bytes;
    bool is_known = false;

    for (const char *const *bank = sysfs_numbered(fs, banks, ""); *bank != NULL; bank++) {
        const char *text = sysfs_text(fs, arena_printf(fs->arena, "%s/%s", banks, *bank), "properties");
        if (text == NULL || !property_find(fs->arena, text, "size_in_bytes", &bytes) || bytes > INT64_MAX - sum)
            continue;
        sum += bytes;
        is_known = true;
    }
    if (is_known)
        value_map_put_int(fs->arena, map, "memory_bytes", sum);
}

/* location_id is the bus in the high byte, device and function in the low one. */
static void put_place(const struct sysfs *fs, struct value *map, const char *text)
{
    int64_t location = property_or(fs->arena, text, "location_id", -1);
    int64_t domain = property_or(fs->arena, text, "domain", 0);
    int64_t minor = property_or(fs->arena, text, "drm_render_minor", -1);

    if (location >= 0 && location <= UINT16_MAX && domain <= UINT32_MAX)
        sysfs_put(fs, map, "slot",
                  arena_printf(fs->arena, "%04" PRIx64 ":%02" PRIx64 ":%02" PRIx64 ".%" PRIx64, (uint64_t)domain,
                               (uint64_t)(location >> 8), (uint64_t)(location >> 3 & 0x1f), (uint64_t)(location & 7)));
    if (minor > 0)
        sysfs_put(fs, map, "render_node", arena_printf(fs->arena, DRM_RENDER_PREFIX "%" PRId64, minor));
}

static void put_gpu(const struct sysfs *fs, struct value *map, const char *folder, const char *text)
{
    int64_t simds = property_or(fs->arena, text, "simd_count", 0),
            per_cu = property_or(fs->arena, text, "simd_per_cu", 0);
    int64_t vendor = property_or(fs->arena, text, "vendor_id", -1),
            device = property_or(fs->arena, text, "device_id", -1);

    put_properties(fs, map, text, gpu_properties, sizeof gpu_properties / sizeof gpu_properties[0]);
    if (per_cu > 0)
        value_map_put_int(fs->arena, map, "compute_units", simds / per_cu);
    sysfs_put(fs, map, "gfx_target", kfd_gfx_target(fs->arena, property_or(fs->arena, text, "gfx_target_version", 0)));
    sysfs_put_count(fs, map, "gpu_id", folder, "gpu_id");
    if (vendor > 0 && vendor <= UINT16_MAX)
        sysfs_put(fs, map, "vendor_id", arena_printf(fs->arena, "%04" PRIx64, (uint64_t)vendor));
    if (device > 0 && device <= UINT16_MAX)
        sysfs_put(fs, map, "device_id", arena_printf(fs->arena, "%04" PRIx64, (uint64_t)device));
    put_place(fs, map, text);
}

/* A GPU is a node with SIMD units; APUs before 2020 are one node with the processor. */
static struct value *node_value(const struct sysfs *fs, const char *name)
{
    const char *folder = arena_printf(fs->arena, KFD_FOLDER "/%s", name);
    const char *text = sysfs_text(fs, folder, "properties");
    struct value *map = value_map(fs->arena);

    text = text != NULL ? text : "";
    bool is_gpu = property_or(fs->arena, text, "simd_count", 0) > 0;
    value_map_put_int(fs->arena, map, "node", strtoll(name, NULL, 10));
    value_map_put_bool(fs->arena, map, "is_gpu", is_gpu);
    put_properties(fs, map, text, common_properties, sizeof common_properties / sizeof common_properties[0]);
    if (is_gpu)
        put_gpu(fs, map, folder, text);
    put_memory(fs, map, folder);
    return map;
}

struct value *kfd_nodes(const struct sysfs *fs)
{
    struct value *nodes = value_list(fs->arena);

    for (const char *const *name = sysfs_numbered(fs, KFD_FOLDER, ""); *name != NULL; name++)
        value_list_add(fs->arena, nodes, node_value(fs, *name));
    return nodes;
}

const struct value *kfd_node_of(const struct value *nodes, const char *render_node)
{
    for (size_t i = 0; i < value_count(nodes); i++)
        if (render_node != NULL && text_equal(value_map_text(value_item(nodes, i), "render_node"), render_node))
            return value_item(nodes, i);
    return NULL;
}
