/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The facts of an AI box, all below the one key `roost`: Ansible's own keys stay as they are. Puts together what the
 * readers in agent/system find; docs/facts.md is the shape, and others build on it. No program is run.
 */
#include "agent/facts/roost_parts.h"
#include "agent/facts/fact_support.h"
#include "agent/system/hardware/device_node.h"
#include "agent/system/unit/engine_unit.h"
#include "agent/system/hardware/host_memory.h"
#include "agent/system/hardware/hwmon.h"
#include "agent/system/hardware/kfd.h"
#include "agent/system/hardware/nic.h"
#include "agent/system/hardware/npu.h"
#include "agent/system/boot/parameter_state.h"
#include "agent/system/hardware/rapl.h"
#include "agent/system/hardware/thunderbolt.h"

/* The KFD node of the same render node tells the target that ROCm compiles for. */
static struct value *gpu_with_node(const struct sysfs *fs, const struct gpu *gpu, const struct value *nodes)
{
    struct value *map = gpu_value(fs, gpu);
    const struct value *node = kfd_node_of(nodes, gpu->render_node);

    if (node != NULL) {
        value_map_put(fs->arena, map, "kfd_node", value_map_get(node, "node"));
        sysfs_put(fs, map, "gfx_target", value_map_text(node, "gfx_target"));
    }
    return map;
}

static void put_compute(const struct sysfs *fs, struct value *roost)
{
    size_t device_count = 0, gpu_count = 0;
    const struct pci_device *devices = pci_accelerators(fs, &device_count);
    const struct gpu *gpus = gpu_list_of(fs, devices, device_count, &gpu_count);
    struct value *list = value_list(fs->arena), *nodes = kfd_nodes(fs);

    for (size_t i = 0; i < gpu_count; i++)
        value_list_add(fs->arena, list, gpu_with_node(fs, &gpus[i], nodes));
    value_map_put(fs->arena, roost, "memory", host_memory_value(fs, gpus, gpu_count));
    value_map_put(fs->arena, roost, "gpus", list);
    value_map_put(fs->arena, roost, "kfd_nodes", nodes);
    value_map_put(fs->arena, roost, "npus", npu_list(fs, devices, device_count));
}

static void put_kernel_setup(const struct sysfs *fs, struct value *roost)
{
    struct module_options options;

    module_options_read(fs, &options);
    value_map_put(fs->arena, roost, "parameters", parameter_states(fs, &options));
    value_map_put(fs->arena, roost, "modules", module_states(fs, &options));
    value_map_put(fs->arena, roost, "iommu", roost_iommu(fs));
    value_map_put(fs->arena, roost, "tuned", roost_tuned(fs));
}

static void put_sensors(const struct sysfs *fs, struct value *roost)
{
    struct value *power = value_map(fs->arena);
    struct hwmon_sensors sensors;

    hwmon_read(fs, &sensors);
    value_map_put(fs->arena, power, "sensors", sensors.power);
    value_map_put(fs->arena, power, "rapl", rapl_zones(fs));
    value_map_put(fs->arena, roost, "power", power);
    value_map_put(fs->arena, roost, "temperatures", sensors.temperatures);
    value_map_put(fs->arena, roost, "fans", sensors.fans);
}

static bool roost_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    static const char *const groups[] = { "render", "video", NULL };
    struct sysfs fs = { .system = system, .arena = arena };
    struct value *roost = value_map(arena);

    (void)err;
    value_map_put(arena, roost, "machine", roost_machine(&fs));
    value_map_put(arena, roost, "kernel", roost_kernel(&fs));
    value_map_put(arena, roost, "cpu", roost_cpu(&fs));
    put_compute(&fs, roost);
    put_kernel_setup(&fs, roost);
    roost_put_packages(&fs, roost);
    put_sensors(&fs, roost);
    value_map_put(arena, roost, "thunderbolt", thunderbolt_value(&fs));
    value_map_put(arena, roost, "nics", nic_list(&fs));
    value_map_put(arena, roost, "device_nodes", device_nodes(&fs));
    value_map_put(arena, roost, "groups", device_groups(&fs, groups));
    value_map_put(arena, roost, "udev_rules", device_rules(&fs));
    value_map_put(arena, roost, "engine_units", engine_units(&fs));
    value_map_put(arena, facts, "roost", roost);
    return true;
}

FACT_GROUP_DEFINE(roost) = { .name = "roost", .collect = roost_collect };
