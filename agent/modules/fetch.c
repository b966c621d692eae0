/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch: the node's side of the action of that name. Sends the bytes of a file to the engine unless the engine has them
 * already (by SHA-1, Ansible's checksum). Reads only.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/task/module.h"
#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/text.h"

struct fetch_args {
    const char *src, *known_sha1;
};

static const struct arg_spec fetch_spec[] = {
    ARG(fetch_args, src, ARG_PATH, .required = true, .help = "file that is read"),
    ARG_NAMED("_known_sha1", fetch_args, known_sha1, ARG_STRING, .internal = true,
              .help = "SHA-1 of what the engine has already"),
    ARG_END,
};

static bool missing(struct task_context *task, const char *path, const char *key)
{
    if (key != NULL)
        result_set_bool(task, key, true);
    return result_fail(task, "%s: %s", path, strerror(errno));
}

/* The descriptor, or -1 with a failed result. */
static int file_open(struct task_context *task, const char *path)
{
    int fd = open(system_path(task->system, task->scratch, path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat info;

    if (fd < 0) {
        (void)missing(task, path, errno == ENOENT ? "is_missing" : errno == EACCES ? "is_denied" : NULL);
        return -1;
    }
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode))
        return fd;
    if (S_ISDIR(info.st_mode))
        result_set_bool(task, "is_folder", true);
    (void)result_fail(task, "'%s' is not a regular file", path);
    fd_close(fd);
    return -1;
}

static bool fetch_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct fetch_args *args = raw;
    FD_SCOPED fd = file_open(task, args->src);
    char checksum[HASH_HEX_MAX];
    bool is_known;

    if (fd < 0)
        return true;
    if (!hash_hex_of_fd(HASH_SHA1, fd, checksum, err))
        return error_prefix(err, "cannot read '%s'", args->src);
    is_known = text_equal(checksum, args->known_sha1);
    result_set_string(task, "src", args->src);
    result_set_string(task, "checksum", checksum);
    result_set_bool(task, "is_sent", !is_known);
    if (is_known)
        return true;
    if (lseek(fd, 0, SEEK_SET) < 0)
        return error_set_errno(err, "cannot read '%s' again", args->src);
    return task_content_send(task, fd, err);
}

MODULE_DEFINE(fetch) = { .spec = { .name = "fetch",
                                   .summary = "Send a file to the engine",
                                   .args = fetch_spec,
                                   .args_size = sizeof(struct fetch_args) },
                         .is_info = true,
                         .run = fetch_run };
