/* SPDX-License-Identifier: Apache-2.0 */
/* One thread, one mutex, and a front that only grows. */
#include "common/model/chunk_watch.h"

#include <pthread.h>
#include <stdlib.h>

struct chunk_watch {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct chunk_map *map;
    int fd;
    int64_t next; /* chunk; the thread's own */

    /* under the mutex */
    int64_t front;
    bool is_last, is_stopped, has_failed;
    struct error error;
};

/* The next chunk is whole. False: it is over. */
static bool wait_for_chunk(struct chunk_watch *watch)
{
    int64_t size = chunk_map_size(watch->map), end;
    bool goes_on;

    if (watch->next >= chunk_map_count(watch->map))
        return false;
    end = watch->next * CHUNK_SIZE + chunk_length_of(size, watch->next);
    pthread_mutex_lock(&watch->mutex);
    while (watch->front < end && !watch->is_stopped && !watch->is_last)
        pthread_cond_wait(&watch->wake, &watch->mutex);
    goes_on = watch->front >= end && !watch->is_stopped;
    pthread_mutex_unlock(&watch->mutex);
    return goes_on;
}

static void *watch_run(void *context)
{
    struct chunk_watch *watch = context;
    char digest[DIGEST_HEX];
    struct error err = ERROR_INIT;

    while (wait_for_chunk(watch)) {
        int64_t index = watch->next++;

        if (chunk_map_state(watch->map, index, NULL) == CHUNK_HAVE)
            continue;
        if (!chunk_digest_of(watch->fd, chunk_map_size(watch->map), index, digest, &err) ||
            !chunk_map_have(watch->map, index, digest, &err)) {
            pthread_mutex_lock(&watch->mutex);
            watch->has_failed = true;
            watch->error = err;
            pthread_mutex_unlock(&watch->mutex);
            return NULL;
        }
    }
    return NULL;
}

bool chunk_watch_start(struct chunk_map *map, int fd, struct chunk_watch **out, struct error *err)
{
    struct chunk_watch *watch = calloc(1, sizeof(*watch));

    if (watch == NULL)
        return error_set(err, "no memory");
    watch->map = map;
    watch->fd = fd;
    (void)pthread_mutex_init(&watch->mutex, NULL);
    (void)pthread_cond_init(&watch->wake, NULL);
    if (pthread_create(&watch->thread, NULL, watch_run, watch) != 0) {
        free(watch);
        return error_set(err, "the thread that digests chunks cannot be started");
    }
    *out = watch;
    return true;
}

void chunk_watch_advance(struct chunk_watch *watch, int64_t front)
{
    pthread_mutex_lock(&watch->mutex);
    if (front / CHUNK_SIZE > watch->front / CHUNK_SIZE || front >= chunk_map_size(watch->map))
        pthread_cond_signal(&watch->wake);
    if (front > watch->front)
        watch->front = front;
    pthread_mutex_unlock(&watch->mutex);
}

bool chunk_watch_end(struct chunk_watch *watch, bool is_last, struct error *err)
{
    bool ok;

    if (watch == NULL)
        return true;
    pthread_mutex_lock(&watch->mutex);
    watch->is_last = is_last;
    watch->is_stopped = !is_last;
    pthread_cond_signal(&watch->wake);
    pthread_mutex_unlock(&watch->mutex);
    (void)pthread_join(watch->thread, NULL);
    ok = !watch->has_failed;
    if (!ok)
        *err = watch->error;
    (void)pthread_cond_destroy(&watch->wake);
    (void)pthread_mutex_destroy(&watch->mutex);
    free(watch);
    return ok;
}
