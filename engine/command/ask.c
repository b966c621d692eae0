/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's terminal: the only place a password is typed. */
#include "engine/command/ask.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/base/command.h"
#include "common/base/fd.h"
#include "common/base/path.h"

#define PASSWORD_MAX 4096

static const char *read_line(struct arena *arena, int fd)
{
    char line[PASSWORD_MAX];
    size_t length = 0;
    char c;
    bool any = false;
    while (length < sizeof(line) - 1 && read(fd, &c, 1) == 1) {
        any = true;
        if (c == '\n' || c == '\r')
            break;
        line[length++] = c;
    }
    const char *text = any ? arena_copy_n(arena, line, length) : NULL;
    explicit_bzero(line, sizeof(line));
    return text;
}

bool ask_terminal(void *context, const char *prompt, bool secret, struct arena *arena, const char **out)
{
    (void)context;
    struct termios old, silent;
    struct error ignored = ERROR_INIT;
    FD_SCOPED tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0 || tcgetattr(tty, &old) != 0)
        return false;
    silent = old;
    if (secret)
        silent.c_lflag &= ~(tcflag_t)ECHO;
    fd_write_all(tty, prompt, strlen(prompt), &ignored);
    tcsetattr(tty, TCSAFLUSH, &silent);
    const char *line = read_line(arena, tty);
    tcsetattr(tty, TCSAFLUSH, &old);
    if (secret)
        fd_write_all(tty, "\n", 1, &ignored);
    if (line)
        *out = line;
    return line != NULL;
}

bool ask_input(struct arena *arena, const char **out)
{
    const char *line = read_line(arena, STDIN_FILENO);

    if (line != NULL)
        *out = line;
    return line != NULL;
}

bool ask_terminal_or_input(void *context, const char *prompt, bool secret, struct arena *arena, const char **out)
{
    if (isatty(STDIN_FILENO))
        return ask_terminal(context, prompt, secret, arena, out);
    (void)fputs(prompt, stdout);
    (void)fflush(stdout);
    return ask_input(arena, out);
}

static bool run_script(struct arena *arena, const char *path, const char **out, struct error *err)
{
    struct command_output printed;
    const char *argv[] = { path, NULL };
    if (!command_output_ok(arena, argv, &printed, err))
        return error_prefix(err, "password script");
    printed.output[strcspn(printed.output, "\r\n")] = '\0';
    if (!*printed.output)
        return error_set(err, "password script '%s' printed nothing", path);
    *out = printed.output;
    return true;
}

bool ask_password_file(struct arena *arena, const char *path, const char **out, struct error *err)
{
    const char *full = path_expand_user(arena, path);
    if (strcmp(path, "-") != 0 && path_is_file(full) && access(full, X_OK) == 0)
        return run_script(arena, path_absolute(arena, full), out, err);
    FD_SCOPED fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(full, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, "cannot read password file '%s'", full);
    const char *line = read_line(arena, fd);
    if (!line || !*line)
        return error_set(err, "password file '%s' is empty", full);
    *out = line;
    return true;
}
