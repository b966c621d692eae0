/* SPDX-License-Identifier: Apache-2.0 */
/* tempfile: makes a temporary file or folder that stays until somebody removes it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/task/file_arguments.h"
#include "agent/system/host/temporary.h"
#include "agent/task/module.h"
#include "common/base/fd.h"
#include "common/base/path.h"

#define NAME_LETTERS 8
#define ATTEMPTS 1000

struct tempfile_args {
    const char *state, *path, *prefix, *suffix;
};

static const struct arg_spec tempfile_args[] = {
    ARG(tempfile_args, state, ARG_STRING, .default_text = "file", .choices = ARG_NAMES("file", "directory"),
        .help = "what to make"),
    ARG(tempfile_args, path, ARG_PATH, .help = "folder to make it in; default: the system's for temporary files"),
    ARG(tempfile_args, prefix, ARG_STRING, .default_text = "ansible.", .help = "what the name starts with"),
    ARG(tempfile_args, suffix, ARG_STRING, .default_text = "", .help = "what the name ends with"),
    ARG_END,
};

static bool random_letters(char out[NAME_LETTERS + 1], struct error *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345"; /* 32: no letter is likelier than another */
    unsigned char bytes[NAME_LETTERS];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return error_set_errno(err, "cannot get random bytes");
    for (size_t i = 0; i < NAME_LETTERS; i++)
        out[i] = letters[bytes[i] & 31];
    out[NAME_LETTERS] = '\0';
    return true;
}

/* Makes it if the name is free. False with errno. */
static bool make(const char *path, bool is_folder)
{
    if (is_folder)
        return mkdir(path, 0700) == 0;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    fd_close(fd);
    return fd >= 0;
}

static bool tempfile_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct tempfile_args *args = raw;
    const char *folder =
        args->path ? path_absolute(task->scratch, args->path) : system_temporary_folder(task->system, task->scratch);
    bool is_folder = strcmp(args->state, "directory") == 0;
    char letters[NAME_LETTERS + 1];

    if (!change_wanted(task, "make a temporary %s in '%s'", args->state, folder))
        return true;
    for (int i = 0; i < ATTEMPTS; i++) {
        if (!random_letters(letters, err))
            return false;
        const char *name = arena_printf(task->scratch, "%s%s%s", args->prefix, letters, args->suffix);
        const char *path = path_join(task->scratch, folder, name);
        if (make(path, is_folder)) {
            result_set_string(task, "path", path);
            return file_arguments_describe(task, path, err);
        }
        if (errno != EEXIST)
            return error_set_errno(err, "cannot make '%s'", path);
    }
    return error_set(err, "no free name for a temporary file in '%s'", folder);
}

MODULE_DEFINE(tempfile) = {
    .spec = { .name = "tempfile",
              .summary = "Make a temporary file or folder",
              .args = tempfile_args,
              .args_size = sizeof(struct tempfile_args) },
    .check_mode = MODULE_CHECK_SKIP,
    .run = tempfile_run,
};
