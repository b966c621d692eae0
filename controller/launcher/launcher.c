/* SPDX-License-Identifier: Apache-2.0 */
/* The launcher's thread: passes over all instances, and waits between them for news, answers and the clock. */
#include "controller/launcher/launcher.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "controller/launcher/launcher_internal.h"

void launcher_wake(struct launcher *launcher)
{
    uint64_t one = 1;
    ssize_t written = launcher == NULL ? 0 : write(launcher->wake, &one, sizeof(one));

    (void)written; /* a full counter wakes too */
}

void launcher_declared(struct launcher *launcher)
{
    if (launcher == NULL)
        return;
    pthread_mutex_lock(&launcher->mutex);
    launcher->declared_count++;
    pthread_mutex_unlock(&launcher->mutex);
    launcher_wake(launcher);
}

void launcher_suspect(struct launcher *launcher, int64_t instance_id)
{
    bool is_there = false;

    if (launcher == NULL)
        return;
    pthread_mutex_lock(&launcher->mutex);
    for (size_t i = 0; i < launcher->suspects_count; i++)
        is_there = is_there || launcher->suspects[i] == instance_id;
    if (!is_there && launcher->suspects_count < LAUNCHER_BACKENDS_MAX)
        launcher->suspects[launcher->suspects_count++] = instance_id;
    pthread_mutex_unlock(&launcher->mutex);
    launcher_wake(launcher);
}

static bool is_closing(struct launcher *launcher)
{
    bool closing = false;

    pthread_mutex_lock(&launcher->mutex);
    closing = launcher->closing;
    pthread_mutex_unlock(&launcher->mutex);
    return closing;
}

static void *launcher_thread(void *data)
{
    struct launcher *launcher = data;

    while (!is_closing(launcher)) {
        struct pollfd wake = { .fd = launcher->wake, .events = POLLIN };
        struct error ignored = ERROR_INIT;
        uint64_t count = 0;
        ssize_t got = 0;

        if (launcher->group != NULL)
            (void)http_group_wait(launcher->group, &wake, 1, pass_wait_ms(launcher), &ignored);
        else
            poll(&wake, 1, pass_wait_ms(launcher)); /* nobody was asked yet */
        got = read(launcher->wake, &count, sizeof(count));
        (void)got;
        asks_take(launcher);
        if (!is_closing(launcher))
            pass_run(launcher);
    }
    return NULL;
}

bool launcher_open(const struct launcher_options *options, struct launcher **out, struct error *err)
{
    struct arena *arena = arena_new();
    struct launcher *launcher = arena_new_of(arena, struct launcher);
    int failed = 0;

    *launcher = (struct launcher){ .arena = arena,
                                   .options = *options,
                                   .wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
                                   .opened_ms = clock_monotonic_ms(),
                                   .declared_count = 1, /* all of it */
                                   .pass = arena_new(),
                                   .facts = facts_cache_new() };
    pthread_mutex_init(&launcher->mutex, NULL);
    if (launcher->wake >= 0 && store_reader_open(options->store, &launcher->reader, err)) {
        pass_run(launcher); /* who asks from now on, asks one that knows what is served */
        failed = pthread_create(&launcher->thread, NULL, launcher_thread, launcher);
        launcher->thread_runs = failed == 0;
        errno = failed;
        if (launcher->thread_runs || error_set_errno(err, "cannot start the launcher's thread")) {
            *out = launcher;
            return true;
        }
    }
    launcher_free(launcher);
    return false;
}

void launcher_stop(struct launcher *launcher)
{
    if (launcher == NULL)
        return;
    if (launcher->thread_runs) {
        pthread_mutex_lock(&launcher->mutex);
        launcher->closing = true;
        pthread_mutex_unlock(&launcher->mutex);
        launcher_wake(launcher);
        pthread_join(launcher->thread, NULL);
        launcher->thread_runs = false;
    }
    if (launcher->group != NULL)
        http_group_free(launcher->group);
    launcher->group = NULL;
    asks_free(launcher);
    store_reader_close(launcher->reader);
    launcher->reader = NULL;
}

void launcher_free(struct launcher *launcher)
{
    if (launcher == NULL)
        return;
    launcher_stop(launcher);
    view_free(launcher);
    facts_cache_free(launcher->facts);
    log_free(&launcher->log);
    pthread_mutex_destroy(&launcher->mutex);
    fd_close(launcher->wake);
    if (launcher->routes_arena != NULL)
        arena_free_secret(launcher->routes_arena);
    arena_free_secret(launcher->pass);
    arena_free_secret(launcher->arena);
}
