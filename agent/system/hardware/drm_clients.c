/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Only descriptors that lead to a GPU's device are read. */
#include "agent/system/hardware/drm_clients.h"

#include <string.h>
#include <unistd.h>

#include "common/base/path.h"
#include "common/base/text.h"

#define CLIENTS_MAX 1024

struct scan {
    const struct sysfs *fs;
    const char *clients[CLIENTS_MAX];
    size_t clients_count;
    struct drm_clients *out;
};

/* "123 KiB", "1 MiB", "512": bytes. */
static uint64_t size_read(struct arena *arena, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    const char *unit = text + digits + strspn(text + digits, " \t");
    int64_t number = 0;

    if (!text_to_int(arena_copy_n(arena, text, digits), &number) || number < 0 || number > INT64_MAX >> 20)
        return 0;
    if (text_starts(unit, "KiB"))
        return (uint64_t)number << 10;
    return text_starts(unit, "MiB") ? (uint64_t)number << 20 : (uint64_t)number;
}

/* What stands behind "key:" on a line of it; NULL: the line says something else. */
static const char *behind(const char *line, const char *key)
{
    size_t length = strlen(key);

    return strncmp(line, key, length) == 0 && line[length] == ':' ? line + length + 1 + strspn(line + length + 1, " \t")
                                                                  : NULL;
}

/* "drm-memory-gtt: 5 KiB", of older kernels, or "drm-resident-gtt": the larger one. */
static void memory_take(struct arena *arena, const char *line, const char *region, uint64_t *bytes)
{
    const char *found = behind(line, arena_printf(arena, "drm-memory-%s", region));
    uint64_t size;

    if (found == NULL)
        found = behind(line, arena_printf(arena, "drm-resident-%s", region));
    size = found == NULL ? 0 : size_read(arena, found);
    *bytes = size > *bytes ? size : *bytes;
}

void drm_fdinfo_read(struct arena *arena, const char *text, struct drm_fdinfo *out)
{
    const char *cursor = text, *end = text + strlen(text), *line, *device = "", *id = NULL;
    size_t length;

    *out = (struct drm_fdinfo){ .client = NULL };
    while (text_line(&cursor, end, &line, &length)) {
        const char *copy = arena_copy_n(arena, line, length), *found;

        if ((found = behind(copy, "drm-client-id")) != NULL)
            id = found;
        else if ((found = behind(copy, "drm-pdev")) != NULL)
            device = found;
        memory_take(arena, copy, "gtt", &out->gtt_bytes);
        memory_take(arena, copy, "vram", &out->vram_bytes);
    }
    out->client = id == NULL ? NULL : arena_printf(arena, "%s %s", device, id);
}

static bool is_new_client(struct scan *scan, const char *client)
{
    if (client == NULL || scan->clients_count == CLIENTS_MAX)
        return client != NULL;
    for (size_t i = 0; i < scan->clients_count; i++) {
        if (strcmp(scan->clients[i], client) == 0)
            return false;
    }
    scan->clients[scan->clients_count++] = client;
    return true;
}

static const char *link_target(const struct sysfs *fs, const char *path)
{
    char target[256];
    ssize_t length = readlink(system_path(fs->system, fs->arena, path), target, sizeof(target) - 1);

    if (length <= 0)
        return "";
    target[length] = '\0';
    return arena_copy(fs->arena, target);
}

static void process_read(struct scan *scan, const char *process, struct drm_holder *out)
{
    const struct sysfs *fs = scan->fs;
    const char *descriptors = path_join(fs->arena, process, "fd"), *infos = path_join(fs->arena, process, "fdinfo");

    for (const char *const *name = sysfs_names(fs, descriptors); *name != NULL; name++) {
        const char *target = link_target(fs, path_join(fs->arena, descriptors, *name)), *text;
        struct drm_fdinfo info = { .client = NULL };

        out->has_compute = out->has_compute || strcmp(target, "/dev/kfd") == 0;
        if (!text_starts(target, "/dev/dri/"))
            continue;
        text = sysfs_document(fs, path_join(fs->arena, infos, *name), SYSFS_FILE_MAX);
        if (text != NULL)
            drm_fdinfo_read(fs->arena, text, &info);
        if ((info.gtt_bytes == 0 && info.vram_bytes == 0) || !is_new_client(scan, info.client))
            continue;
        out->gtt_bytes += info.gtt_bytes;
        out->vram_bytes += info.vram_bytes;
    }
}

void drm_clients_read(const struct sysfs *fs, struct drm_clients *out)
{
    struct scan *scan = arena_new_of(fs->arena, struct scan);
    const char *const *processes = sysfs_numbered(fs, "/proc", "");
    size_t count = 0;

    while (processes[count] != NULL)
        count++;
    *out = (struct drm_clients){ .holders = arena_new_array(fs->arena, struct drm_holder, count + 1) };
    scan->fs = fs;
    scan->out = out;
    for (size_t i = 0; i < count; i++) {
        struct drm_holder holder = { .pid = 0 };

        process_read(scan, path_join(fs->arena, "/proc", processes[i]), &holder);
        out->has_compute = out->has_compute || holder.has_compute;
        if ((holder.gtt_bytes == 0 && holder.vram_bytes == 0 && !holder.has_compute) ||
            !text_to_int(processes[i], &holder.pid))
            continue;
        out->holders[out->count++] = holder;
        out->gtt_bytes += holder.gtt_bytes;
        out->vram_bytes += holder.vram_bytes;
    }
}
