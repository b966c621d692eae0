/* SPDX-License-Identifier: Apache-2.0 */
/* An epoll set holds the descriptors; as looking at it may use up what the kernel has to say, each source is asked each time. */
#include "agent/daemon/watches.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "agent/daemon/kernel_watch.h"
#include "agent/daemon/watch.h"
#include "agent/system/unit/unit_watch.h"
#include "common/base/fd.h"

#define HOST_NAME_FILE "/etc/hostname" /* who manages it manages the kernel's name too */

struct watches {
    struct watches_options options;
    struct watch *files;
    struct unit_watch *units;
    struct kernel_watch *kernel;
    const struct managed *managed; /* NULL: nothing yet */
    int epoll;
};

/* Again and again for the files: their number stays, but what stands behind it is new, and a set forgets what was closed. */
static void watch_fd_add(struct watches *watches, int fd, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.fd = fd };

    if (fd >= 0)
        (void)epoll_ctl(watches->epoll, EPOLL_CTL_ADD, fd, &event);
}

bool watches_open(const struct watches_options *options, struct watches **out, struct error *err)
{
    struct watches *watches = calloc(1, sizeof(*watches));

    if (watches == NULL)
        return error_set_errno(err, "cannot watch what is managed");
    *watches = (struct watches){ .options = *options, .epoll = epoll_create1(EPOLL_CLOEXEC) };
    if (watches->epoll < 0 || !watch_open(&watches->files, err)) {
        if (watches->epoll < 0)
            error_set_errno(err, "cannot watch what is managed");
        watches_close(watches);
        return false;
    }
    watches->units = unit_watch_new(NULL);
    watches->kernel = kernel_watch_new();
    watch_fd_add(watches, watch_fd(watches->files), EPOLLIN);
    *out = watches;
    return true;
}

void watches_close(struct watches *watches)
{
    if (watches == NULL)
        return;
    watch_close(watches->files);
    unit_watch_free(watches->units);
    kernel_watch_free(watches->kernel);
    fd_close(watches->epoll);
    free(watches);
}

int watches_fd(const struct watches *watches)
{
    return watches->epoll;
}

int64_t watches_due_ms(const struct watches *watches)
{
    return unit_watch_due_ms(watches->units);
}

/* The bus's descriptor comes and goes, and what it waits for changes. */
static void bus_renew(struct watches *watches)
{
    int fd = unit_watch_fd(watches->units);
    short events = unit_watch_events(watches->units);
    uint32_t wanted = ((events & POLLIN) != 0 ? EPOLLIN : 0u) | ((events & POLLOUT) != 0 ? EPOLLOUT : 0u);
    struct epoll_event event = { .events = wanted, .data.fd = fd };

    /* a closed one has left the set by itself, and its number may be another's by now */
    if (fd >= 0 && epoll_ctl(watches->epoll, EPOLL_CTL_MOD, fd, &event) != 0)
        watch_fd_add(watches, fd, wanted);
}

static void trouble(struct watches *watches, const struct error *err)
{
    watches->options.tell(watches->options.data, err->text);
}

void watches_set(struct watches *watches, const struct managed *managed)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    size_t files = 0, units = 0, mounts = 0;
    const char **paths = managed_names(managed, arena, MANAGED_FILES, &files);
    const char **names = managed_names(managed, arena, MANAGED_UNITS, &units);
    const char **points = managed_names(managed, arena, MANAGED_MOUNTS, &mounts);
    bool wants_name = value_map_get(managed->things[MANAGED_FILES], HOST_NAME_FILE) != NULL;

    watches->managed = managed;
    if (!watch_set(watches->files, paths, files, &err))
        trouble(watches, &err);
    watch_fd_add(watches, watch_fd(watches->files), EPOLLIN);
    if (!unit_watch_set(watches->units, names, units, &err))
        trouble(watches, &err);
    kernel_watch_set(watches->kernel, points, mounts, wants_name);
    watch_fd_add(watches, kernel_watch_mounts_fd(watches->kernel), EPOLLPRI);
    watch_fd_add(watches, kernel_watch_name_fd(watches->kernel), EPOLLPRI);
    bus_renew(watches);
}

static void files_take(struct watches *watches, struct arena *arena, struct value *places, bool *all_out)
{
    struct watch_touched touched = { .count = 0 };
    struct error err = ERROR_INIT;

    if (!watch_take(watches->files, arena, &touched, &err)) {
        trouble(watches, &err);
        return;
    }
    watch_fd_add(watches, watch_fd(watches->files), EPOLLIN);
    for (size_t i = 0; i < touched.count; i++)
        managed_places(watches->managed, MANAGED_FILES, touched.paths[i], arena, places);
    *all_out = *all_out || touched.all;
}

static void units_take(struct watches *watches, struct arena *arena, struct value *places)
{
    struct unit_watch_touched touched;
    struct error err = ERROR_INIT;

    if (!unit_watch_take(watches->units, arena, &touched, &err))
        trouble(watches, &err);
    for (size_t i = 0; i < touched.count; i++)
        managed_places(watches->managed, MANAGED_UNITS, touched.units[i], arena, places);
    if (touched.all)
        managed_places(watches->managed, MANAGED_UNITS, NULL, arena, places);
    bus_renew(watches);
}

static void kernel_take(struct watches *watches, struct arena *arena, struct value *places)
{
    struct kernel_touched touched;

    kernel_watch_take(watches->kernel, arena, &touched);
    for (size_t i = 0; i < touched.count; i++)
        managed_places(watches->managed, MANAGED_MOUNTS, touched.mounts[i], arena, places);
    if (touched.host_name)
        managed_places(watches->managed, MANAGED_FILES, HOST_NAME_FILE, arena, places);
}

void watches_take(struct watches *watches, struct arena *arena, struct value *places, bool *all_out)
{
    struct epoll_event events[8];

    *all_out = false;
    (void)epoll_wait(watches->epoll, events, 8, 0);
    if (watches->managed == NULL)
        return;
    files_take(watches, arena, places, all_out);
    units_take(watches, arena, places);
    kernel_take(watches, arena, places);
}
