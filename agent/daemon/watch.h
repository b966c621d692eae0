/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the managed paths has been touched, told by the kernel (inotify(7)), so that nothing has to be polled. The folder of
 * each path is watched, not the file: replacing by rename, the usual way to write a file, is seen. Where a folder does not
 * exist, its nearest one above is watched until it does. What happens below a managed folder itself is not looked at, only its
 * own entry. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/error.h"

struct watch;

struct watch_touched {
    const char **paths; /* of those given to watch_set, each once */
    size_t count;
    bool all; /* the kernel's queue ran over, or a folder came or went: look at everything */
};

bool watch_open(struct watch **out, struct error *err);
void watch_close(struct watch *watch); /* NULL is fine */
/* Becomes readable when something was touched; -1 as long as there was no room for a queue. */
int watch_fd(const struct watch *watch);
/* From now on these absolute paths, as many as they are; what was touched before is forgotten. An error names the path that
 * cannot be watched and the limit (fs.inotify.max_user_watches); the others are. Without room for a queue
 * (fs.inotify.max_user_instances) all stays as it was, and the next watch_set tries again. */
bool watch_set(struct watch *watch, const char *const *paths, size_t count, struct error *err);
/* Does not wait. The texts live until the next watch_set. The array is in `arena`. */
bool watch_take(struct watch *watch, struct arena *arena, struct watch_touched *out, struct error *err);
/* What the agent's own run has touched is no drift. */
bool watch_forget(struct watch *watch, struct error *err);
