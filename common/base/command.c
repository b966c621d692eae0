/* SPDX-License-Identifier: Apache-2.0 */
/* Helper programs: posix_spawn, two pipes, one poll loop. */
#include "common/base/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/descriptor_limit.h"
#include "common/base/fd.h"
#include "common/base/text.h"

extern char **environ;

static int spawn(const char *const *argv, const char *folder, int out, int errors, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    char *const *args;

    memcpy(&args, &argv, sizeof(args)); /* posix_spawn wants writable words and writes nothing */
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    if (folder != NULL)
        posix_spawn_file_actions_addchdir_np(&actions, folder);
    descriptor_limit_lower();
    int failed = posix_spawnp(pid, args[0], &actions, NULL, args, environ);
    descriptor_limit_restore();
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

static void collect(int out, int errors, struct text texts[2])
{
    struct pollfd waited[2] = { { .fd = out, .events = POLLIN }, { .fd = errors, .events = POLLIN } };
    char chunk[16384];

    while (waited[0].fd >= 0 || waited[1].fd >= 0) {
        if (poll(waited, 2, -1) < 0 && errno != EINTR)
            return;
        for (size_t i = 0; i < 2; i++) {
            ssize_t got = waited[i].fd >= 0 && waited[i].revents ? read(waited[i].fd, chunk, sizeof(chunk)) : -1;

            if (got > 0 && texts[i].length < LIMIT_PROCESS_OUTPUT)
                text_add_n(&texts[i], chunk, (size_t)got);
            if (got == 0)
                waited[i].fd = -1;
        }
    }
}

bool command_output(struct arena *arena, const char *const *argv, const char *folder, struct command_output *out,
                    struct error *err)
{
    struct text texts[2] = { text_new(arena), text_new(arena) };
    int ends[4] = { -1, -1, -1, -1 };
    pid_t pid = 0;

    if (pipe2(ends, O_CLOEXEC) != 0 || pipe2(ends + 2, O_CLOEXEC) != 0) {
        fd_close(ends[0]);
        fd_close(ends[1]);
        return error_set_errno(err, "cannot make a pipe");
    }
    int failed = spawn(argv, folder, ends[1], ends[3], &pid);
    fd_close(ends[1]);
    fd_close(ends[3]);
    if (failed == 0)
        collect(ends[0], ends[2], texts);
    fd_close(ends[0]);
    fd_close(ends[2]);
    errno = failed;
    if (failed != 0)
        return error_set_errno(err, "cannot start '%s'", argv[0]);
    while (waitpid(pid, &out->status, 0) < 0 && errno == EINTR)
        continue;
    out->output = texts[0].data;
    out->output_length = texts[0].length;
    out->errors = texts[1].data;
    out->errors_length = texts[1].length;
    return true;
}

bool command_output_ok(struct arena *arena, const char *const *argv, struct command_output *out, struct error *err)
{
    if (!command_output(arena, argv, NULL, out, err))
        return false;
    if (WIFEXITED(out->status) && WEXITSTATUS(out->status) == 0)
        return true;
    const char *last = text_trim(arena, out->errors, out->errors_length);
    const char *newline = strrchr(last, '\n');
    return error_set(err, "'%s' failed: %s", argv[0], newline != NULL ? newline + 1 : *last ? last : "it says nothing");
}
