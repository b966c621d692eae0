/* SPDX-License-Identifier: Apache-2.0 */
/* Writing behind: one thread, one mutex, and the newest wish of each kind. */
#include "common/model/flusher.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define FLUSH_BYTES (8 * 1024 * 1024) /* the disk begins to write in steps of this */

struct flusher {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct partial *partial;
    bool is_joined;
    int64_t flushed; /* the thread's own */

    /* under the mutex */
    int64_t front;
    struct digest_state state;
    bool has_state, is_complete, is_stopped, has_failed;
    struct error error;
};

/* What is to be done next. */
struct errand {
    int64_t front;
    struct digest_state state;
    bool has_state, is_complete;
};

/* Waits for an errand. False: there is none, and there will be none. */
static bool errand_wait(struct flusher *flusher, struct errand *out)
{
    bool goes_on;

    pthread_mutex_lock(&flusher->mutex);
    while (!flusher->has_state && !flusher->is_complete && !flusher->is_stopped &&
           flusher->front / FLUSH_BYTES == flusher->flushed / FLUSH_BYTES)
        pthread_cond_wait(&flusher->wake, &flusher->mutex);
    *out = (struct errand){ flusher->front, flusher->state, flusher->has_state, flusher->is_complete };
    goes_on = out->has_state || out->is_complete || !flusher->is_stopped;
    flusher->has_state = flusher->is_complete = false;
    pthread_mutex_unlock(&flusher->mutex);
    return goes_on;
}

static void failed(struct flusher *flusher, const struct error *err)
{
    pthread_mutex_lock(&flusher->mutex);
    flusher->has_failed = true;
    flusher->error = *err;
    pthread_mutex_unlock(&flusher->mutex);
}

static bool errand_run(struct flusher *flusher, const struct errand *errand, struct error *err)
{
    int64_t ready = errand->front - flusher->flushed;

    /* only a beginning: what cannot be written is an error of the sync */
    if (ready > 0)
        (void)sync_file_range(flusher->partial->fd, flusher->flushed, ready, SYNC_FILE_RANGE_WRITE);
    flusher->flushed = errand->front;
    if (errand->has_state && !partial_checkpoint(flusher->partial, &errand->state, err))
        return false;
    /* a failure is told to this sync alone, not to those after it */
    return !errand->is_complete || fdatasync(flusher->partial->fd) == 0 ||
           error_set_errno(err, "cannot write '%s' to the disk", flusher->partial->path);
}

static void *flusher_run(void *context)
{
    struct flusher *flusher = context;
    struct error err = ERROR_INIT;
    struct errand errand;

    while (errand_wait(flusher, &errand)) {
        if (!errand_run(flusher, &errand, &err)) {
            failed(flusher, &err);
            break;
        }
    }
    return NULL;
}

bool flusher_start(struct partial *partial, struct flusher **out, struct error *err)
{
    struct flusher *flusher = calloc(1, sizeof(*flusher));

    if (flusher == NULL)
        return error_set(err, "no memory");
    flusher->partial = partial;
    flusher->front = flusher->flushed = partial->verified.length;
    (void)pthread_mutex_init(&flusher->mutex, NULL);
    (void)pthread_cond_init(&flusher->wake, NULL);
    if (pthread_create(&flusher->thread, NULL, flusher_run, flusher) != 0) {
        flusher->is_joined = true;
        flusher_free(flusher);
        return error_set(err, "the thread that writes to the disk cannot be started");
    }
    *out = flusher;
    return true;
}

bool flusher_advance(struct flusher *flusher, int64_t front, struct error *err)
{
    bool has_failed;

    pthread_mutex_lock(&flusher->mutex);
    if (front > flusher->front) {
        if (front / FLUSH_BYTES > flusher->front / FLUSH_BYTES)
            pthread_cond_signal(&flusher->wake);
        flusher->front = front;
    }
    has_failed = flusher->has_failed;
    if (has_failed)
        *err = flusher->error;
    pthread_mutex_unlock(&flusher->mutex);
    return !has_failed;
}

void flusher_checkpoint(struct flusher *flusher, const struct digest_state *state)
{
    pthread_mutex_lock(&flusher->mutex);
    flusher->state = *state;
    flusher->has_state = true;
    pthread_cond_signal(&flusher->wake);
    pthread_mutex_unlock(&flusher->mutex);
}

void flusher_complete(struct flusher *flusher)
{
    pthread_mutex_lock(&flusher->mutex);
    flusher->is_complete = true;
    pthread_cond_signal(&flusher->wake);
    pthread_mutex_unlock(&flusher->mutex);
}

bool flusher_stop(struct flusher *flusher, struct error *err)
{
    if (flusher == NULL || flusher->is_joined)
        return true;
    pthread_mutex_lock(&flusher->mutex);
    flusher->is_stopped = true;
    pthread_cond_signal(&flusher->wake);
    pthread_mutex_unlock(&flusher->mutex);
    (void)pthread_join(flusher->thread, NULL);
    flusher->is_joined = true;
    if (flusher->has_failed)
        *err = flusher->error;
    return !flusher->has_failed;
}

void flusher_free(struct flusher *flusher)
{
    struct error ignored = ERROR_INIT;

    if (flusher == NULL)
        return;
    (void)flusher_stop(flusher, &ignored);
    (void)pthread_cond_destroy(&flusher->wake);
    (void)pthread_mutex_destroy(&flusher->mutex);
    free(flusher);
}
