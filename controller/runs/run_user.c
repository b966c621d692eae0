/* SPDX-License-Identifier: Apache-2.0 */
/* From root to nobody, with the run's folder where it was. */
#include "controller/runs/run_user.h"

#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534
#define FOLDERS_OPEN 16

static int entry_give(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return lchown(path, NOBODY, NOBODY);
}

/* The first folder on the way that only its owner may pass, as an end of it in `path`; NULL: others may go all of it. */
static char *way_closed(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        struct stat status;
        bool is_closed;

        *slash = '\0';
        is_closed = stat(path, &status) != 0 || (status.st_mode & S_IXOTH) == 0;
        *slash = '/';
        if (is_closed)
            return slash;
    }
    return NULL;
}

/* An empty folder in front of the closed one, with nothing in it but the way on. */
static bool way_lay(char *path, char *closed)
{
    bool ok;

    *closed = '\0';
    ok = mount("none", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755,size=64k") == 0;
    *closed = '/';
    for (char *slash = strchr(closed + 1, '/'); ok && slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        ok = mkdir(path, 0755) == 0;
        *slash = '/';
    }
    return ok && mkdir(path, 0755) == 0;
}

/* Only this process and its children see it. What was the working folder is the same one in the new name space. */
static bool way_open(char *path, struct error *err)
{
    char *closed = way_closed(path);

    if (closed == NULL)
        return true;
    return (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
            way_lay(path, closed) && mount(".", path, NULL, MS_BIND, NULL) == 0 && chdir(path) == 0) ||
           error_set_errno(err, "this controller runs as root and cannot open its run's folder to another user (a user "
                                "of its own, or the unit that comes with it, would do)");
}

bool run_user_prepare(const char *folder, struct error *err)
{
    char path[PATH_MAX];

    if (geteuid() != 0)
        return true;
    if (chdir(folder) != 0 || getcwd(path, sizeof(path)) == NULL || nftw(".", entry_give, FOLDERS_OPEN, FTW_PHYS) != 0)
        return error_set_errno(err, "cannot give the run its folder");
    return way_open(path, err);
}

bool run_user_become(struct error *err)
{
    if (geteuid() != 0)
        return true;
    if (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0)
        return error_set_errno(err, "cannot give the run a user of its own");
    /* the kernel forgets both when the user changes */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    prctl(PR_SET_DUMPABLE, 0);
    return true;
}
