/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integrated or a card? There is no one file that says it. For AMD the evidence is asked in the order of its
 * strength; sources: amdgpu's sysfs documentation and kgd_pp_interface.h of the kernel.
 */
#include "agent/system/hardware/gpu_kind.h"

#include <string.h>

struct chip {
    uint32_t device;
    const char *name;
};

/* PCI ids of APUs, as pci.ids has them. Only asked when the driver's files do not tell. */
static const struct chip amd_apus[] = {
    { 0x1586, "Strix Halo" },    { 0x150e, "Strix Point" }, { 0x1114, "Krackan" },    { 0x15bf, "Phoenix" },
    { 0x15c8, "Phoenix 2" },     { 0x1900, "Hawk Point" },  { 0x1901, "Hawk Point" }, { 0x164e, "Raphael" },
    { 0x13c0, "Granite Ridge" }, { 0x1681, "Rembrandt" },   { 0x1638, "Cezanne" },    { 0x1636, "Renoir" },
    { 0x164c, "Lucienne" },      { 0x163f, "Van Gogh" },    { 0x15d8, "Picasso" },    { 0x15dd, "Raven Ridge" },
};

/* NVIDIA's chips without memory of their own, by PCI id and by the word in the model's name. */
static const struct chip nvidia_unified[] = { { 0x2e12, "GB10" }, { 0, "Thor" }, { 0, "Orin" }, { 0, "Xavier" } };

static bool kind_set(struct gpu *gpu, enum gpu_kind kind, const char *why)
{
    gpu->kind = kind;
    gpu->kind_why = why;
    return true;
}

static bool amd_by_metrics(const struct sysfs *fs, struct gpu *gpu)
{
    struct gpu_metrics metrics;

    if (gpu->is_suspended || !gpu_metrics_read(fs, gpu->pci.folder, &metrics) || metrics.format > 3)
        return false;
    gpu->metrics = metrics;
    return kind_set(gpu, metrics.format == 1 ? GPU_DISCRETE : GPU_INTEGRATED,
                    arena_printf(fs->arena, "gpu_metrics %d.%d is a table of %s", metrics.format, metrics.content,
                                 metrics.format == 1 ? "cards" : "APUs"));
}

/* Older kernels have mem_info_vram_vendor for APUs too, but it says "unknown". */
static bool amd_by_card_files(const struct sysfs *fs, struct gpu *gpu)
{
    const char *vendor;

    if (sysfs_exists(fs, gpu->pci.folder, "board_info"))
        return kind_set(gpu, GPU_DISCRETE, "only cards have board_info");
    vendor = sysfs_text(fs, gpu->pci.folder, "mem_info_vram_vendor");
    if (vendor != NULL && strcmp(vendor, "unknown") != 0)
        return kind_set(gpu, GPU_DISCRETE, "only cards have mem_info_vram_vendor");
    return false;
}

static bool amd_by_id(const struct sysfs *fs, struct gpu *gpu)
{
    for (size_t i = 0; i < sizeof amd_apus / sizeof amd_apus[0]; i++)
        if (amd_apus[i].device == gpu->pci.device)
            return kind_set(gpu, GPU_INTEGRATED,
                            arena_printf(fs->arena, "device %04x is an APU, %s", gpu->pci.device, amd_apus[i].name));
    return false;
}

static bool amd_decide(const struct sysfs *fs, struct gpu *gpu)
{
    if (amd_by_metrics(fs, gpu) || amd_by_card_files(fs, gpu) || amd_by_id(fs, gpu))
        return true;
    if (sysfs_exists(fs, gpu->pci.folder, "mem_info_gtt_total"))
        return kind_set(gpu, GPU_INTEGRATED, "it has neither board_info nor mem_info_vram_vendor");
    return kind_set(gpu, GPU_DISCRETE, "its driver says nothing, and it is not a known APU");
}

static bool nvidia_decide(const struct sysfs *fs, struct gpu *gpu)
{
    const char *model = gpu_nvidia_model(fs, gpu->pci.slot);

    for (size_t i = 0; i < sizeof nvidia_unified / sizeof nvidia_unified[0]; i++) {
        const struct chip *chip = &nvidia_unified[i];
        bool is_named = model != NULL && strstr(model, chip->name) != NULL;
        if (is_named || (chip->device != 0 && chip->device == gpu->pci.device))
            return kind_set(gpu, GPU_INTEGRATED, arena_printf(fs->arena, "%s has no memory of its own", chip->name));
    }
    return kind_set(gpu, GPU_DISCRETE, "it is none of NVIDIA's chips without memory of their own");
}

void gpu_kind_decide(const struct sysfs *fs, struct gpu *gpu)
{
    if (gpu->pci.vendor == PCI_VENDOR_AMD_GPU)
        (void)amd_decide(fs, gpu);
    else if (gpu->pci.vendor == PCI_VENDOR_NVIDIA)
        (void)nvidia_decide(fs, gpu);
    else if (gpu->pci.vendor != PCI_VENDOR_INTEL)
        (void)kind_set(gpu, GPU_DISPLAY, NULL);
    else if (strcmp(gpu->pci.slot, "0000:00:02.0") == 0)
        (void)kind_set(gpu, GPU_INTEGRATED, "Intel's graphics at 0000:00:02.0 are part of the processor");
    else
        (void)kind_set(gpu, GPU_DISCRETE, "Intel's graphics elsewhere than at 0000:00:02.0 are a card");
}
