/* SPDX-License-Identifier: Apache-2.0 */
/* Nameless temporary files, and temporary folders. */
#include "agent/system/file/file_temp.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

int file_temp_open(struct error *err)
{
    static const char *const folders[] = { "/var/tmp", "/tmp" };

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        int fd = open(folders[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (fd >= 0)
            return fd;
    }
    int fd = memfd_create("temporary", MFD_CLOEXEC);
    if (fd < 0)
        (void)error_set_errno(err, "cannot make a temporary file");
    return fd;
}

const char *file_temp_folder(struct arena *arena, const char *pattern, struct error *err)
{
    char *folder = arena_copy(arena, pattern);

    if (mkdtemp(folder))
        return folder;
    (void)error_set_errno(err, "cannot make a temporary folder '%s'", pattern);
    return NULL;
}
