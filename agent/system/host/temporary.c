/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of temporary files. */
#include "agent/system/host/temporary.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/base/path.h"

const char *system_temporary_folder(const struct system *system, struct arena *arena)
{
    static const char *const variables[] = { "TMPDIR", "TEMP", "TMP" };
    static const char *const folders[] = { "/tmp", "/var/tmp", "/usr/tmp" };

    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        const char *value = value_map_text(system->environment, variables[i]);
        if (!value)
            value = getenv(variables[i]);
        if (value && value[0] && path_is_folder(value) && access(value, W_OK | X_OK) == 0)
            return path_absolute(arena, value);
    }
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        if (path_is_folder(folders[i]) && access(folders[i], W_OK | X_OK) == 0)
            return folders[i];
    return ".";
}
