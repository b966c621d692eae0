/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one thread that writes. What waits is taken into one transaction, each work in a savepoint of its own (one that fails is
 * undone alone), and acknowledged when the commit has reached the disk: thousands of works cost a few fsyncs.
 */
#pragma once

#include "controller/store/store.h"

struct store_work {
    /* In the writer's thread, with its connection: writes and reads, and sees what was written before in the transaction. May
     * run a second time after everything that it wrote was undone (another work's error took the transaction along), so it
     * sets its outputs afresh and touches nothing outside. False: undone, done() gets the error. */
    bool (*run)(struct store_connection *writer, void *data, struct error *err);
    /* In the writer's thread, exactly once, in the order of store_write. NULL: it is on disk. It must not block. May be NULL. */
    void (*done)(void *data, const struct error *err);
    void *data; /* lives until done() */
};

/* From any thread. False: nothing was queued, done() will not run; ERROR_LIMIT: LIMIT_STORE_QUEUE works wait already (try again
 * later), ERROR_CANCELLED: the store is being closed. */
bool store_write(struct store *store, const struct store_work *work, struct error *err);
/* For callers that may block (never done(), never the HTTP thread): waits for room in the queue and for the disk. */
bool store_write_wait(struct store *store, bool (*run)(struct store_connection *writer, void *data, struct error *err),
                      void *data, struct error *err);

/* Within a work: one whose failure undoes what it wrote itself and nothing else; done() is not looked at. *done_out: it did not fail, else
 * `err` says why. False: the whole transaction is lost. */
bool store_try(struct store_connection *writer, const struct store_work *work, bool *done_out, struct error *err);

struct store_counters {
    uint64_t works, failed; /* acknowledged; refused by run(), the disk or the database */
    uint64_t commits;       /* transactions with something in them */
    uint64_t refused;       /* queue full */
    uint64_t waiting;       /* in the queue now */
    int64_t commit_us;      /* time of the last transaction, from its begin to the disk */
};
void store_counters(struct store *store, struct store_counters *out);
