/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that runs benchmarks one after the other. */
#include "controller/bench/benches.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/text.h"
#include "controller/bench/bench_order.h"
#include "controller/bench/bench_step.h"

#define LOOK_MS 250   /* at the one that runs */
#define IDLE_MS 30000 /* nothing is asked for */

struct benches {
    struct benches_options options;
    struct store_connection *reader;
    pthread_t thread;
    int wake; /* eventfd */
    atomic_bool closing;
    bool thread_runs;
};

/* Waits so long, or until it is woken; false: it is to end. */
static bool rest(struct benches *benches, int wait_ms)
{
    struct pollfd wake = { .fd = benches->wake, .events = POLLIN };
    uint64_t count = 0;

    if (poll(&wake, 1, wait_ms) > 0 && read(benches->wake, &count, sizeof(count)) < 0 && errno != EAGAIN)
        return false;
    return !atomic_load(&benches->closing);
}

static void tell(const struct benches *benches, int64_t id)
{
    launcher_wake(benches->options.launcher);
    if (benches->options.news != NULL)
        benches->options.news(benches->options.data, id);
}

/* The one that runs, else the first that waits. *open_out: there is one. A store that cannot be read now is asked again. */
static void pass(struct benches *benches, struct arena *arena, bool *open_out)
{
    struct bench_step step = { .store = benches->options.store,
                               .reader = benches->reader,
                               .arena = arena,
                               .patience_s = benches->options.patience_s };
    struct store_bench *list = NULL;
    const struct store_bench *next = NULL;
    struct error ignored = ERROR_INIT;
    bool changed = false, is_ok = false;
    size_t count = 0;

    if (!store_bench_open_list(benches->reader, arena, &list, &count, &ignored))
        return;
    *open_out = count > 0;
    next = count > 0 ? &list[0] : NULL;
    for (size_t i = 0; i < count; i++)
        next = text_equal(list[i].state, "running") && !text_equal(next->state, "running") ? &list[i] : next;
    if (next == NULL)
        return;
    is_ok = text_equal(next->state, "running") ? bench_step_look(&step, next, &changed, &ignored)
                                               : bench_step_begin(&step, next, &changed, &ignored);
    if (is_ok && changed)
        tell(benches, next->id);
}

static void *benches_thread(void *data)
{
    struct benches *benches = data;
    bool goes_on = true;

    while (goes_on) {
        ARENA_SCOPED arena = arena_new();
        bool is_open = false;

        pass(benches, arena, &is_open);
        goes_on = rest(benches, is_open ? LOOK_MS : IDLE_MS);
    }
    return NULL;
}

bool benches_open(const struct benches_options *options, struct benches **out, struct error *err)
{
    struct benches *benches = calloc(1, sizeof(*benches));
    int failed = 0;

    if (benches == NULL)
        return error_set(err, "no memory");
    benches->options = *options;
    if (benches->options.patience_s == 0)
        benches->options.patience_s = BENCHES_PATIENCE_S;
    benches->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (benches->wake < 0) {
        error_set_errno(err, "cannot make an eventfd");
    } else if (store_reader_open(options->store, &benches->reader, err)) {
        failed = pthread_create(&benches->thread, NULL, benches_thread, benches);
        benches->thread_runs = failed == 0;
        errno = failed;
        if (benches->thread_runs || error_set_errno(err, "cannot start the thread of the benchmarks")) {
            *out = benches;
            return true;
        }
    }
    benches_free(benches);
    return false;
}

void benches_wake(struct benches *benches)
{
    uint64_t one = 1;
    ssize_t written = benches == NULL ? 0 : write(benches->wake, &one, sizeof(one));

    (void)written; /* a full counter wakes too */
}

void benches_stop(struct benches *benches)
{
    if (!benches->thread_runs)
        return;
    atomic_store(&benches->closing, true);
    benches_wake(benches);
    pthread_join(benches->thread, NULL);
    benches->thread_runs = false;
    store_reader_close(benches->reader);
    benches->reader = NULL;
}

void benches_free(struct benches *benches)
{
    if (benches == NULL)
        return;
    benches_stop(benches);
    store_reader_close(benches->reader);
    fd_close(benches->wake);
    free(benches);
}

bool benches_cancel(struct store_connection *writer, int64_t id, const char *by, bool *found_out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct store_bench *bench = NULL;

    *found_out = false;
    if (!store_bench_get(writer, arena, id, &bench, err))
        return false;
    if (bench == NULL || !(text_equal(bench->state, "waiting") || text_equal(bench->state, "running")))
        return true;
    *found_out = true;
    bench->state = "failed";
    bench->sentence = arena_printf(arena, "given up by %s", by);
    bench->ended_us = clock_wall_us();
    bench->nodes = bench->host = NULL;
    return bench_end_write(writer, bench, err);
}
