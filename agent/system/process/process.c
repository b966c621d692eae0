/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serving a started program until it ends: feeds its input, keeps its output within LIMIT_PROCESS_OUTPUT, ends its
 * whole group on timeout or cancellation, and looks at the system's watch meanwhile. One loop around poll(), no
 * threads.
 */
#include "agent/system/process/process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/system/process/process_start.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/text.h"

#define QUIET_MS 1000     /* how long output may stay silent after the program ended but left its pipe to a child */
#define TERMINATE_MS 2000 /* between SIGTERM and SIGKILL */
#define POLL_MS_MAX 60000
#define POLL_MS_NO_PIDFD 20
#define READ_SIZE 65536

struct process_stream {
    int fd;
    char *data; /* malloc'ed while it grows, copied into the arena at the end */
    size_t length, capacity;
    bool truncated;
};

enum process_stop { STOP_NONE, STOP_TIMEOUT, STOP_CANCEL };

struct process_run_state {
    const struct system *system;
    struct process_pipes pipes;
    struct process_stream output, errors;
    const char *input;
    size_t input_left;
    int64_t deadline_ms; /* 0: none */
    int64_t kill_ms;     /* when SIGTERM becomes SIGKILL; 0: not asked to end */
    int64_t quiet_ms;    /* when silence after the end is enough; moves with every byte */
    enum process_stop stop;
    bool has_ended;
    int wait_status;
};

/* --- streams --- */

static bool stream_keep(struct process_stream *stream, const char *data, size_t length)
{
    size_t room = LIMIT_PROCESS_OUTPUT - stream->length;

    if (length > room) {
        length = room;
        stream->truncated = true;
    }
    if (stream->length + length > stream->capacity) {
        size_t bigger = stream->capacity ? stream->capacity * 2 : READ_SIZE;
        char *grown = realloc(stream->data, bigger > stream->length + length ? bigger : stream->length + length);
        if (!grown) {
            stream->truncated = true;
            return false;
        }
        stream->data = grown;
        stream->capacity = bigger > stream->length + length ? bigger : stream->length + length;
    }
    if (length > 0)
        memcpy(stream->data + stream->length, data, length);
    stream->length += length;
    return true;
}

/* Reads once; closes the stream at its end. True if bytes came. */
static bool stream_read(struct process_stream *stream)
{
    char buffer[READ_SIZE];
    ssize_t got = read(stream->fd, buffer, sizeof buffer);

    if (got > 0) {
        stream_keep(stream, buffer, (size_t)got);
        return true;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        fd_close(stream->fd);
        stream->fd = -1;
    }
    return false;
}

static void stream_finish(struct arena *arena, struct process_stream *stream, char **data_out, size_t *length_out)
{
    fd_close(stream->fd);
    stream->fd = -1;
    *data_out = arena_copy_n(arena, stream->data ? stream->data : "", stream->length);
    *length_out = stream->length;
    free(stream->data);
    stream->data = NULL;
}

static void input_write(struct process_run_state *run)
{
    ssize_t put = write(run->pipes.input, run->input, run->input_left);

    if (put > 0) {
        run->input += put;
        run->input_left -= (size_t)put;
    }
    if (run->input_left == 0 || (put < 0 && errno != EAGAIN && errno != EINTR)) {
        fd_close(run->pipes.input);
        run->pipes.input = -1;
    }
}

/* --- ending --- */

static void process_stop(struct process_run_state *run, enum process_stop why)
{
    if (run->stop != STOP_NONE)
        return;
    run->stop = why;
    run->kill_ms = clock_monotonic_ms() + TERMINATE_MS;
    (void)kill(-run->pipes.pid, SIGTERM);
    (void)kill(-run->pipes.pid, SIGCONT);
}

static void process_reap(struct process_run_state *run)
{
    siginfo_t info = { .si_pid = 0 };

    if (run->has_ended || waitid(P_PID, (id_t)run->pipes.pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid == 0)
        return;
    if (run->stop != STOP_NONE) /* while the zombie still holds the group's number */
        (void)kill(-run->pipes.pid, SIGKILL);
    (void)waitpid(run->pipes.pid, &run->wait_status, 0);
    run->has_ended = true;
    run->quiet_ms = clock_monotonic_ms() + QUIET_MS;
}

static void process_check_time(struct process_run_state *run)
{
    int64_t now = clock_monotonic_ms();

    if (run->system->cancelled && *run->system->cancelled)
        process_stop(run, STOP_CANCEL);
    if (run->deadline_ms > 0 && now >= run->deadline_ms)
        process_stop(run, STOP_TIMEOUT);
    if (!run->has_ended && run->kill_ms > 0 && now >= run->kill_ms) {
        (void)kill(-run->pipes.pid, SIGKILL);
        run->kill_ms = now + TERMINATE_MS;
    }
}

static bool process_is_done(const struct process_run_state *run)
{
    if (!run->has_ended)
        return false;
    if (run->output.fd < 0 && run->errors.fd < 0)
        return true;
    return run->stop != STOP_NONE || clock_monotonic_ms() >= run->quiet_ms;
}

/* --- the loop --- */

static int process_wait_ms(const struct process_run_state *run)
{
    int64_t now = clock_monotonic_ms();
    int64_t wait = run->pipes.watch < 0 && !run->has_ended ? POLL_MS_NO_PIDFD : POLL_MS_MAX;
    const int64_t ends[] = { run->stop == STOP_NONE ? run->deadline_ms : 0, run->has_ended ? 0 : run->kill_ms,
                             run->has_ended ? run->quiet_ms : 0 };

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (ends[i] > 0 && ends[i] - now < wait)
            wait = ends[i] > now ? ends[i] - now : 0;
    return (int)wait;
}

static void process_serve(struct process_run_state *run, const struct pollfd fds[5])
{
    bool has_data = false;

    if (fds[0].revents && run->output.fd >= 0)
        has_data = stream_read(&run->output);
    if (fds[1].revents && run->errors.fd >= 0)
        has_data = stream_read(&run->errors) || has_data;
    if (fds[2].revents && run->pipes.input >= 0)
        input_write(run);
    if (fds[4].revents)
        run->system->watch->ready(run->system->watch->context);
    if (has_data && run->has_ended)
        run->quiet_ms = clock_monotonic_ms() + QUIET_MS;
}

static void process_loop(struct process_run_state *run)
{
    const struct system_watch *watch = run->system->watch;

    while (!process_is_done(run)) {
        struct pollfd fds[5] = {
            { .fd = run->output.fd, .events = POLLIN },
            { .fd = run->errors.fd, .events = POLLIN },
            { .fd = run->pipes.input, .events = POLLOUT },
            { .fd = run->has_ended ? -1 : run->pipes.watch, .events = POLLIN },
            { .fd = watch ? watch->fd : -1, .events = POLLIN },
        };
        int ready = poll(fds, 5, process_wait_ms(run));
        if (ready > 0)
            process_serve(run, fds);
        process_check_time(run);
        process_reap(run);
    }
}

static void process_state_init(struct process_run_state *run, const struct system *system,
                               const struct process_request *request)
{
    run->system = system;
    run->input = request->input;
    run->input_left = request->input ? request->input_length : 0;
    run->deadline_ms = request->timeout_ms > 0 ? clock_monotonic_ms() + request->timeout_ms : 0;
    if (system->deadline_ms > 0 && (run->deadline_ms == 0 || system->deadline_ms < run->deadline_ms))
        run->deadline_ms = system->deadline_ms;
    run->output.fd = run->pipes.output;
    run->errors.fd = run->pipes.errors;
    if (run->pipes.input >= 0 && run->input_left == 0) {
        fd_close(run->pipes.input);
        run->pipes.input = -1;
    }
}

static void process_finish(struct arena *arena, struct process_run_state *run, struct process_result *result)
{
    fd_close(run->pipes.input);
    fd_close(run->pipes.watch);
    result->end_us = clock_wall_us();
    stream_finish(arena, &run->output, &result->output, &result->output_length);
    stream_finish(arena, &run->errors, &result->errors, &result->errors_length);
    result->truncated = run->output.truncated || run->errors.truncated;
    result->timed_out = run->stop == STOP_TIMEOUT;
    if (WIFSIGNALED(run->wait_status)) {
        result->signal = WTERMSIG(run->wait_status);
        result->status = 128 + result->signal;
    } else {
        result->status = WEXITSTATUS(run->wait_status);
    }
}

bool process_run(const struct system *system, struct arena *arena, const struct process_request *request,
                 struct process_result *out, struct error *err)
{
    struct process_run_state run = { 0 };
    struct process_result result = { 0 };

    if (system_is_cancelled(system))
        return error_set_kind(err, ERROR_CANCELLED, "cancelled");
    result.start_us = clock_wall_us();
    if (!process_start(system, arena, request, &run.pipes, err))
        return false;
    process_state_init(&run, system, request);
    process_loop(&run);
    process_finish(arena, &run, &result);
    if (run.stop == STOP_CANCEL)
        return error_set_kind(err, ERROR_CANCELLED, "cancelled while running '%s'", request->argv[0]);
    *out = result;
    return true;
}

/* The last line that says something: where programs put what went wrong. */
static const char *process_last_line(struct arena *arena, const struct process_result *result)
{
    bool has_errors = result->errors_length > 0;
    const char *text = has_errors ? result->errors : result->output;
    char *trimmed = text_trim(arena, text, has_errors ? result->errors_length : result->output_length);
    const char *line = strrchr(trimmed, '\n');

    return line ? line + 1 : trimmed;
}

bool process_run_ok(const struct system *system, struct arena *arena, const struct process_request *request,
                    struct process_result *out, struct error *err)
{
    struct process_result result;

    if (!process_run(system, arena, request, &result, err))
        return false;
    if (result.timed_out)
        return error_set(err, "'%s' did not end in time", request->argv[0]);
    if (result.status != 0) {
        struct text command = text_new(arena);
        for (const char *const *word = request->argv; *word && command.length < 200; word++)
            text_printf(&command, "%s%s", command.length ? " " : "", *word);
        const char *line = process_last_line(arena, &result);
        if (result.signal > 0)
            return error_set(err, "'%s' was ended by signal %d%s%s", command.data, result.signal, *line ? ": " : "",
                             line);
        return error_set(err, "'%s' failed with status %d%s%s", command.data, result.status, *line ? ": " : "", line);
    }
    *out = result;
    return true;
}
