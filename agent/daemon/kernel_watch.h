/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mount points and the host name: the kernel tells by poll(2) that one has changed (proc(5), /proc/self/mountinfo and
 * /proc/sys/kernel/hostname). Which one is found by looking.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"

struct kernel_watch;

struct kernel_watch *kernel_watch_new(void);
void kernel_watch_free(struct kernel_watch *watch); /* NULL is fine */
/* From now on these mount points, and the host name or not. */
void kernel_watch_set(struct kernel_watch *watch, const char *const *mounts, size_t count, bool wants_host_name);
/* -1: nothing to watch. Ready with POLLPRI. */
int kernel_watch_mounts_fd(const struct kernel_watch *watch);
int kernel_watch_name_fd(const struct kernel_watch *watch);

struct kernel_touched {
    const char **mounts; /* of those given, each once */
    size_t count;
    bool host_name;
};
/* Compares with what was last seen. The array is in `arena`, the texts live until the next kernel_watch_set. */
void kernel_watch_take(struct kernel_watch *watch, struct arena *arena, struct kernel_touched *out);

/* Of the text of /proc/self/mountinfo: what is mounted at `path`, all lines of it joined; "": nothing. Pure. */
const char *kernel_watch_mounted(struct arena *arena, const char *mountinfo, const char *path);
