/* SPDX-License-Identifier: Apache-2.0 */
/* Private folders and who takes them away. */
#include "agent/system/file/private_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/system/file/file_temp.h"
#include "agent/system/file/file_tree.h"
#include "common/base/fd.h"
#include "common/base/path.h"

static bool is_fit(const char *folder, bool runs_programs)
{
    struct statvfs info;

    return path_is_folder(folder) && access(folder, W_OK | X_OK) == 0 &&
           (!runs_programs || (statvfs(folder, &info) == 0 && (info.f_flag & ST_NOEXEC) == 0));
}

static const char *place(bool runs_programs)
{
    const char *folders[] = { "/tmp", "/var/tmp", getenv("HOME") };

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        if (folders[i] != NULL && folders[i][0] == '/' && is_fit(folders[i], runs_programs))
            return folders[i];
    return folders[0];
}

/* The keeper: in a session of its own, with nothing open but the pipe, until the other end is gone. */
static _Noreturn void keep(int pipe_end, const char *folder)
{
    struct error ignored = ERROR_INIT;
    char byte;

    (void)setsid();
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    if (dup2(pipe_end, STDIN_FILENO) >= 0) {
        (void)close_range(STDIN_FILENO + 1, ~0U, 0);
        while (read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR) {
        }
    }
    (void)file_tree_remove(folder, &ignored);
    _exit(0);
}

bool private_folder_make(struct arena *arena, bool runs_programs, struct private_folder *out, struct error *err)
{
    struct error ignored = ERROR_INIT;
    int ends[2];
    const char *path = file_temp_folder(arena, path_join(arena, place(runs_programs), ".roost-module-XXXXXX"), err);

    if (path == NULL)
        return false;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        (void)error_set_errno(err, "cannot make a pipe");
        (void)file_tree_remove(path, &ignored);
        return false;
    }
    *out = (struct private_folder){ .path = path, .keeper = ends[1], .pid = fork() };
    if (out->pid == 0) {
        fd_close(ends[1]);
        keep(ends[0], path);
    }
    fd_close(ends[0]);
    if (out->pid > 0)
        return true;
    (void)error_set_errno(err, "cannot start a process");
    private_folder_remove(out);
    return false;
}

void private_folder_remove(struct private_folder *folder)
{
    struct error ignored = ERROR_INIT;

    if (folder->path == NULL)
        return;
    fd_close(folder->keeper);
    if (folder->pid > 0)
        while (waitpid(folder->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    (void)file_tree_remove(folder->path, &ignored);
    *folder = (struct private_folder){ 0 };
}
