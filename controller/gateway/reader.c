/* SPDX-License-Identifier: Apache-2.0 */
/* A thread that reads large bodies, so that the HTTP thread goes on with everybody else's streams meanwhile. */
#include <stdlib.h>

#include "controller/gateway/gateway_internal.h"

struct reader {
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    pthread_t thread;
    struct reading *first, **last;
    bool closing;
};

static struct reading *reader_next(struct reader *reader)
{
    struct reading *reading = NULL;

    pthread_mutex_lock(&reader->mutex);
    while (reader->first == NULL && !reader->closing)
        pthread_cond_wait(&reader->filled, &reader->mutex);
    reading = reader->first;
    if (reading != NULL) {
        reader->first = reading->next;
        if (reader->first == NULL)
            reader->last = &reader->first;
    }
    pthread_mutex_unlock(&reader->mutex);
    return reading;
}

static void *reader_run(void *data)
{
    struct reader *reader = data;

    for (struct reading *reading = reader_next(reader); reading != NULL; reading = reader_next(reader)) {
        struct request *request = reading->request;

        reading->is_good =
            ask_read(request->arena, request->ask.kind, reading->body, reading->length, &request->ask, &reading->why);
        api_resume(reading->call);
    }
    return NULL;
}

bool reader_start(struct reader **out, struct error *err)
{
    struct reader *reader = calloc(1, sizeof(*reader));

    if (reader == NULL)
        return error_set(err, "no memory");
    pthread_mutex_init(&reader->mutex, NULL);
    pthread_cond_init(&reader->filled, NULL);
    reader->last = &reader->first;
    if (pthread_create(&reader->thread, NULL, reader_run, reader) != 0) {
        pthread_cond_destroy(&reader->filled);
        pthread_mutex_destroy(&reader->mutex);
        free(reader);
        return error_set(err, "cannot start the thread that reads bodies");
    }
    *out = reader;
    return true;
}

void reader_stop(struct reader *reader)
{
    if (reader == NULL)
        return;
    pthread_mutex_lock(&reader->mutex);
    reader->closing = true;
    pthread_cond_broadcast(&reader->filled);
    pthread_mutex_unlock(&reader->mutex);
    pthread_join(reader->thread, NULL);
    pthread_cond_destroy(&reader->filled);
    pthread_mutex_destroy(&reader->mutex);
    free(reader);
}

void reader_take(struct reader *reader, struct reading *reading)
{
    pthread_mutex_lock(&reader->mutex);
    reading->next = NULL;
    *reader->last = reading;
    reader->last = &reading->next;
    pthread_cond_signal(&reader->filled);
    pthread_mutex_unlock(&reader->mutex);
}
