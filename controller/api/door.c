/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has come in without saying who they are. Places are limited: those who stay strangers too long, or are too many, are
 * shown out, the oldest first, when the next one comes. Whoever has been identified once stays as long as it is not idle.
 */
#include <sys/socket.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "controller/api/server_internal.h"

void door_leave(struct door *door, struct guest *guest)
{
    if (!guest->is_stranger)
        return;
    guest->is_stranger = false;
    door->strangers--;
    *(guest->previous == NULL ? &door->oldest : &guest->previous->next) = guest->next;
    *(guest->next == NULL ? &door->newest : &guest->next->previous) = guest->previous;
}

/* The connection is closed by its own thread, when it sees that nothing moves any more. */
static void show_out(struct door *door, struct guest *guest)
{
    door_leave(door, guest);
    shutdown(guest->fd, SHUT_RDWR);
}

void door_enter(struct door *door, struct guest *guest, int fd)
{
    int64_t now_ms = clock_monotonic_ms();

    *guest = (struct guest){ .fd = fd, .since_ms = now_ms, .is_stranger = true, .previous = door->newest };
    *(door->newest == NULL ? &door->oldest : &door->newest->next) = guest;
    door->newest = guest;
    door->strangers++;
    while (door->strangers > 1 &&
           (door->strangers > door->most || door->oldest->since_ms < now_ms - LIMIT_API_STRANGER_MS))
        show_out(door, door->oldest);
}
