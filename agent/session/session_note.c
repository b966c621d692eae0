/* SPDX-License-Identifier: Apache-2.0 */
/* One line for all tasks of a few seconds; the file begins anew when it has grown. */
#include "agent/session/session_note.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/arena.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/text.h"

#define EACH_US ((int64_t)5 * 1000000)
#define FILE_MAX ((off_t)256 * 1024)
#define TAIL_BYTES 4096

/* When this process has told last, by the end of the file; 0: not lately. */
static int64_t last_told_us(int fd)
{
    char tail[TAIL_BYTES + 1] = "";
    int64_t told_us = 0;
    struct stat info;
    off_t from;

    if (fstat(fd, &info) != 0 || info.st_uid != 0)
        return 0;
    from = info.st_size > TAIL_BYTES ? info.st_size - TAIL_BYTES : 0;
    if (pread(fd, tail, TAIL_BYTES, from) <= 0)
        return 0;
    for (const char *line = tail; line != NULL; line = strchr(line, '\n')) {
        char *end = NULL;
        long long at_us = strtoll(line, &end, 10);

        line = end > line ? end : line + 1;
        if (strtoll(line, NULL, 10) == getpid())
            told_us = at_us;
    }
    return told_us;
}

static const char *user_name(void)
{
    const char *user = getenv("SUDO_USER");
    const struct passwd *account = user == NULL ? getpwuid(getuid()) : NULL;

    if (user == NULL)
        user = account == NULL ? "?" : account->pw_name;
    return strpbrk(user, " \n") == NULL && user[0] != '\0' ? user : "?";
}

/* The file, made when it must be; -1: there is none. */
static int file_open(bool makes)
{
    ARENA_SCOPED arena = arena_new();
    const char *folder = secure_getenv(SESSION_NOTE_FOLDER), *path = SESSION_NOTE_PATH;
    int flags = O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (makes ? O_CREAT : 0);
    struct stat info;

    if (geteuid() != 0)
        return -1;
    if (folder != NULL && folder[0] == '/' && lstat(folder, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == 0 &&
        (info.st_mode & (S_IWGRP | S_IWOTH)) == 0)
        path = arena_printf(arena, "%s/runs", folder);
    else if (makes)
        (void)mkdir("/run/roost", 0755);
    return open(path, flags, 0600);
}

static void line_write(int fd, int64_t now_us, const char *mark)
{
    ARENA_SCOPED arena = arena_new();
    const char *connection = getenv("SSH_CONNECTION"), *line;
    struct error ignored = ERROR_INIT;

    if (connection == NULL || connection[0] == '\0')
        connection = "-";
    line = arena_printf(arena, "%lld %d %s %.*s%s\n", (long long)now_us, (int)getpid(), user_name(),
                        (int)strcspn(connection, " "), connection, mark);
    (void)fd_write_all(fd, line, strlen(line), &ignored);
}

void session_note(const char *module)
{
    static const char *const looking[] = { "setup",         "ping",          "stat",     "slurp", "find",
                                           "service_facts", "package_facts", "wait_for", "fetch", NULL };
    int64_t now_us = clock_wall_us(), age_us;
    struct stat info;
    int fd;

    if (getenv(SESSION_NOTE_DAEMON) != NULL || text_in(module, looking))
        return;
    fd = file_open(true);
    if (fd < 0)
        return;
    age_us = now_us - last_told_us(fd);
    if (age_us < 0 || age_us >= EACH_US) {
        if (fstat(fd, &info) == 0 && info.st_size > FILE_MAX && ftruncate(fd, 0) != 0) {
            fd_close(fd);
            return;
        }
        line_write(fd, now_us, "");
    }
    fd_close(fd);
}

void session_note_end(void)
{
    int fd = file_open(false);

    if (fd < 0)
        return;
    if (last_told_us(fd) > 0)
        line_write(fd, clock_wall_us(), " end");
    fd_close(fd);
}
