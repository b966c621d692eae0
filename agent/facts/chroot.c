/* SPDX-License-Identifier: Apache-2.0 */
/* Whether this process sees another root than the first process of the machine. */
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "agent/facts/fact_support.h"

#define BTRFS_MAGIC 0x9123683e
#define XFS_MAGIC 0x58465342

/* Without access to the first process: a file system's own root has a number of its own. */
static bool is_root_inode(const char *root, ino_t inode)
{
    struct statfs info;
    ino_t expected = 2;

    if (statfs(root, &info) == 0 && info.f_type == BTRFS_MAGIC)
        expected = 256;
    else if (statfs(root, &info) == 0 && info.f_type == XFS_MAGIC)
        expected = 128;
    return inode == expected;
}

static bool chroot_collect(const struct system *system, struct arena *arena, struct value *facts, struct error *err)
{
    const char *root = system_path(system, arena, "/");
    const char *named = getenv("debian_chroot");
    struct stat own, first;
    bool is_chroot = named && named[0];

    (void)err;
    if (stat(root, &own) != 0)
        return true;
    if (!is_chroot && stat(system_path(system, arena, "/proc/1/root/."), &first) == 0)
        is_chroot = own.st_ino != first.st_ino || own.st_dev != first.st_dev;
    else if (!is_chroot && fact_is_live(system))
        is_chroot = !is_root_inode(root, own.st_ino);
    else if (!is_chroot)
        return true; /* a recorded tree has no first process to compare with */
    value_map_put_bool(arena, facts, "is_chroot", is_chroot);
    return true;
}

FACT_GROUP_DEFINE(chroot) = { .name = "chroot", .names = FACT_NAMES("is_chroot"), .collect = chroot_collect };
