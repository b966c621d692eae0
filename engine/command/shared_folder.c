/* SPDX-License-Identifier: Apache-2.0 */
/* Where the installed roles are. */
#include "engine/command/shared_folder.h"

#include <string.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/path.h"

/* A program in SOURCES/build/NAME: enroll.yml is what tells Roost's sources from another build folder. */
static const char *sources_folder(struct arena *arena, const char *program, const char *name)
{
    const char *build = path_dirname(arena, path_dirname(arena, program)), *sources = path_dirname(arena, build);
    const char *folder = path_join(arena, sources, name);

    return strcmp(path_basename(build), "build") == 0 && path_is_file(path_join(arena, sources, "cli/enroll.yml")) &&
                   path_is_folder(folder)
               ? folder
               : NULL;
}

const char *shared_folder_of(struct arena *arena, const char *program, const char *name)
{
    const char *folder = path_dirname(arena, path_dirname(arena, program));

    folder = path_join(arena, path_join(arena, folder, "share/roost"), name);
    return path_is_folder(folder) ? folder : sources_folder(arena, program, name);
}

const char *shared_folder(struct arena *arena, const char *name)
{
    char program[LIMIT_PATH];
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);

    if (length <= 0)
        return NULL;
    program[length] = '\0';
    return shared_folder_of(arena, program, name);
}
