/* SPDX-License-Identifier: Apache-2.0 */
/* A new link is made under a temporary name beside the old file and renamed over it: readers never find a gap. */
#include "agent/system/file/file_link.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/system/file/file_state.h"
#include "common/base/clock.h"
#include "common/base/path.h"

static bool link_make(struct arena *arena, bool symbolic, const char *target, const char *path, bool replace,
                      struct error *err)
{
    int (*make)(const char *, const char *) = symbolic ? symlink : link;
    struct stat info;

    if (!replace) {
        if (make(target, path) != 0)
            return error_set_errno(err, "cannot link '%s' to '%s'", path, target);
        return true;
    }
    const char *temp =
        path_join(arena, path_dirname(arena, path),
                  arena_printf(arena, ".roost-link-%ld-%lld", (long)getpid(), (long long)clock_monotonic_us()));
    if (make(target, temp) != 0)
        return error_set_errno(err, "cannot link '%s' to '%s'", path, target);
    /* A folder cannot be renamed over: only an empty one is taken away. */
    if ((lstat(path, &info) == 0 && S_ISDIR(info.st_mode) && rmdir(path) != 0) || rename(temp, path) != 0) {
        int reason = errno;
        (void)unlink(temp);
        errno = reason;
        return error_set_errno(err, "cannot replace '%s'", path);
    }
    (void)unlink(temp); /* rename leaves both names when they are links of one file already */
    return true;
}

bool file_link_symbolic(struct arena *arena, const char *target, const char *path, bool replace, struct error *err)
{
    return link_make(arena, true, target, path, replace, err);
}

bool file_link_hard(struct arena *arena, const char *target, const char *path, bool replace, struct error *err)
{
    return link_make(arena, false, target, path, replace, err);
}
