/* SPDX-License-Identifier: Apache-2.0 */
/* Both sides of the password helper. */
#include "controller/transport/askpass.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "controller/transport/transport.h"

#define ASKPASS_VARIABLE "ROOST_ASKPASS"

bool askpass_prepare(struct arena *arena, const char *password, struct askpass *out, struct error *err)
{
    int pipe_ends[2];
    size_t length = strlen(password);
    if (length + 1 > PIPE_BUF)
        return error_set(err, "the ssh password is longer than %d bytes", PIPE_BUF - 1);
    if (pipe2(pipe_ends, O_CLOEXEC) != 0)
        return error_set_errno(err, "cannot make a pipe");
    bool ok = fd_write_all(pipe_ends[1], password, length, err) && fd_write_all(pipe_ends[1], "\n", 1, err);
    fd_close(pipe_ends[1]);
    if (!ok) {
        fd_close(pipe_ends[0]);
        return false;
    }
    out->fd = pipe_ends[0];
    out->environment[0] = arena_printf(arena, ASKPASS_VARIABLE "=/proc/%d/fd/%d", (int)getpid(), out->fd);
    out->environment[1] = arena_printf(arena, "SSH_ASKPASS=/proc/%d/exe", (int)getpid());
    out->environment[2] = "SSH_ASKPASS_REQUIRE=force";
    out->environment[3] = getenv("DISPLAY") ? NULL : "DISPLAY=none"; /* OpenSSH before 8.4 wants one */
    out->environment[4] = NULL;
    return true;
}

bool transport_askpass_answer(const char *prompt)
{
    char password[PIPE_BUF];
    const char *path = getenv(ASKPASS_VARIABLE);
    struct error ignored = ERROR_INIT;
    if (!path || strncmp(path, "/proc/", 6) != 0)
        return false;
    if (!prompt || !strcasestr(prompt, "password")) { /* an unknown host key is not answered with the password */
        fd_write_all(STDOUT_FILENO, "no\n", 3, &ignored);
        return true;
    }
    FD_SCOPED fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd < 0 ? -1 : read(fd, password, sizeof(password));
    if (got > 0)
        fd_write_all(STDOUT_FILENO, password, (size_t)got, &ignored);
    explicit_bzero(password, sizeof(password));
    return true;
}
