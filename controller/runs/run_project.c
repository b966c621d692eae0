/* SPDX-License-Identifier: Apache-2.0 */
/* A project as it was at the desk, laid out for one run. Copies: what a run does to its files must not reach the stored ones. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "controller/runs/run_order.h"

bool run_path_is_fine(const char *path)
{
    size_t length = strlen(path);

    if (length == 0 || length > RUN_PROJECT_PATH || path[0] == '/')
        return false;
    for (const char *part = path; part != NULL; part = strchr(part, '/') == NULL ? NULL : strchr(part, '/') + 1) {
        size_t size = strcspn(part, "/");

        if (size == 0 || (size == 1 && part[0] == '.') || (size == 2 && part[0] == '.' && part[1] == '.'))
            return false;
    }
    return true;
}

static bool bytes_copy(int from, int to, struct error *err)
{
    ssize_t sent = 0;

    do
        sent = sendfile(to, from, NULL, (size_t)1 << 30);
    while (sent > 0 || (sent < 0 && errno == EINTR));
    return sent == 0 || error_set_errno(err, "cannot copy");
}

static bool file_lay_out(struct arena *arena, const struct value *entry, const char *folder, struct error *err)
{
    const char *path = value_map_text(entry, "path"), *from = value_map_text(entry, "from");
    const struct value *mode = value_map_get(entry, "mode");
    mode_t bits = value_is(mode, VALUE_INT) && (mode->as.integer & 0111) != 0 ? 0700 : 0600;

    if (path == NULL || from == NULL || !run_path_is_fine(path))
        return error_set(err, "the project names a file that it may not");
    const char *target = path_join(arena, folder, path);
    FD_SCOPED source = open(from, O_RDONLY | O_CLOEXEC);
    if (source < 0)
        return error_set_errno(err, "%s: its content is not at the controller", path);
    if (!folder_create(arena, path_dirname(arena, target), 0700, err))
        return false;
    FD_SCOPED copy = open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, bits);
    if (copy < 0)
        return error_set_errno(err, "cannot make %s of the project", path);
    return bytes_copy(source, copy, err) || error_prefix(err, "%s", path);
}

bool run_project_lay_out(struct arena *arena, const struct value *project, const char *folder, struct error *err)
{
    ARENA_SCOPED scratch = arena_new();

    if (!folder_create(arena, folder, 0700, err))
        return false;
    for (size_t i = 0; i < value_count(project); i++) {
        if (!file_lay_out(scratch, value_item(project, i), folder, err))
            return false;
        arena_reset(scratch);
    }
    return true;
}
