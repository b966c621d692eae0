/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of this machine, of its GPU, and of each piece. */
#include <string.h>

#include "agent/pieces/pieces_parts.h"
#include "agent/system/hardware/drm_clients.h"
#include "agent/system/hardware/host_memory.h"
#include "common/base/text.h"

/* What the driver holds for itself and nobody's descriptor shows. */
#define ORPHAN_LEAST ((int64_t)512 * 1024 * 1024)

/* Of a piece. */
struct taken {
    int64_t rss;       /* with the pages of files that it has mapped */
    int64_t anon;      /* without: nothing of it is available to others */
    int64_t gtt, vram; /* of GPUs */
    bool has_compute;  /* more of GPUs, perhaps */
};

static int64_t line_of(const struct sysfs *fs, const char *text, const char *key)
{
    int64_t bytes = text == NULL ? 0 : host_memory_line(fs->arena, text, key);

    return bytes < 0 ? 0 : bytes;
}

static void process_add(const struct sysfs *fs, const struct drm_clients *clients, int64_t pid, struct taken *taken)
{
    const char *path = arena_printf(fs->arena, "/proc/%lld/status", (long long)pid);
    const char *text = sysfs_document(fs, path, SYSFS_FILE_MAX);
    int64_t rss = line_of(fs, text, "VmRSS"), files = line_of(fs, text, "RssFile");

    taken->rss += rss;
    taken->anon += rss > files ? rss - files : 0;
    for (size_t i = 0; i < clients->count; i++) {
        if (clients->holders[i].pid != pid)
            continue;
        taken->gtt += (int64_t)clients->holders[i].gtt_bytes;
        taken->vram += (int64_t)clients->holders[i].vram_bytes;
        taken->has_compute = taken->has_compute || clients->holders[i].has_compute;
    }
}

/* "anon 4096" of its control group's memory.stat, in which what processes share counts once. Where the kernel does not count there, *out stays. */
static void group_anon(const struct sysfs *fs, const struct piece_entry *entry, int64_t *out)
{
    const char *path = arena_printf(fs->arena, "/sys/fs/cgroup%s/memory.stat", entry->group);
    const char *cursor = entry->group[0] == '\0' ? NULL : sysfs_document(fs, path, SYSFS_FILE_MAX), *line;
    const char *end = cursor == NULL ? NULL : cursor + strlen(cursor);
    int64_t sum = 0, number = 0;
    size_t length, found = 0;

    while (cursor != NULL && text_line(&cursor, end, &line, &length)) {
        const char *copy = arena_copy_n(fs->arena, line, length);
        size_t skip = text_starts(copy, "anon ") ? 5 : text_starts(copy, "shmem ") ? 6 : 0;

        if (skip == 0 || !text_to_int(text_trim(fs->arena, copy + skip, length - skip), &number))
            continue;
        sum += number;
        found++;
    }
    if (found == 2)
        *out = sum;
}

static void peak_take(int64_t bytes, int64_t *peak)
{
    *peak = bytes > *peak ? bytes : *peak;
}

static void piece_add(const struct sysfs *fs, const struct drm_clients *clients, struct piece_entry *entry,
                      struct value *list)
{
    struct value *map = value_map(fs->arena);
    size_t count = 0;
    int64_t *pids = entry_pids(fs, entry, &count);
    struct taken taken = { 0 };

    for (size_t i = 0; i < count; i++)
        process_add(fs, clients, pids[i], &taken);
    group_anon(fs, entry, &taken.anon);
    peak_take(taken.rss, &entry->memory_peak);
    peak_take(taken.rss, &entry->rss_peak);
    peak_take(taken.anon, &entry->anon_peak);
    peak_take(taken.gtt, &entry->gtt_peak);
    peak_take(taken.vram, &entry->vram_peak);
    if (taken.rss == 0 && taken.gtt == 0 && taken.vram == 0)
        return;
    value_map_put_string(fs->arena, map, "name", entry->name);
    value_map_put_int(fs->arena, map, "rss", taken.rss);
    value_map_put_int(fs->arena, map, "anon", taken.anon);
    value_map_put_int(fs->arena, map, "gtt", taken.gtt);
    value_map_put_int(fs->arena, map, "vram", taken.vram);
    if (taken.has_compute)
        value_map_put_bool(fs->arena, map, "compute", true);
    value_list_add(fs->arena, list, map);
}

static void put_known(const struct sysfs *fs, struct value *body, const char *key, int64_t number)
{
    if (number >= 0)
        value_map_put_int(fs->arena, body, key, number);
}

static void gpu_put(const struct sysfs *fs, const struct drm_clients *clients, struct value *body)
{
    struct gpu_memory memory = { -1, -1, -1, -1, -1, -1 };
    size_t count = 0;
    struct gpu *gpus = gpu_list(fs, &count);
    const struct gpu *gpu = gpu_find_integrated(gpus, count);
    int64_t orphan;

    for (size_t i = 0; gpu == NULL && i < count; i++)
        gpu = gpus[i].kind == GPU_DISPLAY ? NULL : &gpus[i];
    if (gpu == NULL)
        return;
    gpu_memory_read(fs, gpu, &memory);
    put_known(fs, body, "gtt_total", memory.gtt_total_bytes);
    put_known(fs, body, "gtt_used", memory.gtt_used_bytes);
    put_known(fs, body, "vram_total", memory.vram_total_bytes);
    put_known(fs, body, "vram_used", memory.vram_used_bytes);
    orphan = memory.gtt_used_bytes - (int64_t)clients->gtt_bytes;
    /* what ROCm's programs hold is not in their fdinfo: while there is one, nothing can be said */
    value_map_put_int(fs->arena, body, "gtt_orphan", orphan > ORPHAN_LEAST && !clients->has_compute ? orphan : 0);
}

struct value *pieces_memory(struct pieces *pieces, struct arena *arena)
{
    const struct sysfs fs = { .system = pieces->options.system, .arena = arena };
    struct value *body = value_map(arena), *list = value_list(arena);
    struct host_memory host = { -1, -1, -1 };
    struct drm_clients clients;

    host_memory_read(&fs, &host);
    drm_clients_read(&fs, &clients);
    put_known(&fs, body, "memory_total", host.total_bytes);
    put_known(&fs, body, "memory_available", host.available_bytes);
    value_map_put_int(arena, body, "gtt_processes", (int64_t)clients.gtt_bytes);
    value_map_put_int(arena, body, "vram_processes", (int64_t)clients.vram_bytes);
    gpu_put(&fs, &clients, body);
    for (size_t i = 0; i < pieces->entries_count; i++)
        piece_add(&fs, &clients, &pieces->entries[i], list);
    value_map_put(arena, body, "pieces", list);
    return body;
}
