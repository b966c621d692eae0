/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue and the writer's thread. The mutex guards the queue and the counters; transactions run without it, so that others
 * queue meanwhile, and the longer the disk takes the more one commit carries.
 */
#include "controller/store/store_writer.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "controller/store/store_event.h"
#include "controller/store/store_internal.h"

struct entry {
    struct store_work work;
    const struct error *failure; /* in the batch's arena; NULL: written */
};

struct batch {
    struct arena *arena;
    struct store_connection *connection;
    struct entry *entries;
    size_t count;
    uint64_t commits;
};

/* --- one transaction --- */

static void entry_fail(const struct batch *batch, struct entry *entry, const struct error *err)
{
    struct error *kept = arena_new_of(batch->arena, struct error);

    *kept = *err;
    entry->failure = kept;
}

static bool in_transaction(const struct batch *batch)
{
    return !sqlite3_get_autocommit(batch->connection->db);
}

/* False: the whole transaction is lost (disk full, input or output error). A work that fails alone is undone alone. */
static bool entry_run(struct batch *batch, struct entry *entry, struct error *err)
{
    struct error failure = ERROR_INIT;

    if (!connection_execute(batch->connection, "SAVEPOINT work", err))
        return false;
    if (entry->work.run(batch->connection, entry->work.data, &failure) && in_transaction(batch))
        return connection_execute(batch->connection, "RELEASE work", err);
    if (!in_transaction(batch)) {
        *err = failure;
        if (err->text[0] == '\0')
            error_set(err, "the store took the transaction back");
        return false;
    }
    entry_fail(batch, entry, &failure);
    return connection_execute(batch->connection, "ROLLBACK TO work; RELEASE work", err);
}

bool store_try(struct store_connection *writer, const struct store_work *work, bool *done_out, struct error *err)
{
    struct error other = ERROR_INIT;

    *done_out = false;
    if (!connection_execute(writer, "SAVEPOINT part", err))
        return false;
    *done_out = work->run(writer, work->data, err);
    if (sqlite3_get_autocommit(writer->db) != 0)
        return false;
    return connection_execute(writer, *done_out ? "RELEASE part" : "ROLLBACK TO part; RELEASE part",
                              *done_out ? err : &other);
}

static bool entries_write(struct batch *batch, struct entry *entries, size_t count, struct error *err)
{
    int64_t changes = sqlite3_total_changes64(batch->connection->db);
    bool ok = connection_execute(batch->connection, "BEGIN IMMEDIATE", err);

    for (size_t i = 0; i < count; i++)
        entries[i].failure = NULL;
    for (size_t i = 0; ok && i < count; i++)
        ok = entry_run(batch, &entries[i], err);
    ok = ok && connection_execute(batch->connection, "COMMIT", err);
    if (!ok && in_transaction(batch))
        (void)sqlite3_exec(batch->connection->db, "ROLLBACK", NULL, NULL, NULL);
    if (ok && sqlite3_total_changes64(batch->connection->db) != changes)
        batch->commits++;
    return ok;
}

/* When a transaction is lost as a whole, each work is tried alone: one that asks too much does not take others along. */
static void batch_write(struct batch *batch)
{
    struct error err = ERROR_INIT;

    if (batch->count > 1 && entries_write(batch, batch->entries, batch->count, &err))
        return;
    for (size_t i = 0; i < batch->count; i++) {
        error_clear(&err);
        if (!entries_write(batch, &batch->entries[i], 1, &err))
            entry_fail(batch, &batch->entries[i], &err);
    }
}

/* --- the thread --- */

/* False: closing, and nothing waits any more. */
static bool batch_take(struct writer *writer, struct batch *batch)
{
    pthread_mutex_lock(&writer->mutex);
    while (writer->count == 0 && !writer->closing)
        pthread_cond_wait(&writer->filled, &writer->mutex);
    batch->count = writer->count < LIMIT_STORE_BATCH ? writer->count : LIMIT_STORE_BATCH;
    for (size_t i = 0; i < batch->count; i++)
        batch->entries[i] = (struct entry){ .work = writer->ring[(writer->head + i) % LIMIT_STORE_QUEUE] };
    writer->head = (writer->head + batch->count) % LIMIT_STORE_QUEUE;
    writer->count -= batch->count;
    pthread_cond_broadcast(&writer->drained);
    pthread_mutex_unlock(&writer->mutex);
    return batch->count > 0;
}

static void batch_count(struct writer *writer, const struct batch *batch, int64_t took_us)
{
    pthread_mutex_lock(&writer->mutex);
    for (size_t i = 0; i < batch->count; i++)
        *(batch->entries[i].failure == NULL ? &writer->counters.works : &writer->counters.failed) += 1;
    writer->counters.commits += batch->commits;
    writer->counters.commit_us = took_us;
    pthread_mutex_unlock(&writer->mutex);
}

/* With the mutex held, so that who takes its ear away is not told any more. */
static void events_tell(struct writer *writer)
{
    if (!writer->connection->events_added)
        return;
    writer->connection->events_added = false;
    pthread_mutex_lock(&writer->mutex);
    if (writer->told != NULL)
        writer->told(writer->told_data);
    pthread_mutex_unlock(&writer->mutex);
}

static void *writer_thread(void *data)
{
    struct writer *writer = data;
    struct batch batch = { .arena = arena_new(), .connection = writer->connection };
    struct arena *arena = arena_new();

    batch.entries = arena_new_array(arena, struct entry, LIMIT_STORE_BATCH);
    while (batch_take(writer, &batch)) {
        int64_t begin_us = clock_monotonic_us();

        batch.commits = 0;
        batch_write(&batch);
        batch_count(writer, &batch, clock_monotonic_us() - begin_us);
        for (size_t i = 0; i < batch.count; i++) {
            if (batch.entries[i].work.done != NULL)
                batch.entries[i].work.done(batch.entries[i].work.data, batch.entries[i].failure);
        }
        events_tell(writer);
        arena_reset(batch.arena);
    }
    arena_free(batch.arena);
    arena_free(arena);
    return NULL;
}

static void writer_free(struct writer *writer)
{
    pthread_cond_destroy(&writer->filled);
    pthread_cond_destroy(&writer->drained);
    pthread_mutex_destroy(&writer->mutex);
    free(writer->ring);
}

bool writer_start(struct writer *writer, struct error *err)
{
    int failed = 0;

    writer->ring = calloc(LIMIT_STORE_QUEUE, sizeof(*writer->ring));
    if (writer->ring == NULL)
        return error_set_errno(err, "cannot start the store's writer");
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_cond_init(&writer->filled, NULL);
    pthread_cond_init(&writer->drained, NULL);
    failed = pthread_create(&writer->thread, NULL, writer_thread, writer);
    if (failed != 0) {
        writer_free(writer);
        return error_set(err, "cannot start the store's writer: %s", strerror(failed));
    }
    return true;
}

void writer_stop(struct writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    writer->closing = true;
    pthread_cond_broadcast(&writer->filled);
    pthread_cond_broadcast(&writer->drained);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);
    writer_free(writer);
}

/* --- from other threads --- */

/* With the mutex held. */
static bool work_queue(struct writer *writer, const struct store_work *work, struct error *err)
{
    if (writer->closing)
        return error_set_kind(err, ERROR_CANCELLED, "the store is being closed");
    if (writer->count == LIMIT_STORE_QUEUE) {
        writer->counters.refused++;
        return error_set_kind(err, ERROR_LIMIT, "the store is busy: %d works wait to be written", LIMIT_STORE_QUEUE);
    }
    writer->ring[(writer->head + writer->count) % LIMIT_STORE_QUEUE] = *work;
    if (writer->count++ == 0)
        pthread_cond_signal(&writer->filled);
    return true;
}

bool store_write(struct store *store, const struct store_work *work, struct error *err)
{
    struct writer *writer = &store->writer;
    bool ok = false;

    pthread_mutex_lock(&writer->mutex);
    ok = work_queue(writer, work, err);
    pthread_mutex_unlock(&writer->mutex);
    return ok;
}

struct waiter {
    pthread_mutex_t mutex;
    pthread_cond_t finished;
    bool (*run)(struct store_connection *writer, void *data, struct error *err);
    void *data;
    bool is_over, ok;
    struct error *err;
};

static bool waiter_run(struct store_connection *writer, void *data, struct error *err)
{
    struct waiter *waiter = data;

    return waiter->run(writer, waiter->data, err);
}

static void waiter_done(void *data, const struct error *err)
{
    struct waiter *waiter = data;

    pthread_mutex_lock(&waiter->mutex);
    waiter->is_over = true;
    waiter->ok = err == NULL;
    if (err != NULL)
        *waiter->err = *err;
    pthread_cond_signal(&waiter->finished);
    pthread_mutex_unlock(&waiter->mutex);
}

static bool work_queue_wait(struct writer *writer, const struct store_work *work, struct error *err)
{
    bool ok = false;

    if (pthread_equal(pthread_self(), writer->thread))
        return error_set(err, "the store's writer cannot wait for itself");
    pthread_mutex_lock(&writer->mutex);
    while (writer->count == LIMIT_STORE_QUEUE && !writer->closing)
        pthread_cond_wait(&writer->drained, &writer->mutex);
    ok = work_queue(writer, work, err);
    pthread_mutex_unlock(&writer->mutex);
    return ok;
}

bool store_write_wait(struct store *store, bool (*run)(struct store_connection *writer, void *data, struct error *err),
                      void *data, struct error *err)
{
    struct waiter waiter = { .run = run, .data = data, .err = err };
    struct store_work work = { .run = waiter_run, .done = waiter_done, .data = &waiter };
    bool ok = false;

    pthread_mutex_init(&waiter.mutex, NULL);
    pthread_cond_init(&waiter.finished, NULL);
    ok = work_queue_wait(&store->writer, &work, err);
    if (ok) {
        pthread_mutex_lock(&waiter.mutex);
        while (!waiter.is_over)
            pthread_cond_wait(&waiter.finished, &waiter.mutex);
        ok = waiter.ok;
        pthread_mutex_unlock(&waiter.mutex);
    }
    pthread_cond_destroy(&waiter.finished);
    pthread_mutex_destroy(&waiter.mutex);
    return ok;
}

void store_events_watch(struct store *store, void (*told)(void *data), void *data)
{
    struct writer *writer = &store->writer;

    pthread_mutex_lock(&writer->mutex);
    writer->told = told;
    writer->told_data = data;
    pthread_mutex_unlock(&writer->mutex);
}

void store_counters(struct store *store, struct store_counters *out)
{
    struct writer *writer = &store->writer;

    pthread_mutex_lock(&writer->mutex);
    *out = writer->counters;
    out->waiting = writer->count;
    pthread_mutex_unlock(&writer->mutex);
}
