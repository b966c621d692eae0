/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a file has besides its content: owner, mode, extended attributes (POSIX ACLs and SELinux labels are
 * stored as such), times and inode flags. Copies them from a path to an open file. Paths are as the kernel
 * sees them.
 */
#pragma once

#include <sys/types.h>

#include "common/base/arena.h"
#include "common/base/error.h"

enum file_metadata_part {
    FILE_METADATA_OWNER = 1 << 0, /* what this user may not give away stays; set-id bits are then dropped */
    FILE_METADATA_MODE = 1 << 1,
    FILE_METADATA_XATTRS =
        1 << 2, /* ACLs and labels too; not those that vouch for the content (capability, IMA, EVM) */
    FILE_METADATA_TIMES = 1 << 3,
    FILE_METADATA_FLAGS = 1 << 4, /* chattr flags, as far as the file system takes them */
};

/* Copies `parts` (enum file_metadata_part) of `from` (links followed) to the file open as `fd`, named `to` in
 * messages. */
bool file_metadata_copy(struct arena *arena, const char *from, int fd, const char *to, unsigned parts,
                        struct error *err);
/* Removes ACLs that `fd` inherited from its folder. */
void file_metadata_drop_acl(int fd);
mode_t file_umask(void);
