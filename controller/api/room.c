/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The waiting room: suspended connections by topic, and the thread that ends their patience. It sleeps until the nearest
 * deadline; with nobody waiting it does not wake at all.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "controller/api/server_internal.h"

static size_t bucket_of(uint64_t topic)
{
    return (size_t)((topic ^ (topic >> 32)) % ROOM_BUCKETS);
}

/* --- with the mutex held --- */

static void room_remove(struct room *room, struct call *call)
{
    struct call **first = &room->first[bucket_of(call->topic)];

    if (call->previous != NULL)
        call->previous->next = call->next;
    else
        *first = call->next;
    if (call->next != NULL)
        call->next->previous = call->previous;
    call->next = call->previous = NULL;
}

static void room_suspend(struct room *room, struct call *call)
{
    call->is_suspended = true;
    room->suspended++;
    MHD_suspend_connection(call->connection);
}

static void room_release(struct room *room, struct call *call, bool timed_out)
{
    room_remove(room, call);
    call->base.timed_out = timed_out;
    MHD_resume_connection(call->connection);
}

/* Lets go whose time is over; the nearest deadline that is left, or -1. */
static int64_t room_expire(struct room *room, int64_t now_ms)
{
    int64_t nearest = -1;

    for (size_t i = 0; i < ROOM_BUCKETS; i++) {
        struct call *next = NULL;

        for (struct call *call = room->first[i]; call != NULL; call = next) {
            next = call->next;
            if (call->deadline_ms <= now_ms || room->closing)
                room_release(room, call, true);
            else if (nearest < 0 || call->deadline_ms < nearest)
                nearest = call->deadline_ms;
        }
    }
    return nearest;
}

/* --- the timer --- */

static void *room_timer(void *data)
{
    struct room *room = data;

    pthread_mutex_lock(&room->mutex);
    while (!room->closing) {
        int64_t nearest = room->nearest_ms = room_expire(room, clock_monotonic_ms());
        struct timespec until = { .tv_sec = (time_t)(nearest / 1000), .tv_nsec = (long)(nearest % 1000) * 1000000 };

        if (nearest < 0)
            pthread_cond_wait(&room->changed, &room->mutex);
        else
            pthread_cond_timedwait(&room->changed, &room->mutex, &until);
    }
    room_expire(room, 0);
    while (room->suspended > 0 || room->working > 0)
        pthread_cond_wait(&room->changed, &room->mutex);
    room->is_closed = true;
    pthread_mutex_unlock(&room->mutex);
    return NULL;
}

bool room_open(struct room *room, struct error *err)
{
    pthread_condattr_t attributes;
    int failed = 0;

    memset(room, 0, sizeof(*room));
    pthread_mutex_init(&room->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&room->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    failed = pthread_create(&room->timer, NULL, room_timer, room);
    room->timer_runs = failed == 0;
    errno = failed;
    return failed == 0 || error_set_errno(err, "cannot start the timer of the HTTP server");
}

void room_close(struct room *room)
{
    if (!room->timer_runs)
        return;
    pthread_mutex_lock(&room->mutex);
    room->closing = true;
    pthread_cond_broadcast(&room->changed);
    pthread_mutex_unlock(&room->mutex);
    pthread_join(room->timer, NULL);
    room->timer_runs = false;
}

void room_free(struct room *room)
{
    room_close(room);
    pthread_cond_destroy(&room->changed);
    pthread_mutex_destroy(&room->mutex);
}

/* --- for calls --- */

bool room_is_closing(struct room *room)
{
    bool closing = false;

    pthread_mutex_lock(&room->mutex);
    closing = room->closing;
    pthread_mutex_unlock(&room->mutex);
    return closing;
}

bool room_begin(struct room *room)
{
    bool begins = false;

    pthread_mutex_lock(&room->mutex);
    begins = !room->is_closed;
    room->working += begins ? 1 : 0;
    pthread_mutex_unlock(&room->mutex);
    return begins;
}

void room_end(struct room *room)
{
    pthread_mutex_lock(&room->mutex);
    if (--room->working == 0 && room->closing)
        pthread_cond_broadcast(&room->changed);
    pthread_mutex_unlock(&room->mutex);
}

uint64_t room_wakes(struct room *room, uint64_t topic)
{
    uint64_t wakes = 0;

    pthread_mutex_lock(&room->mutex);
    wakes = room->wakes[bucket_of(topic)];
    pthread_mutex_unlock(&room->mutex);
    return wakes;
}

bool room_enter(struct room *room, struct call *call, int64_t timeout_ms)
{
    struct call **first = &room->first[bucket_of(call->topic)];
    bool enters = false;

    pthread_mutex_lock(&room->mutex);
    enters = !room->closing && room->wakes[bucket_of(call->topic)] == call->seen;
    if (enters) {
        call->deadline_ms = clock_monotonic_ms() + timeout_ms;
        call->next = *first;
        if (*first != NULL)
            (*first)->previous = call;
        *first = call;
        room_suspend(room, call);
        if (room->nearest_ms < 0 || call->deadline_ms < room->nearest_ms)
            pthread_cond_broadcast(&room->changed);
    }
    pthread_mutex_unlock(&room->mutex);
    return enters;
}

void room_wake(struct room *room, uint64_t topic)
{
    struct call *next = NULL;

    pthread_mutex_lock(&room->mutex);
    room->wakes[bucket_of(topic)]++;
    for (struct call *call = room->first[bucket_of(topic)]; call != NULL; call = next) {
        next = call->next;
        if (call->topic == topic)
            room_release(room, call, false);
    }
    pthread_mutex_unlock(&room->mutex);
}

static bool is_called(const struct api_identity *who, enum api_identity_kind kind, const char *name)
{
    return who->kind == kind && who->name != NULL && strcmp(who->name, name) == 0;
}

void room_wake_who(struct room *room, enum api_identity_kind kind, const char *name)
{
    pthread_mutex_lock(&room->mutex);
    for (size_t i = 0; i < ROOM_BUCKETS; i++) {
        for (struct call *call = room->first[i], *next = NULL; call != NULL; call = next) {
            next = call->next;
            if (is_called(&call->base.identity, kind, name))
                room_release(room, call, false);
        }
    }
    pthread_mutex_unlock(&room->mutex);
}

void room_lend(struct room *room, struct call *call)
{
    pthread_mutex_lock(&room->mutex);
    room_suspend(room, call);
    pthread_mutex_unlock(&room->mutex);
}

void room_return(struct room *room, struct call *call)
{
    pthread_mutex_lock(&room->mutex);
    MHD_resume_connection(call->connection);
    pthread_mutex_unlock(&room->mutex);
}

bool room_back(struct room *room, struct call *call)
{
    if (!call->is_suspended)
        return false;
    call->is_suspended = false;
    pthread_mutex_lock(&room->mutex); /* what the other thread wrote is visible from here on */
    pthread_mutex_unlock(&room->mutex);
    return true;
}

void room_gone(struct room *room)
{
    pthread_mutex_lock(&room->mutex);
    if (--room->suspended == 0)
        pthread_cond_broadcast(&room->changed);
    pthread_mutex_unlock(&room->mutex);
}

void room_leave(struct room *room, struct call *call)
{
    if (room_back(room, call))
        room_gone(room);
}
