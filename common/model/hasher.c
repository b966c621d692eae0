/* SPDX-License-Identifier: Apache-2.0 */
/* Hashing beside the network: one thread, one mutex, and a front that only grows. */
#include "common/model/hasher.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/model/flusher.h"

#define READ_SIZE (256 * 1024)
#define MAP_SIZE (4 * 1024 * 1024) /* taking a mapping away interrupts the other processors */
#define MAP_STEP (64 * 1024)       /* where a mapping may begin, on every machine */
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif
#define PIECE_WORTH (1024 * 1024)               /* less is waited for, for ... */
#define PIECE_WAIT_MS 20                        /* ... this long */
#define CHECKPOINT_BYTES (1024LL * 1024 * 1024) /* this much, or ... */
#define CHECKPOINT_MS 2000      /* ... this much work is lost by a power cut, and what the disk is behind */
#define IDLE_CHECKPOINT_MS 1000 /* nothing comes: what is there is made safe sooner */

struct hasher {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake, caught_up;
    struct partial *partial;
    struct flusher *flusher;
    bool is_joined;

    /* under the mutex */
    int64_t front, position, awaited; /* somebody waits for that position; -1: nobody */
    bool is_last, is_stopped, has_failed;
    struct error error;

    /* the thread's own */
    struct digest digest;
    int64_t checked_length, checked_ms;
    char *buffer;
};

static void checkpoint(struct hasher *hasher)
{
    struct digest_state state;

    if (digest_save(&hasher->digest, &state) && state.length > hasher->checked_length) {
        flusher_checkpoint(hasher->flusher, &state);
        hasher->checked_length = state.length;
    }
    hasher->checked_ms = clock_monotonic_ms();
}

/* On the clock that does not jump. False: the time is over. */
static bool wait_at_most(struct hasher *hasher, pthread_cond_t *condition, int wait_ms)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += wait_ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    return pthread_cond_timedwait(condition, &hasher->mutex, &until) != ETIMEDOUT;
}

/* Under the mutex: somebody may wait for this position. */
static void tell_position(struct hasher *hasher)
{
    hasher->position = hasher->digest.length;
    if (hasher->awaited >= 0 && hasher->position >= hasher->awaited)
        pthread_cond_signal(&hasher->caught_up);
}

/* Waits until there is something to hash, or nothing has come for long. False: it is over. */
static bool wait_for_work(struct hasher *hasher, int64_t *front_out)
{
    bool goes_on, is_idle = false;
    int64_t left;

    pthread_mutex_lock(&hasher->mutex);
    tell_position(hasher);
    for (;;) {
        left = hasher->front - hasher->digest.length;
        if (is_idle || hasher->is_stopped || hasher->is_last || left >= PIECE_WORTH)
            break;
        is_idle = !wait_at_most(hasher, &hasher->wake, left >= DIGEST_BLOCK ? PIECE_WAIT_MS : IDLE_CHECKPOINT_MS);
    }
    *front_out = hasher->front;
    goes_on = !hasher->is_stopped && !(hasher->is_last && left == 0);
    pthread_mutex_unlock(&hasher->mutex);
    if (goes_on && is_idle && left < DIGEST_BLOCK)
        checkpoint(hasher);
    return goes_on;
}

/*
 * A piece as it lies in the page cache, which saves the copy: a seventh of the time. False: nothing done. The kernel is asked
 * to have the pages there first, as one that cannot be read would end the process; older kernels than 5.14 cannot do that.
 */
static bool hash_mapped(struct hasher *hasher, int64_t left)
{
    size_t size = left > MAP_SIZE ? MAP_SIZE : (size_t)left, skip = (size_t)(hasher->digest.length % MAP_STEP);
    char *map = mmap(NULL, skip + size, PROT_READ, MAP_SHARED, hasher->partial->fd,
                     (off_t)(hasher->digest.length - (int64_t)skip));
    bool done;

    if (map == MAP_FAILED)
        return false;
    done = madvise(map, skip + size, MADV_POPULATE_READ) == 0;
    if (done)
        digest_add(&hasher->digest, map + skip, size);
    (void)munmap(map, skip + size);
    return done;
}

static ssize_t read_piece(const struct hasher *hasher, size_t size)
{
    ssize_t got;

    do
        got = pread(hasher->partial->fd, hasher->buffer, size, hasher->digest.length);
    while (got < 0 && errno == EINTR);
    return got;
}

/* One piece, in whole blocks but for the file's end. */
static bool hash_piece(struct hasher *hasher, int64_t front)
{
    int64_t left = front - hasher->digest.length;
    size_t size = left > READ_SIZE ? READ_SIZE : (size_t)left;
    ssize_t got;

    if (left >= READ_SIZE && hash_mapped(hasher, left))
        return true;
    errno = EIO; /* the file is shorter than what was written */
    got = read_piece(hasher, size);
    if (got != (ssize_t)size) {
        pthread_mutex_lock(&hasher->mutex);
        hasher->has_failed = true;
        error_set_errno(&hasher->error, "cannot read what was written to '%s'", hasher->partial->path);
        pthread_mutex_unlock(&hasher->mutex);
        return false;
    }
    digest_add(&hasher->digest, hasher->buffer, size);
    return true;
}

static bool is_due(const struct hasher *hasher)
{
    return hasher->digest.length - hasher->checked_length >= CHECKPOINT_BYTES ||
           clock_monotonic_ms() - hasher->checked_ms >= CHECKPOINT_MS;
}

static bool is_over(struct hasher *hasher, bool *is_last_out)
{
    bool is_stopped;

    pthread_mutex_lock(&hasher->mutex);
    tell_position(hasher);
    is_stopped = hasher->is_stopped;
    *is_last_out = hasher->is_last;
    pthread_mutex_unlock(&hasher->mutex);
    return is_stopped;
}

static void *hasher_run(void *context)
{
    struct hasher *hasher = context;
    int64_t front = 0;
    bool is_last = false;

    while (wait_for_work(hasher, &front)) {
        while (!is_over(hasher, &is_last) && front > hasher->digest.length) {
            int64_t whole = is_last ? front : front - front % DIGEST_BLOCK;

            if (whole <= hasher->digest.length)
                break;
            if (!hash_piece(hasher, whole))
                return NULL;
            if (is_due(hasher))
                checkpoint(hasher);
        }
    }
    return NULL;
}

bool hasher_start(struct partial *partial, struct hasher **out, struct error *err)
{
    struct hasher *hasher = calloc(1, sizeof(*hasher));
    pthread_condattr_t monotonic;

    if (hasher == NULL)
        return error_set(err, "no memory");
    hasher->buffer = malloc(READ_SIZE);
    hasher->partial = partial;
    digest_resume(&hasher->digest, &partial->verified);
    if (partial->verified.length == 0)
        digest_start(&hasher->digest);
    hasher->front = hasher->position = hasher->checked_length = partial->verified.length;
    hasher->awaited = -1;
    hasher->checked_ms = clock_monotonic_ms();
    (void)pthread_mutex_init(&hasher->mutex, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC); /* the wall clock may jump */
    (void)pthread_cond_init(&hasher->wake, &monotonic);
    (void)pthread_cond_init(&hasher->caught_up, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    hasher->is_joined = true;
    if (!flusher_start(partial, &hasher->flusher, err)) {
        hasher_free(hasher);
        return false;
    }
    if (hasher->buffer == NULL || pthread_create(&hasher->thread, NULL, hasher_run, hasher) != 0) {
        hasher_free(hasher);
        return error_set(err, "the thread that hashes cannot be started");
    }
    hasher->is_joined = false;
    *out = hasher;
    return true;
}

bool hasher_advance(struct hasher *hasher, int64_t front, struct error *err)
{
    bool has_failed;

    pthread_mutex_lock(&hasher->mutex);
    if (front > hasher->front) {
        /* it looks by itself for what is less */
        if (front - hasher->position >= PIECE_WORTH || hasher->front - hasher->position < DIGEST_BLOCK)
            pthread_cond_signal(&hasher->wake);
        hasher->front = front;
    }
    has_failed = hasher->has_failed;
    if (has_failed)
        *err = hasher->error;
    pthread_mutex_unlock(&hasher->mutex);
    return !has_failed && flusher_advance(hasher->flusher, front, err);
}

void hasher_await(struct hasher *hasher, int64_t position, int wait_ms)
{
    pthread_mutex_lock(&hasher->mutex);
    if (!hasher->has_failed && hasher->position < position) {
        hasher->awaited = position;
        (void)wait_at_most(hasher, &hasher->caught_up, wait_ms);
        hasher->awaited = -1;
    }
    pthread_mutex_unlock(&hasher->mutex);
}

int64_t hasher_position(struct hasher *hasher)
{
    int64_t position;

    pthread_mutex_lock(&hasher->mutex);
    position = hasher->position;
    pthread_mutex_unlock(&hasher->mutex);
    return position;
}

static void join(struct hasher *hasher, bool is_stopped)
{
    if (hasher->is_joined)
        return;
    pthread_mutex_lock(&hasher->mutex);
    hasher->is_last = !is_stopped;
    hasher->is_stopped = is_stopped;
    pthread_cond_signal(&hasher->wake);
    pthread_mutex_unlock(&hasher->mutex);
    (void)pthread_join(hasher->thread, NULL);
    hasher->is_joined = true;
}

bool hasher_finish(struct hasher *hasher, char sha256_out[DIGEST_HEX], struct error *err)
{
    flusher_complete(hasher->flusher); /* meanwhile the rest is hashed */
    join(hasher, false);
    if (hasher->has_failed) {
        *err = hasher->error;
        return false;
    }
    if (!flusher_stop(hasher->flusher, err))
        return false;
    digest_hex(&hasher->digest, sha256_out);
    return true;
}

void hasher_stop(struct hasher *hasher)
{
    struct error ignored = ERROR_INIT;

    if (hasher == NULL || hasher->is_joined)
        return;
    join(hasher, true);
    if (!hasher->has_failed)
        checkpoint(hasher);
    (void)flusher_stop(hasher->flusher, &ignored);
}

void hasher_free(struct hasher *hasher)
{
    if (hasher == NULL)
        return;
    hasher_stop(hasher);
    flusher_free(hasher->flusher);
    (void)pthread_cond_destroy(&hasher->wake);
    (void)pthread_cond_destroy(&hasher->caught_up);
    (void)pthread_mutex_destroy(&hasher->mutex);
    free(hasher->buffer);
    free(hasher);
}
