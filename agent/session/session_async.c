/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting a job: fork twice, so that nobody has to wait for it; a session of its own; a keeper that ends the task when its
 * time is up and the task itself as the keeper's child. The job file is there before the answer goes out.
 */
#include "agent/session/session_async.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/session/session_note.h"
#include "agent/session/session_task.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/limits.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/trust/private_file.h"

#define FOLDER_DEFAULT "~/.ansible_async"
#define GRACE_MS 3000  /* the task ends its command itself when the time is up; then it is ended */
#define START_MS 60000 /* until the job file is there */
#define LOOK_MS 50
#define STARTED "+"
#define NO_PROCESS "no process for the job could be started"

struct async_job {
    struct arena *arena;
    const struct value *payload;
    const char *folder, *id, *path;
    int64_t limit_s;
    int ready; /* STARTED is written there when the task runs, else what went wrong */
};

bool session_async_is_wanted(const struct value *payload)
{
    return value_is(value_map_get(payload, "async"), VALUE_MAP);
}

static bool job_write(const struct async_job *job, const struct value *content, struct error *err)
{
    struct json_style style = JSON_PYTHON;
    struct text text = text_new(job->arena);

    json_write(&text, content, &style);
    return private_file_write(job->path, text.data, text.length, err);
}

static struct value *job_state(const struct async_job *job, bool is_over)
{
    struct value *map = value_map(job->arena);

    value_map_put_int(job->arena, map, "started", 1);
    value_map_put_int(job->arena, map, "finished", is_over ? 1 : 0);
    value_map_put_string(job->arena, map, "ansible_job_id", job->id);
    return map;
}

static const struct value *job_overdue(const struct async_job *job)
{
    struct value *map = job_state(job, true);

    value_map_put_bool(job->arena, map, "failed", true);
    value_map_put_string(
        job->arena, map, "msg",
        arena_printf(job->arena, "Job reached maximum time limit of %lld seconds.", (long long)job->limit_s));
    return map;
}

/* --- the task's process --- */

static _Noreturn void job_work(const struct async_job *job)
{
    int64_t until = clock_monotonic_ms() + job->limit_s * 1000;
    const struct value *result = session_task_run(job->arena, job->payload, NULL);
    struct error err = ERROR_INIT;

    if (clock_monotonic_ms() >= until)
        result = job_overdue(job);
    session_note_end();
    _exit(job_write(job, result, &err) ? 0 : 1);
}

/* --- the keeper's --- */

/* Nothing of the agent's: its pipes would keep the engine waiting for their end. */
static void keeper_detach(const struct async_job *job)
{
    int null = open("/dev/null", O_RDWR);

    (void)setsid();
    if (null >= 0) {
        (void)dup2(null, STDIN_FILENO);
        (void)dup2(null, STDOUT_FILENO);
        (void)dup2(null, STDERR_FILENO);
    }
    if (job->ready > STDERR_FILENO + 1)
        (void)close_range(STDERR_FILENO + 1, (unsigned)job->ready - 1, 0);
    (void)close_range((unsigned)job->ready + 1, ~0U, 0);
}

static const struct value *job_lost(const struct async_job *job, int status)
{
    struct value *map = job_state(job, true);
    const char *why = WIFSIGNALED(status) ? arena_printf(job->arena, "the job was ended by signal %d", WTERMSIG(status))
                                          : arena_printf(job->arena, "the job ended with status %d and left no result",
                                                         WEXITSTATUS(status));

    value_map_put_bool(job->arena, map, "failed", true);
    value_map_put_string(job->arena, map, "msg", why);
    return map;
}

static void keeper_wait(const struct async_job *job, pid_t worker)
{
    int64_t until = clock_monotonic_ms() + job->limit_s * 1000 + GRACE_MS;
    struct error err = ERROR_INIT;
    int status = 0;

    while (waitpid(worker, &status, WNOHANG) == 0) {
        if (clock_monotonic_ms() >= until) {
            (void)kill(worker, SIGKILL);
            (void)waitpid(worker, &status, 0);
            (void)job_write(job, job_overdue(job), &err);
            return;
        }
        (void)poll(NULL, 0, LOOK_MS);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        (void)job_write(job, job_lost(job, status), &err);
}

static _Noreturn void keeper_tell(const struct async_job *job, const char *problem)
{
    struct error ignored = ERROR_INIT;

    (void)fd_write_all(job->ready, problem, strlen(problem), &ignored);
    _exit(1);
}

static _Noreturn void keeper_run(struct async_job *job)
{
    struct error err = ERROR_INIT;
    pid_t worker;

    keeper_detach(job);
    if (!job_write(job, job_state(job, false), &err))
        keeper_tell(job, err.text);
    worker = fork();
    if (worker == 0) {
        fd_close(job->ready);
        job_work(job);
    }
    if (worker < 0)
        keeper_tell(job, NO_PROCESS);
    (void)fd_write_all(job->ready, STARTED, strlen(STARTED), &err);
    fd_close(job->ready);
    keeper_wait(job, worker);
    _exit(0);
}

/* --- the session's --- */

static const struct value *job_failed(struct arena *arena, const char *message)
{
    struct value *map = value_map(arena);

    value_map_put_bool(arena, map, "failed", true);
    value_map_put_string(arena, map, "msg", message);
    return map;
}

static const struct value *job_started(const struct async_job *job)
{
    struct value *map = value_map(job->arena);

    value_map_put_int(job->arena, map, "failed", 0);
    value_map_put_int(job->arena, map, "started", 1);
    value_map_put_int(job->arena, map, "finished", 0);
    value_map_put_string(job->arena, map, "ansible_job_id", job->id);
    value_map_put_string(job->arena, map, "results_file", job->path);
    return map;
}

/* Until the keeper has written the file and let go of the pipe. What it writes there is what went wrong. */
static const struct value *await_start(const struct async_job *job, int fd)
{
    int64_t until = clock_monotonic_ms() + START_MS;
    char text[512];
    size_t length = 0;
    ssize_t got = 1;

    while (got > 0 && length < sizeof(text) - 1) {
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        int64_t left = until - clock_monotonic_ms();

        if (left <= 0 || poll(&wait, 1, (int)left) == 0)
            return job_failed(job->arena, "the job did not start in its time");
        got = read(fd, text + length, sizeof(text) - 1 - length);
        if (got > 0)
            length += (size_t)got;
    }
    text[length] = '\0';
    if (strcmp(text, STARTED) == 0)
        return job_started(job);
    return job_failed(job->arena, length == 0 ? NO_PROCESS : arena_copy(job->arena, text));
}

static const char *id_make(struct arena *arena, pid_t pid)
{
    uint64_t random = 0;

    if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
        random = (uint64_t)clock_wall_us();
    return arena_printf(arena, "j%llu.%d", (unsigned long long)(random % 1000000000000ULL), (int)pid);
}

/* The middle process leaves the job to init: nobody has to wait for it. */
static const struct value *job_launch(struct async_job *job)
{
    int ends[2];
    const struct value *result;
    pid_t child;
    int status;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return job_failed(job->arena, "no pipe could be made");
    job->ready = ends[1];
    job->id = id_make(job->arena, getpid());
    job->path = path_join(job->arena, job->folder, job->id);
    child = fork();
    if (child == 0) {
        if (fork() == 0)
            keeper_run(job);
        _exit(0);
    }
    fd_close(ends[1]);
    if (child > 0)
        (void)waitpid(child, &status, 0);
    result = child > 0 ? await_start(job, ends[0]) : job_failed(job->arena, NO_PROCESS);
    fd_close(ends[0]);
    return result;
}

static bool content_read(struct arena *arena, struct session_content *content, int64_t id, const struct value **out,
                         struct error *err)
{
    struct content_channel channel = session_content_channel(content);
    FD_SCOPED fd = memfd_create("content", MFD_CLOEXEC);
    size_t got = 0;
    off_t size;

    if (fd < 0)
        return error_set_errno(err, "no memory for the content");
    if (!channel.receive(channel.context, id, fd, err))
        return false;
    size = lseek(fd, 0, SEEK_END);
    if (size < 0 || size > LIMIT_SOURCE_FILE || lseek(fd, 0, SEEK_SET) < 0)
        return error_set(err, "the content is larger than %d bytes", LIMIT_SOURCE_FILE);
    char *data = arena_alloc(arena, (size_t)size + 1);
    if (!fd_read_all(fd, data, (size_t)size, &got, err))
        return false;
    *out = value_string_borrow(arena, data, got);
    return true;
}

/* The module that foreign_module is to run comes along: the job cannot ask for it. */
static bool payload_fill(struct async_job *job, struct session_content *content, struct error *err)
{
    const struct value *args = value_map_get(job->payload, "args"), *data = NULL;
    int64_t id = value_map_int(args, "_content_id", 0);
    struct value *more, *whole;

    if (!text_equal(value_map_text(job->payload, "module"), "foreign_module") || id == 0)
        return true;
    if (!content_read(job->arena, content, id, &data, err))
        return false;
    more = value_map(job->arena);
    value_map_put(job->arena, more, "_content_data", data);
    whole = value_map(job->arena);
    value_map_put(job->arena, whole, "args", value_merge(job->arena, args, more, false));
    job->payload = value_merge(job->arena, job->payload, whole, false);
    return true;
}

const struct value *session_async_start(struct arena *arena, const struct value *payload,
                                        struct session_content *content)
{
    const struct value *async = value_map_get(payload, "async");
    const struct value *limit = value_map_get(async, "limit_s");
    const char *folder = value_map_text(async, "folder");
    struct async_job job = { .arena = arena, .payload = payload };
    struct error err = ERROR_INIT;

    job.limit_s = value_is(limit, VALUE_INT) && limit->as.integer > 0 ? limit->as.integer : 1;
    job.folder = path_expand_user(arena, folder == NULL ? FOLDER_DEFAULT : folder);
    if (!payload_fill(&job, content, &err))
        return job_failed(arena, arena_copy(arena, err.text));
    if (!folder_create(arena, job.folder, 0755, &err))
        return job_failed(arena, arena_printf(arena, "could not create directory: %s - %s", job.folder, err.text));
    return job_launch(&job);
}
