/* SPDX-License-Identifier: Apache-2.0 */
/* GPU memory limits as /proc and /sys show them. */
#include "agent/system/kernel/kernel_memory.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define SMALL_LIMIT (1024 * 1024)

static const char *read_text(const struct system *system, struct arena *arena, const char *path)
{
    struct error ignored = ERROR_INIT;
    char *data = NULL;
    size_t length = 0;

    if (!file_read(arena, system_path(system, arena, path), SMALL_LIMIT, &data, &length, &ignored))
        return "";
    return text_trim(arena, data, length);
}

static int64_t read_number(const struct system *system, struct arena *arena, const char *path)
{
    int64_t number = -1;

    return text_to_int(read_text(system, arena, path), &number) ? number : -1;
}

/* The number behind `key` at the beginning of a line; 0: not there. */
static int64_t keyed_number(const char *text, const char *key)
{
    for (const char *at = strstr(text, key); at != NULL; at = strstr(at + 1, key))
        if (at == text || at[-1] == '\n')
            return strtoll(at + strlen(key), NULL, 10);
    return 0;
}

static int64_t gtt_largest(const struct system *system, struct arena *arena)
{
    const char *pattern = system_path(system, arena, "/sys/class/drm/card*/device/mem_info_gtt_total");
    size_t root = strlen(pattern) - strlen("/sys/class/drm/card*/device/mem_info_gtt_total");
    int64_t largest = -1;
    glob_t found;

    if (glob(pattern, 0, NULL, &found) != 0)
        return -1;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        int64_t size = read_number(system, arena, found.gl_pathv[i] + root);

        largest = size > largest ? size : largest;
    }
    globfree(&found);
    return largest;
}

static bool ttm_is_builtin(const struct system *system, struct arena *arena, const char *release)
{
    const char *list = read_text(system, arena, arena_printf(arena, "/lib/modules/%s/modules.builtin", release));

    return strstr(list, "/ttm.ko") != NULL;
}

void kernel_memory_read(const struct system *system, struct arena *arena, struct kernel_memory *out)
{
    out->total_bytes = keyed_number(read_text(system, arena, "/proc/meminfo"), "MemTotal:") * 1024;
    out->boot_time_s = keyed_number(read_text(system, arena, "/proc/stat"), "btime ");
    out->pages_limit = read_number(system, arena, "/sys/module/ttm/parameters/pages_limit");
    out->page_pool_size = read_number(system, arena, "/sys/module/ttm/parameters/page_pool_size");
    out->gttsize_mib = read_number(system, arena, "/sys/module/amdgpu/parameters/gttsize");
    out->gtt_total_bytes = gtt_largest(system, arena);
    out->has_ttm = path_is_folder(system_path(system, arena, "/sys/module/ttm"));
    out->has_dkms = path_is_folder(system_path(system, arena, "/sys/module/amdttm"));
    out->release = read_text(system, arena, "/proc/sys/kernel/osrelease");
    out->is_ttm_builtin = out->release[0] != '\0' && ttm_is_builtin(system, arena, out->release);
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
