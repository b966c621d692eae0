/* SPDX-License-Identifier: Apache-2.0 */
/* Where the installed roles are. */
#include "engine/command/shared_folder.h"

#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/path.h"

const char *shared_folder(struct arena *arena, const char *name)
{
    char program[LIMIT_PATH];
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    const char *folder;

    if (length <= 0)
        return NULL;
    program[length] = '\0';
    folder = path_dirname(arena, path_dirname(arena, program));
    folder = path_join(arena, path_join(arena, folder, "share/roost"), name);
    return path_is_folder(folder) ? folder : NULL;
}
