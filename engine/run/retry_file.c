/* SPDX-License-Identifier: Apache-2.0 */
/* retry_files_enabled: the hosts that did not end well, one a line, for --limit @FILE. */
#include "engine/run/retry_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/run/emit.h"

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names, sorted, each with a newline; empty when all is well. */
static struct text names_of(struct run *run)
{
    const char **names = arena_new_array(run->arena, const char *, run->host_capacity + 1);
    struct text out = text_new(run->arena);
    size_t count = 0;

    for (size_t i = 0; i < run->host_capacity; i++)
        if (run->hosts[i] != NULL && (run->hosts[i]->is_failed || run->hosts[i]->is_unreachable))
            names[count++] = run->hosts[i]->host->name;
    qsort(names, count, sizeof(*names), by_name);
    for (size_t i = 0; i < count; i++)
        text_printf(&out, "%s\n", names[i]);
    return out;
}

static const char *file_of(struct run *run, const char *playbook)
{
    const char *folder = setting_text(run, "retry_files_save_path"), *name = path_basename(playbook);
    size_t length = strlen(name) - strlen(path_extension(name));

    folder =
        folder == NULL || folder[0] == '\0' ? path_dirname(run->arena, playbook) : path_expand_user(run->arena, folder);
    return path_join(run->arena, path_absolute(run->arena, folder),
                     arena_printf(run->arena, "%.*s.retry", (int)length, name));
}

static bool file_put(struct run *run, const char *path, const struct text *names, struct error *err)
{
    FD_SCOPED fd = -1;

    if (!folder_create(run->arena, path_dirname(run->arena, path), 0777, err))
        return false;
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return fd < 0 ? error_set(err, "%s", strerror(errno)) : fd_write_all(fd, names->data, names->length, err);
}

void retry_file_write(struct run *run, const struct playbook *playbook)
{
    struct error err = ERROR_INIT;
    struct text names;
    const char *path;

    if (playbook->path == NULL || !setting_bool(run, "retry_files_enabled", false))
        return;
    names = names_of(run);
    if (names.length == 0)
        return;
    path = file_of(run, playbook->path);
    if (file_put(run, path, &names, &err))
        emit_message(run, EVENT_MESSAGE, arena_printf(run->arena, "\tto retry, use: --limit @%s\n", path));
    else
        emit_message(run, EVENT_WARNING,
                     arena_printf(run->arena, "Could not create retry file '%s'.\n\t%s", path, err.text));
}
