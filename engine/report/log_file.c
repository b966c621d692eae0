/* SPDX-License-Identifier: Apache-2.0 */
/* Records of the log, each one write. */
#include "engine/report/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/text.h"

#define LOGGER "ansible" /* the name that log_filter knows */
#define MODE 0666        /* less the umask */

struct log_file {
    int fd;
    bool is_filtered, is_broken;
    const char *path, *user;
    FILE *errors;
};

/* As Python's getpass looks for it. */
static const char *user_find(struct arena *arena)
{
    static const char *const variables[] = { "LOGNAME", "USER", "LNAME", "USERNAME" };
    const struct passwd *account;

    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        const char *name = getenv(variables[i]);

        if (name != NULL && *name != '\0')
            return arena_copy(arena, name);
    }
    account = getpwuid(getuid());
    return account == NULL ? arena_printf(arena, "uid=%lu", (unsigned long)getuid())
                           : arena_copy(arena, account->pw_name);
}

/* All messages are those of one logger: a name filters all of them or none. An empty name is everybody's. */
static bool filter_has(struct arena *arena, const char *filter)
{
    char **names = text_split(arena, filter == NULL ? "" : filter, ',', NULL);

    for (; filter != NULL && *filter != '\0' && *names != NULL; names++) {
        const char *name = text_trim(arena, *names, strlen(*names));

        if (*name == '\0' || text_equal(name, LOGGER))
            return true;
    }
    return false;
}

struct log_file *log_file_open(struct arena *arena, const char *path, const char *filter, FILE *errors,
                               struct error *err)
{
    struct log_file *log = arena_new_of(arena, struct log_file);

    *log = (struct log_file){ .path = arena_copy(arena, path), .errors = errors };
    log->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, MODE);
    if (log->fd < 0) {
        error_set_errno(err, "cannot open '%s'", path);
        return NULL;
    }
    log->is_filtered = filter_has(arena, filter);
    log->user = user_find(arena);
    return log;
}

void log_file_add(struct log_file *log, const char *text, size_t length)
{
    ARENA_SCOPED arena = arena_new();
    struct text out = text_new(arena);
    struct error err = ERROR_INIT;

    if (log == NULL || log->is_filtered || log->is_broken)
        return;
    for (; length > 0 && *text == '\n'; length--)
        text++;
    text_add_n(&out, clock_text_local(arena, clock_wall_us()), strlen("2026-01-31 12:34:56.123"));
    out.data[strlen("2026-01-31 12:34:56")] = ',';
    text_printf(&out, " p=%ld u=%s n=" LOGGER " | ", (long)getpid(), log->user);
    text_add_n(&out, text, length);
    text_add_char(&out, '\n');
    if (fd_write_all(log->fd, out.data, out.length, &err))
        return;
    log->is_broken = true;
    fprintf(log->errors, "[WARNING]: cannot write the log '%s' any more: %s\n", log->path, err.text);
}
