/* SPDX-License-Identifier: Apache-2.0 */
/* GPU memory limits as /proc and /sys show them. */
#include "agent/system/kernel/kernel_memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/system/hardware/host_memory.h"

static int64_t number_or_none(const struct sysfs *fs, const char *folder, const char *file)
{
    int64_t number;

    return sysfs_number(fs, folder, file, &number) ? number : -1;
}

/* The line "btime 1763000000" of /proc/stat; 0: not there. */
static int64_t boot_time(const struct sysfs *fs)
{
    const char *text = sysfs_document(fs, "/proc/stat", SYSFS_TEXT_MAX);

    for (const char *at = text != NULL ? strstr(text, "btime ") : NULL; at != NULL; at = strstr(at + 1, "btime "))
        if (at == text || at[-1] == '\n')
            return strtoll(at + strlen("btime "), NULL, 10);
    return 0;
}

static int64_t gtt_largest(const struct sysfs *fs)
{
    int64_t largest = -1;

    for (const char *const *card = sysfs_numbered(fs, "/sys/class/drm", "card"); *card != NULL; card++) {
        const char *folder = arena_printf(fs->arena, "/sys/class/drm/%s/device", *card);
        int64_t size = number_or_none(fs, folder, "mem_info_gtt_total");

        largest = size > largest ? size : largest;
    }
    return largest;
}

static bool ttm_is_builtin(const struct sysfs *fs, const char *release)
{
    const char *list =
        sysfs_document(fs, arena_printf(fs->arena, "/lib/modules/%s/modules.builtin", release), SYSFS_TEXT_MAX);

    return list != NULL && strstr(list, "/ttm.ko") != NULL;
}

void kernel_memory_read(const struct system *system, struct arena *arena, struct kernel_memory *out)
{
    const struct sysfs fs = { system, arena };
    struct host_memory host;
    const char *release = sysfs_text(&fs, "/proc/sys/kernel", "osrelease");

    host_memory_read(&fs, &host);
    out->total_bytes = host.total_bytes > 0 ? host.total_bytes : 0;
    out->boot_time_s = boot_time(&fs);
    out->pages_limit = number_or_none(&fs, "/sys/module/ttm/parameters", "pages_limit");
    out->page_pool_size = number_or_none(&fs, "/sys/module/ttm/parameters", "page_pool_size");
    out->gttsize_mib = number_or_none(&fs, "/sys/module/amdgpu/parameters", "gttsize");
    out->gtt_total_bytes = gtt_largest(&fs);
    out->has_ttm = sysfs_exists(&fs, "/sys/module", "ttm");
    out->has_dkms = sysfs_exists(&fs, "/sys/module", "amdttm");
    out->release = release != NULL ? release : "";
    out->is_ttm_builtin = release != NULL && ttm_is_builtin(&fs, release);
}

bool kernel_release_at_least(const char *release, int64_t major, int64_t minor)
{
    char *end = NULL;
    int64_t has_major = strtoll(release, &end, 10);
    int64_t has_minor = *end == '.' ? strtoll(end + 1, NULL, 10) : 0;

    return release[0] == '\0' || has_major > major || (has_major == major && has_minor >= minor);
}

int64_t kernel_file_time(const struct system *system, struct arena *arena, const char *path)
{
    struct stat info;

    return stat(system_path(system, arena, path), &info) == 0 ? (int64_t)info.st_mtim.tv_sec : 0;
}
