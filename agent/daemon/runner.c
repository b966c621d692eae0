/* SPDX-License-Identifier: Apache-2.0 */
/* The child's pipes and its end. */
#include "agent/daemon/runner.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/session/session_note.h"
#include "agent/system/process/process_start.h"
#include "common/base/fd.h"
#include "common/base/text.h"

#define READ_BYTES 65536

struct runner {
    struct process_pipes pipes;
    runner_line *line;
    void *data;
    char *buffer; /* of the line that is not complete */
    size_t length, capacity;
    bool is_stopping;
    struct runner_end end;
    size_t errors_length;
};

bool runner_start(const char *const *argv, runner_line *line, void *data, struct runner **out, struct error *err)
{
    return runner_start_with(argv, NULL, line, data, out, err);
}

static bool start(const struct process_request *wanted, runner_line *line, void *data, struct runner **out,
                  struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const struct system system = { .root = "" };
    struct process_request request = *wanted;
    struct value *more = value_map(arena);
    struct runner *runner = calloc(1, sizeof(*runner));

    if (runner == NULL)
        return error_set(err, "no memory");
    *runner = (struct runner){ .line = line, .data = data };
    /* what the daemon does by itself is no operator's run; what a session does is */
    value_map_put_string(arena, more, SESSION_NOTE_DAEMON, "1");
    if (!text_equal(request.argv[1], "session"))
        request.environment = request.environment == NULL ? more : value_merge(arena, request.environment, more, false);
    if (!process_start(&system, arena, &request, &runner->pipes, err)) {
        free(runner);
        return false;
    }
    *out = runner;
    return true;
}

bool runner_start_with(const char *const *argv, const struct value *environment, runner_line *line, void *data,
                       struct runner **out, struct error *err)
{
    const struct process_request request = { .argv = argv, .environment = environment, .umask_bits = -1 };

    return start(&request, line, data, out, err);
}

bool runner_start_fed(const char *const *argv, runner_line *line, void *data, struct runner **out, struct error *err)
{
    const struct process_request request = { .argv = argv, .input = "", .umask_bits = -1 };

    return start(&request, line, data, out, err);
}

/* A pipe takes a line whole or, when it is full, not at all or in part: then its reader is stuck. */
bool runner_say(struct runner *runner, const char *line, size_t length)
{
    return runner->pipes.input >= 0 && write(runner->pipes.input, line, length) == (ssize_t)length;
}

void runner_data_set(struct runner *runner, void *data)
{
    runner->data = data;
}

size_t runner_fds(const struct runner *runner, struct pollfd *out)
{
    const int fds[RUNNER_FDS] = { runner->pipes.output, runner->pipes.errors, runner->pipes.watch };
    size_t count = 0;

    for (size_t i = 0; i < RUNNER_FDS; i++) {
        if (fds[i] >= 0)
            out[count++] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
    }
    return count;
}

/* --- lines --- */

static void line_keep(struct runner *runner, const char *data, size_t length)
{
    size_t room = RUNNER_LINE_MAX - runner->length;

    if (length > room)
        length = room;
    if (runner->length + length + 1 > runner->capacity) {
        size_t capacity = 2 * (runner->length + length + 1);
        char *larger = realloc(runner->buffer, capacity);

        if (larger == NULL)
            abort();
        runner->buffer = larger;
        runner->capacity = capacity;
    }
    memcpy(runner->buffer + runner->length, data, length);
    runner->length += length;
    runner->buffer[runner->length] = '\0';
}

static void line_give(struct runner *runner)
{
    runner->line(runner->data, runner->length == 0 ? "" : runner->buffer, runner->length);
    runner->length = 0;
}

static void output_take(struct runner *runner, const char *data, size_t length)
{
    const char *end = data + length;

    while (data < end) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));

        line_keep(runner, data, (size_t)((newline == NULL ? end : newline) - data));
        if (newline == NULL)
            return;
        line_give(runner);
        data = newline + 1;
    }
}

/* A line's beginning says more than its end. */
static void errors_take(struct runner *runner, const char *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool was_complete = runner->errors_length > 0 && runner->end.errors[runner->errors_length - 1] == '\n';

        if (data[i] == '\n' && (runner->errors_length == 0 || was_complete))
            continue;
        if (was_complete)
            runner->errors_length = 0;
        if (data[i] == '\n' || runner->errors_length < sizeof(runner->end.errors) - 2)
            runner->end.errors[runner->errors_length++] = data[i];
        runner->end.errors[runner->errors_length] = '\0';
    }
}

static void pipe_read(struct runner *runner, int *fd, void (*take)(struct runner *, const char *, size_t))
{
    char buffer[READ_BYTES];

    while (*fd >= 0) {
        ssize_t got = read(*fd, buffer, sizeof(buffer));

        if (got > 0) {
            take(runner, buffer, (size_t)got);
        } else if (got < 0 && errno == EINTR) {
            continue;
        } else if (got < 0 && errno == EAGAIN) {
            return;
        } else {
            fd_close(*fd);
            *fd = -1;
        }
    }
}

/* --- its end --- */

static bool reap(struct runner *runner, int flags)
{
    int status = 0;
    pid_t pid;

    do
        pid = waitpid(runner->pipes.pid, &status, flags);
    while (pid < 0 && errno == EINTR);
    if (pid != runner->pipes.pid)
        return false;
    runner->pipes.pid = -1;
    runner->end.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    runner->end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return true;
}

bool runner_step(struct runner *runner, struct runner_end *out)
{
    bool has_ended = reap(runner, WNOHANG);

    /* after the end: what it wrote is in the pipes by now */
    pipe_read(runner, &runner->pipes.output, output_take);
    pipe_read(runner, &runner->pipes.errors, errors_take);
    if (!has_ended)
        return false;
    if (runner->length > 0)
        line_give(runner);
    if (runner->errors_length > 0 && runner->end.errors[runner->errors_length - 1] == '\n')
        runner->end.errors[--runner->errors_length] = '\0';
    *out = runner->end;
    return true;
}

void runner_signal(struct runner *runner, int signal)
{
    if (runner->pipes.pid > 0)
        (void)kill(runner->pipes.pid, signal);
}

void runner_stop(struct runner *runner)
{
    if (runner->pipes.pid > 0)
        (void)kill(-runner->pipes.pid, runner->is_stopping ? SIGKILL : SIGTERM);
    runner->is_stopping = true;
}

void runner_free(struct runner *runner)
{
    if (runner == NULL)
        return;
    if (runner->pipes.pid > 0) {
        (void)kill(-runner->pipes.pid, SIGKILL);
        (void)reap(runner, 0);
    }
    fd_close(runner->pipes.input);
    fd_close(runner->pipes.output);
    fd_close(runner->pipes.errors);
    fd_close(runner->pipes.watch);
    free(runner->buffer);
    free(runner);
}
