/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept is the line of each mount point, without its numbers. */
#include "agent/daemon/kernel_watch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/text.h"

#define MOUNTINFO "/proc/self/mountinfo"
#define HOST_NAME "/proc/sys/kernel/hostname"
#define MOUNTINFO_MAX ((size_t)4 * 1024 * 1024)
#define FIELD_MOUNT_POINT 4
#define FIELD_OPTIONS 5

struct kernel_watch {
    struct arena *arena; /* of the last set */
    const char **mounts, **seen;
    size_t count;
    const char *host_name;
    int mounts_fd, name_fd;
};

struct kernel_watch *kernel_watch_new(void)
{
    struct kernel_watch *watch = calloc(1, sizeof(*watch));

    if (watch == NULL)
        abort();
    watch->mounts_fd = watch->name_fd = -1;
    return watch;
}

void kernel_watch_free(struct kernel_watch *watch)
{
    if (watch == NULL)
        return;
    fd_close(watch->mounts_fd);
    fd_close(watch->name_fd);
    arena_free(watch->arena);
    free(watch);
}

/* The kernel writes space, tab, newline and backslash in octal. */
static bool is_path(const char *field, const char *path)
{
    for (; *field != '\0'; path++) {
        char c = *field++;

        if (c == '\\' && strspn(field, "01234567") >= 3) {
            c = (char)((field[0] - '0') * 64 + (field[1] - '0') * 8 + (field[2] - '0'));
            field += 3;
        }
        if (c != *path)
            return false;
    }
    return *path == '\0';
}

const char *kernel_watch_mounted(struct arena *arena, const char *mountinfo, const char *path)
{
    struct text out = text_new(arena);

    for (char **lines = text_split(arena, mountinfo, '\n', NULL); *lines != NULL; lines++) {
        size_t count = 0;
        char **fields = text_split(arena, *lines, ' ', &count);

        if (count <= FIELD_OPTIONS || !is_path(fields[FIELD_MOUNT_POINT], path))
            continue;
        for (size_t i = FIELD_OPTIONS; i < count; i++)
            text_printf(&out, " %s", fields[i]);
        text_add_char(&out, '\n');
    }
    return out.data;
}

static const char *text_of(struct arena *arena, const char *path)
{
    struct error ignored = ERROR_INIT;
    char *text = NULL;
    size_t length = 0;

    return file_read(arena, path, MOUNTINFO_MAX, &text, &length, &ignored) ? text : "";
}

void kernel_watch_set(struct kernel_watch *watch, const char *const *mounts, size_t count, bool wants_host_name)
{
    ARENA_SCOPED arena = arena_new();
    const char *mountinfo;

    fd_close(watch->mounts_fd);
    fd_close(watch->name_fd);
    arena_free(watch->arena);
    watch->arena = arena_new();
    watch->mounts = arena_new_array(watch->arena, const char *, count + 1);
    watch->seen = arena_new_array(watch->arena, const char *, count + 1);
    watch->count = count;
    watch->mounts_fd = count == 0 ? -1 : open(MOUNTINFO, O_RDONLY | O_CLOEXEC);
    watch->name_fd = wants_host_name ? open(HOST_NAME, O_RDONLY | O_CLOEXEC) : -1;
    mountinfo = count == 0 ? "" : text_of(arena, MOUNTINFO);
    for (size_t i = 0; i < count; i++) {
        watch->mounts[i] = arena_copy(watch->arena, mounts[i]);
        watch->seen[i] = arena_copy(watch->arena, kernel_watch_mounted(arena, mountinfo, mounts[i]));
    }
    watch->host_name = wants_host_name ? arena_copy(watch->arena, text_of(arena, HOST_NAME)) : NULL;
}

int kernel_watch_mounts_fd(const struct kernel_watch *watch)
{
    return watch->mounts_fd;
}

int kernel_watch_name_fd(const struct kernel_watch *watch)
{
    return watch->name_fd;
}

void kernel_watch_take(struct kernel_watch *watch, struct arena *arena, struct kernel_touched *out)
{
    const char *mountinfo = watch->count == 0 ? "" : text_of(arena, MOUNTINFO), *name;

    *out = (struct kernel_touched){ .mounts = arena_new_array(arena, const char *, watch->count + 1) };
    for (size_t i = 0; i < watch->count; i++) {
        const char *now = kernel_watch_mounted(arena, mountinfo, watch->mounts[i]);

        if (strcmp(now, watch->seen[i]) == 0)
            continue;
        watch->seen[i] = arena_copy(watch->arena, now); /* rare */
        out->mounts[out->count++] = watch->mounts[i];
    }
    if (watch->host_name == NULL)
        return;
    name = text_of(arena, HOST_NAME);
    out->host_name = strcmp(name, watch->host_name) != 0;
    if (out->host_name)
        watch->host_name = arena_copy(watch->arena, name);
}
