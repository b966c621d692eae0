/* SPDX-License-Identifier: Apache-2.0 */
/* Inside controller/store: the store and its writer. */
#pragma once

#include <pthread.h>

#include "controller/store/connection.h"
#include "controller/store/store_writer.h"

struct writer {
    pthread_mutex_t mutex;
    pthread_cond_t filled, drained;
    pthread_t thread;
    bool closing;
    struct store_work *ring; /* LIMIT_STORE_QUEUE; under the mutex */
    size_t head, count;
    struct store_counters counters;
    void (*told)(void *data); /* of events, with told_data; under the mutex */
    void *told_data;
    struct store_connection *connection; /* of the thread alone */
};

struct store {
    char *folder, *path;
    int lock_fd; /* locked while the store is open; what is written in it tells that the end was not clean */
    struct writer writer;
};

bool writer_start(struct writer *writer, struct error *err);
void writer_stop(struct writer *writer); /* after all that waits */

/* --- store_lock.c --- */

/* Makes and looks at the folder, takes the lock. *unclean_out: whoever held it last did not end. -1: err. */
int store_folder_lock(const char *folder, bool *unclean_out, struct error *err);
bool store_folder_mark(int fd, bool running, struct error *err);
