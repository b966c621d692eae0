/* SPDX-License-Identifier: Apache-2.0 */
/* Watching folders for the entries in them that matter. */
#include "agent/daemon/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define ENTRY_EVENTS                                                                                                   \
    (IN_ATTRIB | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF)
#define FOLDER_EVENTS (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)

struct watched {
    const char *path; /* as given */
    const char *name; /* the entry in the folder: the file, or the first folder that is missing */
    int folder;       /* the kernel's number of the folder's watch */
    bool is_waiting;  /* the folder does not exist yet: `name` is on the way to it */
    bool is_touched;
};

struct watch {
    int fd;
    struct arena *arena;     /* of the last watch_set */
    struct watched *watched; /* by folder */
    size_t count;
};

bool watch_open(struct watch **out, struct error *err)
{
    struct watch *watch = calloc(1, sizeof(*watch));

    if (watch == NULL)
        return error_set_errno(err, "cannot watch files");
    /* -1: a machine that has no queue left has a daemon all the same */
    watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    *out = watch;
    return true;
}

void watch_close(struct watch *watch)
{
    if (watch == NULL)
        return;
    fd_close(watch->fd);
    arena_free(watch->arena);
    free(watch);
}

int watch_fd(const struct watch *watch)
{
    return watch->fd;
}

/* --- what is watched --- */

/* The nearest folder above that exists, and the entry in it that leads to the path. */
static bool watched_place(struct watch *watch, struct watched *watched, struct error *err)
{
    const char *path = path_normalize(watch->arena, watched->path);
    int number = -1;

    for (;;) {
        const char *folder = path_dirname(watch->arena, path);

        watched->name = path_basename(path);
        number = inotify_add_watch(watch->fd, folder, ENTRY_EVENTS | IN_ONLYDIR);
        if (number >= 0 || (errno != ENOENT && errno != ENOTDIR) || strcmp(folder, "/") == 0)
            break;
        watched->is_waiting = true;
        path = folder;
    }
    watched->folder = number;
    if (number >= 0)
        return true;
    return error_set_errno(
        err, errno == ENOSPC ? "cannot watch %s: raise fs.inotify.max_user_watches" : "cannot watch %s", watched->path);
}

static int watched_compare(const void *a, const void *b)
{
    const struct watched *one = a, *other = b;

    return one->folder == other->folder ? strcmp(one->path, other->path) : one->folder < other->folder ? -1 : 1;
}

static bool places_find(struct watch *watch, struct error *err)
{
    struct error one = ERROR_INIT;
    bool ok = true;

    for (size_t i = 0; i < watch->count; i++) {
        watch->watched[i].is_waiting = false;
        if (!watched_place(watch, &watch->watched[i], &one) && ok) {
            *err = one;
            ok = false;
        }
    }
    if (watch->count > 0)
        qsort(watch->watched, watch->count, sizeof(struct watched), watched_compare);
    return ok;
}

/* A new queue: the old one's watches and what it still held are gone with it. */
static bool queue_renew(struct watch *watch, struct error *err)
{
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

    if (fd < 0)
        return error_set_errno(err, errno == EMFILE ? "cannot watch files: raise fs.inotify.max_user_instances"
                                                    : "cannot watch files");
    if (watch->fd < 0) {
        watch->fd = fd;
        return true;
    }
    /* the number stays: whoever polls it need not know */
    if (dup3(fd, watch->fd, O_CLOEXEC) < 0) {
        fd_close(fd);
        return error_set_errno(err, "cannot watch files");
    }
    fd_close(fd);
    return true;
}

bool watch_set(struct watch *watch, const char *const *paths, size_t count, struct error *err)
{
    if (!queue_renew(watch, err))
        return false;
    arena_free(watch->arena);
    watch->arena = arena_new();
    watch->watched = arena_new_array(watch->arena, struct watched, count + 1);
    watch->count = count;
    for (size_t i = 0; i < count; i++)
        watch->watched[i].path = arena_copy(watch->arena, paths[i]);
    return places_find(watch, err);
}

/* --- what was touched --- */

/* The first entry of that folder. */
static size_t first_of(const struct watch *watch, int folder)
{
    size_t low = 0, high = watch->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (watch->watched[middle].folder < folder)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void event_take(struct watch *watch, const struct inotify_event *event, bool *all, bool *moved)
{
    if ((event->mask & IN_Q_OVERFLOW) != 0)
        *all = true;
    if ((event->mask & FOLDER_EVENTS) != 0)
        *moved = true;
    for (size_t i = first_of(watch, event->wd); i < watch->count && watch->watched[i].folder == event->wd; i++) {
        struct watched *watched = &watch->watched[i];
        bool named = event->len > 0 && strcmp(event->name, watched->name) == 0;

        if (named || (event->mask & FOLDER_EVENTS) != 0)
            watched->is_touched = true;
        if (named && watched->is_waiting)
            *moved = true;
    }
}

static bool events_read(struct watch *watch, bool *all, bool *moved, struct error *err)
{
    _Alignas(struct inotify_event) char buffer[16384];

    while (watch->fd >= 0) {
        ssize_t length = read(watch->fd, buffer, sizeof(buffer));

        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0 && errno == EAGAIN)
            return true;
        if (length < 0)
            return error_set_errno(err, "cannot read what was touched");
        for (const char *at = buffer; at < buffer + length;) {
            const struct inotify_event *event = (const void *)at;

            event_take(watch, event, all, moved);
            at += sizeof(*event) + event->len;
        }
    }
    return true;
}

/* Folders came or went: the paths find their places again, and until that is done anything may have happened. */
static bool places_renew(struct watch *watch, struct error *err)
{
    return queue_renew(watch, err) && places_find(watch, err);
}

bool watch_take(struct watch *watch, struct arena *arena, struct watch_touched *out, struct error *err)
{
    bool all = false, moved = false;

    if (!events_read(watch, &all, &moved, err) || (moved && !places_renew(watch, err)))
        return false;
    *out =
        (struct watch_touched){ .paths = arena_new_array(arena, const char *, watch->count + 1), .all = all || moved };
    for (size_t i = 0; i < watch->count; i++) {
        if (watch->watched[i].is_touched)
            out->paths[out->count++] = watch->watched[i].path;
        watch->watched[i].is_touched = false;
    }
    return true;
}

bool watch_forget(struct watch *watch, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct watch_touched touched;

    return watch_take(watch, arena, &touched, err);
}
