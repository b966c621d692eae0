/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firmware versions of an AMD GPU: fw_version/NAME_fw_version in sysfs. Kernels before 6.6 do not tell the scheduler's
 * (MES) there, which decides whether ROCm works: it is taken from debugfs then, which only root may read.
 */
#include <string.h>

#include "agent/system/hardware/gpu.h"
#include "common/base/text.h"

#define DEBUG_FOLDER "/sys/kernel/debug/dri"

/* A firmware that the chip does not have is 0x00000000. */
static void versions_read(const struct sysfs *fs, struct value *versions, const char *device_folder)
{
    static const char suffix[] = "_fw_version";
    const char *folder = arena_printf(fs->arena, "%s/fw_version", device_folder);

    for (const char *const *name = sysfs_names(fs, folder); *name != NULL; name++) {
        const char *version = text_ends(*name, suffix) ? sysfs_text(fs, folder, *name) : NULL;
        int64_t number;
        if (version != NULL && sysfs_number(fs, folder, *name, &number) && number != 0)
            sysfs_put(fs, versions, arena_copy_n(fs->arena, *name, strlen(*name) - strlen(suffix)), version);
    }
}

/* "MES feature version: 1, firmware version: 0x00000083" */
static void put_debug_line(const struct sysfs *fs, struct value *versions, const char *text, const char *name)
{
    static const char wanted[] = "firmware version: ";
    const char *at = strstr(text, arena_printf(fs->arena, "\n%s feature version:", name));
    const char *line = at != NULL ? arena_copy_n(fs->arena, at + 1, strcspn(at + 1, "\n")) : "";
    const char *version = strstr(line, wanted);
    size_t length = version != NULL ? strspn(version + strlen(wanted), "0123456789abcdefx") : 0;

    if (length == 10 && strncmp(version + strlen(wanted), "0x00000000", length) != 0)
        sysfs_put(fs, versions, strcmp(name, "MES") == 0 ? "mes" : "mes_kiq",
                  arena_copy_n(fs->arena, version + strlen(wanted), length));
}

/* The folder is named after the slot, on older kernels after the card's number. */
static void debug_read(const struct sysfs *fs, struct value *versions, const struct gpu *gpu)
{
    const char *folder = arena_printf(fs->arena, DEBUG_FOLDER "/%s", gpu->pci.slot);
    const char *text = sysfs_text(fs, folder, "amdgpu_firmware_info");

    if (text == NULL && gpu->card != NULL)
        text = sysfs_text(fs, arena_printf(fs->arena, DEBUG_FOLDER "/%s", gpu->card + strlen("card")),
                          "amdgpu_firmware_info");
    if (text == NULL)
        return;
    put_debug_line(fs, versions, text, "MES");
    put_debug_line(fs, versions, text, "MES_KIQ");
}

void gpu_put_firmware(const struct sysfs *fs, struct value *map, const struct gpu *gpu)
{
    struct value *versions = value_map(fs->arena);

    if (gpu->pci.vendor != PCI_VENDOR_AMD_GPU)
        return;
    versions_read(fs, versions, gpu->pci.folder);
    if (value_map_get(versions, "mes") == NULL && !gpu->is_suspended)
        debug_read(fs, versions, gpu);
    if (value_count(versions) > 0)
        value_map_put(fs->arena, map, "firmware", versions);
}
