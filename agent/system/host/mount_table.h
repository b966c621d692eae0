/* SPDX-License-Identifier: Apache-2.0 */
/* What is mounted where, from /proc/self/mountinfo (proc_pid_mountinfo(5)); reading only. */
#pragma once

#include <stdbool.h>

#include "agent/system/host/system.h"

struct mount_point {
    int64_t id, parent;
    const char *path;
    const char *root;   /* which part of the file system */
    const char *source; /* device, as the kernel names it */
    const char *origin; /* what mount was given: for bind mounts the folder, found as ansible.posix.mount finds it */
};

struct mount_table {
    struct mount_point *items;
    size_t count;
};

bool mount_table_read(const struct system *system, struct arena *arena, struct mount_table *out, struct error *err);
void mount_table_parse(struct arena *arena, const char *text, struct mount_table *out);
/* The last one mounted there; NULL: none. */
const struct mount_point *mount_table_find(const struct mount_table *table, const char *path);
/* Is another file system, or the root, seen there? A link is none; bind mounts within a file system are not seen. */
bool mount_is_boundary(struct arena *arena, const char *path);
