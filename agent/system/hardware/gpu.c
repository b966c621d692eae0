/* SPDX-License-Identifier: Apache-2.0 */
/* The list of GPUs, and what amdgpu says of one in sysfs. */
#include "agent/system/hardware/gpu.h"

#include <string.h>

#include "agent/system/hardware/gpu_kind.h"
#include "common/base/text.h"

/* Class 12 is also what Intel gives its NPUs: only AMD's and NVIDIA's are GPUs without a picture. */
static bool is_gpu(const struct pci_device *device)
{
    uint32_t base = device->class_code >> 16;

    return base == 0x03 ||
           (base == 0x12 && (device->vendor == PCI_VENDOR_AMD_GPU || device->vendor == PCI_VENDOR_NVIDIA));
}

static const char *first_or_null(const char *const *names)
{
    return names[0];
}

static struct gpu gpu_of(const struct sysfs *fs, const struct pci_device *device)
{
    const char *drm = arena_printf(fs->arena, "%s/drm", device->folder);
    const char *status = sysfs_text(fs, device->folder, "power/runtime_status");
    struct gpu gpu = { .pci = *device,
                       .card = first_or_null(sysfs_numbered(fs, drm, "card")),
                       .render_node = first_or_null(sysfs_numbered(fs, drm, DRM_RENDER_PREFIX)),
                       .is_suspended = text_equal(status, "suspended") || text_equal(status, "suspending") };

    gpu_kind_decide(fs, &gpu);
    return gpu;
}

struct gpu *gpu_list_of(const struct sysfs *fs, const struct pci_device *devices, size_t count, size_t *count_out)
{
    struct gpu *gpus = arena_new_array(fs->arena, struct gpu, count + 1);
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (is_gpu(&devices[i]))
            gpus[kept++] = gpu_of(fs, &devices[i]);
    *count_out = kept;
    return gpus;
}

struct gpu *gpu_list(const struct sysfs *fs, size_t *count_out)
{
    size_t count = 0;
    const struct pci_device *devices = pci_accelerators(fs, &count);

    return gpu_list_of(fs, devices, count, count_out);
}

const struct gpu *gpu_find_integrated(const struct gpu *gpus, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (gpus[i].kind == GPU_INTEGRATED)
            return &gpus[i];
    return NULL;
}

static int64_t memory_file(const struct sysfs *fs, const struct gpu *gpu, const char *file)
{
    int64_t number;

    return sysfs_number(fs, gpu->pci.folder, file, &number) && number >= 0 ? number : -1;
}

void gpu_memory_read(const struct sysfs *fs, const struct gpu *gpu, struct gpu_memory *out)
{
    out->vram_total_bytes = memory_file(fs, gpu, "mem_info_vram_total");
    out->vram_used_bytes = memory_file(fs, gpu, "mem_info_vram_used");
    out->vram_visible_total_bytes = memory_file(fs, gpu, "mem_info_vis_vram_total");
    out->vram_visible_used_bytes = memory_file(fs, gpu, "mem_info_vis_vram_used");
    out->gtt_total_bytes = memory_file(fs, gpu, "mem_info_gtt_total");
    out->gtt_used_bytes = memory_file(fs, gpu, "mem_info_gtt_used");
}

/* --- the map --- */

static const char *vendor_name(uint32_t vendor)
{
    static const struct {
        uint32_t vendor;
        const char *name;
    } vendors[] = { { PCI_VENDOR_AMD_GPU, "AMD" }, { PCI_VENDOR_NVIDIA, "NVIDIA" },
                    { PCI_VENDOR_INTEL, "Intel" }, { 0x1a03, "ASPEED" },
                    { 0x102b, "Matrox" },          { 0x1af4, "Red Hat" },
                    { 0x1b36, "Red Hat" },         { 0x1234, "QEMU" },
                    { 0x15ad, "VMware" },          { 0x1414, "Microsoft" },
                    { 0x80ee, "VirtualBox" },      { 0x19e5, "Huawei" } };

    for (size_t i = 0; i < sizeof vendors / sizeof vendors[0]; i++)
        if (vendors[i].vendor == vendor)
            return vendors[i].name;
    return NULL;
}

static void put_bytes(const struct sysfs *fs, struct value *map, const char *key, int64_t bytes)
{
    if (bytes >= 0)
        value_map_put_int(fs->arena, map, key, bytes);
}

static void put_memory(const struct sysfs *fs, struct value *map, const struct gpu *gpu)
{
    struct gpu_memory memory;

    gpu_memory_read(fs, gpu, &memory);
    put_bytes(fs, map, "vram_total_bytes", memory.vram_total_bytes);
    put_bytes(fs, map, "vram_used_bytes", memory.vram_used_bytes);
    put_bytes(fs, map, "vram_visible_total_bytes", memory.vram_visible_total_bytes);
    put_bytes(fs, map, "vram_visible_used_bytes", memory.vram_visible_used_bytes);
    put_bytes(fs, map, "gtt_total_bytes", memory.gtt_total_bytes);
    put_bytes(fs, map, "gtt_used_bytes", memory.gtt_used_bytes);
}

static void put_percent(const struct sysfs *fs, struct value *map, const char *key, const struct gpu *gpu,
                        const char *file)
{
    int64_t number;

    if (sysfs_number(fs, gpu->pci.folder, file, &number) && number >= 0 && number <= 100)
        value_map_put_int(fs->arena, map, key, number);
}

static void put_milliwatts(const struct sysfs *fs, struct value *map, const char *key, int64_t milliwatts)
{
    if (milliwatts >= 0)
        sysfs_put_real(fs, map, key, (double)milliwatts / 1000);
}

static void put_metrics(const struct sysfs *fs, struct value *map, const struct gpu *gpu)
{
    const struct gpu_metrics *read = &gpu->metrics;
    struct value *metrics = value_map(fs->arena);

    if (read->format == 0)
        return;
    sysfs_put(fs, metrics, "format", arena_printf(fs->arena, "%d.%d", read->format, read->content));
    put_milliwatts(fs, metrics, "socket_watts", read->socket_mw);
    put_milliwatts(fs, metrics, "apu_watts", read->apu_mw);
    put_milliwatts(fs, metrics, "gfx_watts", read->gfx_mw);
    put_milliwatts(fs, metrics, "cores_watts", read->cores_mw);
    put_milliwatts(fs, metrics, "npu_watts", read->npu_mw);
    put_milliwatts(fs, metrics, "system_watts", read->system_mw);
    value_map_put(fs->arena, map, "metrics", metrics);
}

/* product_name is a card's own memory; it is empty on APUs. */
static void put_name(const struct sysfs *fs, struct value *map, const struct gpu *gpu)
{
    const char *name = NULL;

    if (gpu->pci.vendor == PCI_VENDOR_AMD_GPU)
        name = sysfs_text(fs, gpu->pci.folder, "product_name");
    else if (gpu->pci.vendor == PCI_VENDOR_NVIDIA)
        name = gpu_nvidia_model(fs, gpu->pci.slot);
    sysfs_put(fs, map, "name", name != NULL ? name : pci_name(fs, gpu->pci.vendor, gpu->pci.device));
}

static void put_readings(const struct sysfs *fs, struct value *map, const struct gpu *gpu)
{
    put_percent(fs, map, "busy_percent", gpu, "gpu_busy_percent");
    put_percent(fs, map, "memory_busy_percent", gpu, "mem_busy_percent");
    put_metrics(fs, map, gpu);
    pci_put_link(fs, map, gpu->pci.folder);
}

struct value *gpu_value(const struct sysfs *fs, const struct gpu *gpu)
{
    static const char *const kinds[] = { "display", "integrated", "discrete" };
    struct value *map = value_map(fs->arena);

    sysfs_put(fs, map, "slot", gpu->pci.slot);
    sysfs_put(fs, map, "kind", kinds[gpu->kind]);
    sysfs_put(fs, map, "vendor", vendor_name(gpu->pci.vendor));
    pci_put_ids(fs, map, gpu->pci.folder);
    put_name(fs, map, gpu);
    sysfs_put(fs, map, "driver", gpu->pci.driver);
    sysfs_put(fs, map, "card", gpu->card);
    sysfs_put(fs, map, "render_node", gpu->render_node);
    value_map_put_bool(fs->arena, map, "is_suspended", gpu->is_suspended);
    value_map_put_bool(fs->arena, map, "is_unified", gpu->kind == GPU_INTEGRATED);
    sysfs_put(fs, map, "unified_why", gpu->kind_why);
    if (gpu->pci.vendor == PCI_VENDOR_NVIDIA)
        gpu_put_nvidia(fs, map, gpu);
    put_memory(fs, map, gpu);
    if (!gpu->is_suspended)
        put_readings(fs, map, gpu);
    sysfs_put_text(fs, map, "vbios", gpu->pci.folder, "vbios_version");
    gpu_put_firmware(fs, map, gpu);
    return map;
}
