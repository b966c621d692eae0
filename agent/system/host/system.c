/* SPDX-License-Identifier: Apache-2.0 */
/* The host's root folder and waiting that can be called off. Holds no state of its own. */
#include "agent/system/host/system.h"

#include <poll.h>

#include "common/base/clock.h"

const char *system_path(const struct system *system, struct arena *arena, const char *path)
{
    if (!system->root || system->root[0] == '\0')
        return path;
    return arena_printf(arena, "%s%s%s", system->root, path[0] == '/' ? "" : "/", path);
}

static bool system_flag(const struct system *system)
{
    return system->cancelled && *system->cancelled;
}

/* Waits for the watch for at most `milliseconds` and lets it be read. */
static void system_look(const struct system *system, int64_t milliseconds)
{
    struct pollfd fd = { .fd = system->watch ? system->watch->fd : -1, .events = POLLIN };
    int slice = milliseconds > 1000 ? 1000 : (int)milliseconds;

    if (poll(&fd, 1, slice) > 0 && fd.revents != 0)
        system->watch->ready(system->watch->context);
}

bool system_is_cancelled(const struct system *system)
{
    if (!system_flag(system) && system->watch)
        system_look(system, 0);
    return system_flag(system);
}

bool system_pause(const struct system *system, int64_t milliseconds, struct error *err)
{
    int64_t until = clock_monotonic_ms() + milliseconds;

    for (;;) {
        int64_t now = clock_monotonic_ms();
        if (system_flag(system))
            return error_set_kind(err, ERROR_CANCELLED, "cancelled");
        if (system->deadline_ms > 0 && now >= system->deadline_ms)
            return error_set(err, "the task's time is up");
        if (now >= until)
            return true;
        int64_t end = system->deadline_ms > 0 && system->deadline_ms < until ? system->deadline_ms : until;
        system_look(system, end - now);
    }
}
