/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What NVIDIA's driver says in /proc/driver/nvidia: "Model:", "GPU UUID:", "Video BIOS:", "GPU Firmware:". Neither
 * memory nor load is in any file; only the driver's own library tells those, and it is not used.
 */
#include <string.h>
#include <strings.h>

#include "agent/system/hardware/gpu.h"
#include "common/base/text.h"

#define NVIDIA_FOLDER "/proc/driver/nvidia"

/* The folder's name may be written in capitals: 000F:01:00.0. */
static const char *information_text(const struct sysfs *fs, const char *slot)
{
    const char *const *names = sysfs_names(fs, NVIDIA_FOLDER "/gpus");

    while (*names != NULL && strcasecmp(*names, slot) != 0)
        names++;
    if (*names == NULL)
        return NULL;
    return sysfs_text(fs, arena_printf(fs->arena, NVIDIA_FOLDER "/gpus/%s", *names), "information");
}

/* The driver writes question marks for what it will know only once the GPU was in use. */
static const char *information_field(const struct sysfs *fs, const char *text, const char *field)
{
    const char *cursor = text, *end = text + strlen(text), *line;
    size_t length, field_length = strlen(field);

    while (text_line(&cursor, end, &line, &length)) {
        if (length <= field_length || line[field_length] != ':' || strncmp(line, field, field_length) != 0)
            continue;
        const char *value = text_trim(fs->arena, line + field_length + 1, length - field_length - 1);
        return value[0] == '\0' || strchr(value, '?') != NULL ? NULL : value;
    }
    return NULL;
}

const char *gpu_nvidia_model(const struct sysfs *fs, const char *slot)
{
    const char *text = information_text(fs, slot);

    return text != NULL ? information_field(fs, text, "Model") : NULL;
}

/* "NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  580.95.05  Release Build ...": the first word that is
 * a number with a dot. */
static const char *driver_version(const struct sysfs *fs)
{
    const char *text = sysfs_text(fs, NVIDIA_FOLDER, "version");
    const char *at = text != NULL && text_starts(text, "NVRM version:") ? text : "";

    for (at += strcspn(at, " \n"); *at != '\0' && *at != '\n';) {
        at += strspn(at, " ");
        size_t length = strcspn(at, " \n"), digits = strspn(at, "0123456789");
        if (digits > 0 && at[digits] == '.' && strspn(at, "0123456789.") == length)
            return arena_copy_n(fs->arena, at, length);
        at += length;
    }
    return NULL;
}

void gpu_put_nvidia(const struct sysfs *fs, struct value *map, const struct gpu *gpu)
{
    const char *text = information_text(fs, gpu->pci.slot);

    if (text == NULL)
        return;
    sysfs_put(fs, map, "driver_version", driver_version(fs));
    sysfs_put(fs, map, "gpu_firmware", information_field(fs, text, "GPU Firmware"));
    sysfs_put(fs, map, "uuid", information_field(fs, text, "GPU UUID"));
    sysfs_put(fs, map, "vbios", information_field(fs, text, "Video BIOS"));
}
