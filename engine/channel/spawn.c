/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes of connections: posix_spawn with three pipes, polite ending. */
#include "engine/channel/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/descriptor_limit.h"
#include "common/base/fd.h"

extern char **environ;

struct pipes {
    int in[2], out[2], err[2];
};

static void pipes_close(struct pipes *pipes)
{
    int *all[] = { pipes->in, pipes->out, pipes->err };
    for (size_t i = 0; i < 3; i++) {
        fd_close(all[i][0]);
        fd_close(all[i][1]);
    }
}

static bool pipes_open(struct pipes *pipes, struct error *err)
{
    *pipes = (struct pipes){ { -1, -1 }, { -1, -1 }, { -1, -1 } };
    if (pipe2(pipes->in, O_CLOEXEC) == 0 && pipe2(pipes->out, O_CLOEXEC) == 0 && pipe2(pipes->err, O_CLOEXEC) == 0)
        return true;
    error_set_errno(err, "cannot make a pipe");
    pipes_close(pipes);
    return false;
}

/* Our environment with `added` in front of what it replaces. The array is malloc'ed, the strings are not. */
static char **environment_with(const char *const *added)
{
    size_t old = 0, new = 0;
    while (environ[old])
        old++;
    while (added && added[new])
        new ++;
    char **all = calloc(old + new + 1, sizeof(char *));
    if (!all)
        abort();
    size_t count = 0;
    for (size_t i = 0; i < new; i++)
        memcpy(&all[count++], &added[i], sizeof(char *));
    for (size_t i = 0; i < old; i++) {
        const char *equals = strchr(environ[i], '=');
        size_t name = equals ? (size_t)(equals - environ[i]) + 1 : strlen(environ[i]);
        bool replaced = false;
        for (size_t j = 0; j < new && !replaced; j++)
            replaced = strncmp(environ[i], added[j], name) == 0;
        if (!replaced)
            all[count++] = environ[i];
    }
    return all;
}

static int spawn_with(const struct pipes *pipes, const struct spawn_request *request, char **env, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;
    char *const *args;
    memcpy(&args, &request->argv, sizeof(args));
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipes->in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, pipes->out[1], 1);
    posix_spawn_file_actions_adddup2(&actions, pipes->err[1], 2);
    if (request->folder != NULL)
        posix_spawn_file_actions_addchdir_np(&actions, request->folder);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                  (request->own_session ? POSIX_SPAWN_SETSID
                                                   : request->own_group ? POSIX_SPAWN_SETPGROUP
                                                                        : 0)));
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setpgroup(&attributes, 0);
    descriptor_limit_lower();
    int failed = posix_spawnp(pid, args[0], &actions, &attributes, args, env);
    descriptor_limit_restore();
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

bool spawn_program(const struct spawn_request *request, struct spawned *out, struct error *err)
{
    struct pipes pipes;
    if (!pipes_open(&pipes, err))
        return false;
    char **env = environment_with(request->environment);
    pid_t pid = 0;
    int failed = spawn_with(&pipes, request, env, &pid);
    free(env);
    if (failed) {
        pipes_close(&pipes);
        errno = failed;
        return error_set_errno(err, "cannot start '%s'", request->argv[0]);
    }
    fd_close(pipes.in[0]);
    fd_close(pipes.out[1]);
    fd_close(pipes.err[1]);
    *out = (struct spawned){ pid, pipes.in[1], pipes.out[0], pipes.err[0], request->own_group || request->own_session };
    return fd_set_nonblocking(out->in, true, err) && fd_set_nonblocking(out->out, true, err) &&
           fd_set_nonblocking(out->err, true, err);
}

bool spawn_ended(pid_t pid, int *status_out)
{
    if (pid <= 0)
        return true;
    return waitpid(pid, status_out, WNOHANG) == pid;
}

/* Waits on a pidfd, so that a child that ends at once costs nothing. */
static bool wait_for_end(pid_t pid, int grace_ms)
{
    int status = 0;
    if (spawn_ended(pid, &status))
        return true;
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (pidfd >= 0) {
        struct pollfd waited = { .fd = pidfd, .events = POLLIN };
        while (poll(&waited, 1, grace_ms) < 0 && errno == EINTR)
            continue;
        close(pidfd);
    }
    return spawn_ended(pid, &status);
}

void spawn_finish(struct spawned *child, int grace_ms)
{
    fd_close(child->in);
    fd_close(child->out);
    fd_close(child->err);
    if (child->pid > 0 && !wait_for_end(child->pid, grace_ms)) {
        pid_t target = child->own_group ? -child->pid : child->pid;
        kill(target, SIGTERM);
        if (!wait_for_end(child->pid, 500)) {
            kill(target, SIGKILL);
            waitpid(child->pid, NULL, 0);
        }
    }
    *child = (struct spawned){ 0, -1, -1, -1, false };
}
