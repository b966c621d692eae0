/* SPDX-License-Identifier: Apache-2.0 */
/* A table by node id, open addressing; it grows and never shrinks: nodes are few and their ids do not come back. */
#include "controller/api/presence.h"

#include <pthread.h>

#include "common/base/clock.h"

#define FIRST_ROOM 64 /* a power of two */

struct entry {
    struct presence_time time; /* node_id 0: free */
    bool is_taken;             /* given out since the last touch */
};

struct presence {
    struct arena *arena;
    pthread_mutex_t mutex; /* over all below */
    struct entry *entries;
    size_t room, count;
};

struct presence *presence_new(void)
{
    struct arena *arena = arena_new();
    struct presence *presence = arena_new_of(arena, struct presence);

    presence->arena = arena;
    presence->room = FIRST_ROOM;
    presence->entries = arena_new_array(arena, struct entry, presence->room);
    pthread_mutex_init(&presence->mutex, NULL);
    return presence;
}

void presence_free(struct presence *presence)
{
    if (presence == NULL)
        return;
    pthread_mutex_destroy(&presence->mutex);
    arena_free(presence->arena);
}

/* --- with the mutex held --- */

static struct entry *entry_of(struct entry *entries, size_t room, int64_t node_id)
{
    size_t at = (size_t)((uint64_t)node_id * 0x9e3779b97f4a7c15U >> 32) & (room - 1);

    while (entries[at].time.node_id != 0 && entries[at].time.node_id != node_id)
        at = (at + 1) & (room - 1);
    return &entries[at];
}

static void presence_grow(struct presence *presence)
{
    size_t room = presence->room * 2;
    struct entry *entries = arena_new_array(presence->arena, struct entry, room);

    for (size_t i = 0; i < presence->room; i++) {
        if (presence->entries[i].time.node_id != 0)
            *entry_of(entries, room, presence->entries[i].time.node_id) = presence->entries[i];
    }
    presence->entries = entries;
    presence->room = room;
}

/* --- from any thread --- */

void presence_touch(struct presence *presence, int64_t node_id)
{
    struct entry *entry = NULL;

    if (presence == NULL || node_id == 0)
        return;
    pthread_mutex_lock(&presence->mutex);
    if (presence->count * 2 >= presence->room)
        presence_grow(presence);
    entry = entry_of(presence->entries, presence->room, node_id);
    presence->count += entry->time.node_id == 0 ? 1 : 0;
    entry->time = (struct presence_time){ node_id, clock_wall_us(), clock_monotonic_ms() };
    entry->is_taken = false;
    pthread_mutex_unlock(&presence->mutex);
}

bool presence_find(struct presence *presence, int64_t node_id, struct presence_time *out)
{
    bool found = false;

    if (presence == NULL || node_id == 0)
        return false;
    pthread_mutex_lock(&presence->mutex);
    *out = entry_of(presence->entries, presence->room, node_id)->time;
    found = out->node_id != 0;
    pthread_mutex_unlock(&presence->mutex);
    return found;
}

size_t presence_take(struct presence *presence, struct arena *arena, struct presence_time **out)
{
    size_t count = 0;

    pthread_mutex_lock(&presence->mutex);
    *out = arena_new_array(arena, struct presence_time, presence->count + 1);
    for (size_t i = 0; i < presence->room; i++) {
        struct entry *entry = &presence->entries[i];

        if (entry->time.node_id != 0 && !entry->is_taken) {
            (*out)[count++] = entry->time;
            entry->is_taken = true;
        }
    }
    pthread_mutex_unlock(&presence->mutex);
    return count;
}
