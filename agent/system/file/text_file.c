/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and removing small files that may be missing. */
#include "agent/system/file/text_file.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"

#define TEXT_FILE_LIMIT (16 * 1024 * 1024)

bool text_file_read(const struct system *system, struct arena *arena, const char *path, char **out, struct error *err)
{
    const char *real = system_path(system, arena, path);
    struct stat info;
    size_t length = 0;

    if (stat(real, &info) != 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            return error_set_errno(err, "reading '%s'", path);
        *out = NULL;
        return true;
    }
    return file_read(arena, real, TEXT_FILE_LIMIT, out, &length, err);
}

bool text_file_remove(const struct system *system, struct arena *arena, const char *path, struct error *err)
{
    if (unlink(system_path(system, arena, path)) == 0 || errno == ENOENT)
        return true;
    return error_set_errno(err, "removing '%s'", path);
}
