/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store alone: a burst of events, each a work of its own that is acknowledged after its commit, queued at a given rate; then
 * pages of 10,000 nodes. Prints one JSON object. fsyncs and bytes are those that SQLite asks the kernel for.
 *     store_bench FOLDER [EVENTS PER SECOND] [SECONDS] [NODES]
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/store/store_node.h"
#include "controller/store/store_run.h"
#include "controller/store/store_writer.h"

static atomic_long syncs, bytes;

int fdatasync(int fd)
{
    atomic_fetch_add(&syncs, 1);
    return (int)syscall(SYS_fdatasync, fd);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset)
{
    atomic_fetch_add(&bytes, (long)length);
    return syscall(SYS_pwrite64, fd, data, length, offset);
}

static const char BODY[] =
    "{\"task\":\"copy motd\",\"action\":\"copy\",\"host\":\"ai-0042\",\"status\":\"changed\",\"duration_us\":41234,"
    "\"result\":{\"changed\":true,\"dest\":\"/etc/motd\",\"mode\":\"0644\",\"owner\":\"root\",\"size\":312}}";

struct event {
    int64_t queued_us, done_us;
};

static bool event_run(struct store_connection *writer, void *data, struct error *err)
{
    struct store_run_event event = {
        .at_us = ((struct event *)data)->queued_us, .kind = "task_result", .host = "ai-0042", .body = BODY
    };

    return store_run_event_append(writer, 1, &event, 1, NULL, err);
}

static void event_done(void *data, const struct error *err)
{
    if (err != NULL) {
        fprintf(stderr, "store_bench: %s\n", err->text);
        _exit(1);
    }
    ((struct event *)data)->done_us = clock_monotonic_us();
}

static bool base_run(struct store_connection *writer, void *data, struct error *err)
{
    struct store_run run = { .kind = "apply", .title = "site.yml", .actor = "bench", .state = STORE_RUN_RUNNING };
    int64_t id = 0, nodes = *(int64_t *)data;
    bool known = false, ok = store_run_add(writer, &run, &id, &known, err);
    char name[32];

    for (int64_t i = 0; ok && i < nodes; i++) {
        snprintf(name, sizeof(name), "ai-%05lld", (long long)i);
        ok = store_node_expect(writer, name, 1, &id, err) &&
             store_node_verdict_set(writer, id, i % 50 == 0 ? "drift" : "ok", "a sentence about it", 2, err);
    }
    return ok;
}

static int compare(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

    return (one > other) - (one < other);
}

/* Latencies in `out`, sorted; the time it all took is returned. */
static int64_t burst(struct store *store, int64_t rate, int64_t count, int64_t *out)
{
    struct event *events = calloc((size_t)count, sizeof(*events));
    int64_t begin_us = clock_monotonic_us(), took_us = 0;
    struct store_work work = { .run = event_run, .done = event_done };
    struct store_counters counters;
    struct error err = ERROR_INIT;

    for (int64_t i = 0; i < count; i++) {
        int64_t due_us = begin_us + i * 1000000 / rate, now_us = clock_monotonic_us();

        if (due_us > now_us)
            usleep((useconds_t)(due_us - now_us));
        work.data = &events[i];
        events[i].queued_us = clock_monotonic_us();
        while (!store_write(store, &work, &err))
            usleep(1000);
    }
    do {
        usleep(500);
        store_counters(store, &counters);
    } while (counters.works < (uint64_t)count + 1);
    took_us = clock_monotonic_us() - begin_us;
    usleep(100000); /* the last done() */
    for (int64_t i = 0; i < count; i++)
        out[i] = events[i].done_us - events[i].queued_us;
    qsort(out, (size_t)count, sizeof(*out), compare);
    free(events);
    return took_us;
}

/* The median of 100 reads. */
static int64_t page_us(struct store *store, struct store_node_filter filter, struct error *err)
{
    struct store_connection *reader = NULL;
    int64_t took[100];

    if (!store_reader_open(store, &reader, err))
        return -1;
    for (int i = 0; i < 100; i++) {
        ARENA_SCOPED arena = arena_new();
        struct store_node_page page;
        int64_t begin_us = clock_monotonic_us();

        if (!store_node_page(reader, arena, &filter, &page, err))
            return -1;
        took[i] = clock_monotonic_us() - begin_us;
    }
    store_reader_close(reader);
    qsort(took, 100, sizeof(*took), compare);
    return took[50];
}

int main(int argc, char **argv)
{
    int64_t rate = 5000, seconds = 4, nodes = 10000, took_us = 0, *latency = NULL;
    struct store *store = NULL;
    struct store_counters counters, before;
    struct error err = ERROR_INIT;

    if (argc < 2 || (argc > 2 && !text_to_int(argv[2], &rate)) || (argc > 3 && !text_to_int(argv[3], &seconds)) ||
        (argc > 4 && !text_to_int(argv[4], &nodes)) || !store_open(argv[1], &store, &err) ||
        !store_write_wait(store, base_run, &nodes, &err)) {
        fprintf(stderr, "store_bench: %s\n", err.text);
        return 1;
    }
    latency = calloc((size_t)(rate * seconds), sizeof(*latency));
    store_counters(store, &before);
    atomic_store(&syncs, 0);
    atomic_store(&bytes, 0);
    took_us = burst(store, rate, rate * seconds, latency);
    store_counters(store, &counters);
    printf("{\"events\": %lld, \"per_second\": %.0f, \"p50_ms\": %.2f, \"p99_ms\": %.2f, \"max_ms\": %.2f, "
           "\"commits\": %llu, \"fsyncs\": %ld, \"bytes_written\": %ld, ",
           (long long)(rate * seconds), (double)(rate * seconds) * 1e6 / (double)took_us,
           (double)latency[rate * seconds / 2] / 1e3, (double)latency[rate * seconds * 99 / 100] / 1e3,
           (double)latency[rate * seconds - 1] / 1e3, (unsigned long long)(counters.commits - before.commits),
           atomic_load(&syncs), atomic_load(&bytes));
    printf("\"nodes\": %lld, \"first_page_ms\": %.3f, \"middle_page_ms\": %.3f, \"drift_page_ms\": %.3f}\n",
           (long long)nodes, (double)page_us(store, (struct store_node_filter){ 0 }, &err) / 1e3,
           (double)page_us(store, (struct store_node_filter){ .after = "ai-05000" }, &err) / 1e3,
           (double)page_us(store, (struct store_node_filter){ .verdict = "drift" }, &err) / 1e3);
    free(latency);
    store_close(store);
    return 0;
}
