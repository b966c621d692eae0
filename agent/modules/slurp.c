/* SPDX-License-Identifier: Apache-2.0 */
/* slurp: gives a file's content, as base64. Reads only. */
#include <errno.h>
#include <sys/stat.h>

#include "agent/task/module.h"
#include "common/base/fd.h"
#include "common/base/hash.h"

/* What still fits into one result as base64. */
#define SLURP_MAX ((size_t)LIMIT_FRAME / 4 * 3 - 65536)

struct slurp_args {
    const char *src;
};

static const struct arg_spec slurp_args[] = {
    ARG(slurp_args, src, ARG_PATH, .required = true, .aliases = ARG_NAMES("path"), .help = "file to read"),
    ARG_END,
};

static bool slurp_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct slurp_args *args = raw;
    struct stat info;
    char *data = NULL;
    size_t length = 0;

    if (stat(args->src, &info) == 0 && S_ISDIR(info.st_mode))
        return result_fail(task, "source is a directory and must be a file: %s", args->src);
    errno = 0;
    if (!file_read(task->scratch, args->src, SLURP_MAX, &data, &length, err)) {
        if (errno == ENOENT)
            return result_fail(task, "file not found: %s", args->src);
        if (errno == EACCES)
            return result_fail(task, "file is not readable: %s", args->src);
        return error_prefix(err, "unable to slurp file");
    }
    result_set_string(task, "content", base64_encode(task->scratch, data, length));
    result_set_string(task, "source", args->src);
    result_set_string(task, "encoding", "base64");
    return true;
}

MODULE_DEFINE(slurp) = {
    .spec = { .name = "slurp",
              .summary = "Read a file from the node",
              .args = slurp_args,
              .args_size = sizeof(struct slurp_args) },
    .is_info = true,
    .order = "content source encoding",
    .run = slurp_run,
};
