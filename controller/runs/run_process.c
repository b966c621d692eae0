/* SPDX-License-Identifier: Apache-2.0 */
/* The program of a run: started with nothing but its control socket and the pipe for what it tells; its folder. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "controller/runs/run_order.h"
#include "controller/runs/runs_internal.h"

#define FOLDERS_OPEN 16

/* Our ends and the program's. */
struct ends {
    int control[2], events[2], null;
};

/* Out of the way of the numbers that the program gets. */
static int moved_up(int fd)
{
    int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, RUN_EVENTS_FD + 1);

    fd_close(fd);
    return high;
}

static bool ends_open(struct ends *ends, struct error *err)
{
    *ends = (struct ends){ { -1, -1 }, { -1, -1 }, -1 };
    ends->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (!control_pair(ends->control, err))
        return false;
    if (pipe2(ends->events, O_CLOEXEC) != 0)
        return error_set_errno(err, "cannot make a pipe for a run");
    ends->null = moved_up(ends->null);
    ends->control[1] = moved_up(ends->control[1]);
    ends->events[1] = moved_up(ends->events[1]);
    return (ends->null >= 0 && ends->control[1] >= 0 && ends->events[1] >= 0 &&
            fcntl(ends->events[0], F_SETFL, O_NONBLOCK) == 0) ||
           error_set_errno(err, "cannot make a pipe for a run");
}

static void ends_close(struct ends *ends)
{
    fd_close(ends->control[0]);
    fd_close(ends->control[1]);
    fd_close(ends->events[0]);
    fd_close(ends->events[1]);
    fd_close(ends->null);
}

static char *variable(struct arena *arena, const char *name, const char *fallback)
{
    const char *value = getenv(name);

    return arena_printf(arena, "%s=%s", name, value != NULL && *value != '\0' ? value : fallback);
}

static int spawn(struct runs *runs, struct job *job, const char *folder, const struct ends *ends)
{
    const char *program = runs->options.program != NULL ? runs->options.program : "/proc/self/exe";
    char *argv[] = { arena_copy(runs->pass, "roost"), arena_copy(runs->pass, job->kind),
                     arena_copy(runs->pass, RUN_CONTROLLED), arena_printf(runs->pass, "%lld", (long long)job->id),
                     NULL };
    char *environment[] = { variable(runs->pass, "PATH",
                                     "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
                            variable(runs->pass, "HOME", "/"), variable(runs->pass, "LANG", "C.UTF-8"),
                            arena_printf(runs->pass, "TMPDIR=%s", path_absolute(runs->pass, folder)), NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int failed = 0;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, folder);
    posix_spawn_file_actions_adddup2(&actions, ends->null, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends->control[1], RUN_CONTROL_FD);
    posix_spawn_file_actions_adddup2(&actions, ends->events[1], RUN_EVENTS_FD);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    failed = posix_spawn(&job->pid, program, &actions, &attributes, argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

static bool order_send(struct job *job, struct error *err)
{
    ARENA_SCOPED scratch = arena_new();
    struct value *body = value_map(scratch);
    int memory = control_memory(job->order, job->order_length, err);

    if (memory < 0)
        return false;
    value_map_put_string(scratch, body, "do", "start");
    job_send(job, body, &memory, 1);
    fd_close(memory);
    return job->control >= 0 || error_set(err, "the run's program does not take its order");
}

bool process_start(struct runs *runs, struct job *job, struct error *err)
{
    const char *folder =
        path_join(runs->pass, runs->options.folder, arena_printf(runs->pass, "%lld", (long long)job->id));
    struct ends ends;
    int failed = 0;

    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return error_set_errno(err, "cannot make the run's folder");
    if (!ends_open(&ends, err)) {
        ends_close(&ends);
        return false;
    }
    failed = spawn(runs, job, folder, &ends);
    if (failed == 0) {
        job->control = ends.control[0];
        job->events = ends.events[0];
        ends.control[0] = ends.events[0] = -1;
        job->pidfd = (int)syscall(SYS_pidfd_open, job->pid, 0);
    }
    ends_close(&ends);
    errno = failed;
    return (failed == 0 || error_set_errno(err, "cannot start the run's program")) && order_send(job, err);
}

static int entry_remove(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    (void)remove(path); /* what stays is removed at the next start */
    return 0;
}

void process_tidy(struct runs *runs, int64_t run_id)
{
    const char *folder =
        path_join(runs->pass, runs->options.folder, arena_printf(runs->pass, "%lld", (long long)run_id));

    nftw(folder, entry_remove, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);
}
