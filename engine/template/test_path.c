/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of paths on the control side. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/path.h"
#include "engine/template/test.h"

/* The path's text. `call`: what Python would ask with it ("stat", "lstat"), or NULL for os.fspath. */
static const char *path_text(struct eval *eval, const struct value *input, const char *call)
{
    const char *type = eval_type(input);
    bool is_number = input->kind == VALUE_INT || input->kind == VALUE_BOOL;

    if (input->kind == VALUE_STRING)
        return input->as.string.data;
    if (input->kind == VALUE_UNDEFINED)
        eval_fail_undefined(eval, input);
    else if (is_number && call != NULL && strcmp(call, "stat") == 0)
        return ""; /* a descriptor */
    else if (call == NULL)
        eval_fail_type(eval, "expected str, bytes or os.PathLike object, not %s", type);
    else if (strcmp(call, "stat") == 0)
        eval_fail_type(eval, "stat: path should be string, bytes, os.PathLike or integer, not %s", type);
    else
        eval_fail_type(eval, "%s: path should be string, bytes or os.PathLike, not %s", call, type);
    return NULL;
}

#define PATH_TEST(name_, call_, expression_)                                                                           \
    static bool test_##name_(struct eval *eval, const struct value *input, struct call_args *args, bool *out)          \
    {                                                                                                                  \
        const char *path;                                                                                              \
                                                                                                                       \
        (void)args;                                                                                                    \
        path = path_text(eval, input, call_);                                                                          \
        if (path == NULL)                                                                                              \
            return false;                                                                                              \
        *out = (expression_);                                                                                          \
        return true;                                                                                                   \
    }

static bool is_link(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

static bool is_there(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0;
}

/* A folder on another device than its parent, or the root. */
static bool is_mount(const char *path)
{
    char parent[LIMIT_PATH];
    struct stat own, above;
    size_t length = strlen(path);

    if (length + 4 > sizeof(parent) || lstat(path, &own) != 0 || S_ISLNK(own.st_mode))
        return false;
    memcpy(parent, path, length);
    memcpy(parent + length, "/..", 4);
    return lstat(parent, &above) == 0 && (own.st_dev != above.st_dev || own.st_ino == above.st_ino);
}

PATH_TEST(file, "stat", path_is_file(path))
PATH_TEST(directory, "stat", path_is_folder(path))
PATH_TEST(link, "lstat", is_link(path))
PATH_TEST(exists, "stat", path_exists(path))
PATH_TEST(link_exists, "lstat", is_there(path))
PATH_TEST(abs, NULL, path[0] == '/')
PATH_TEST(mount, "lstat", is_mount(path))

static bool test_same_file(struct eval *eval, const struct value *input, struct call_args *args, bool *out)
{
    const struct value *other = eval_str(eval, args->bound[0]);
    struct stat a, b;

    input = eval_str(eval, input);
    if (input == NULL || other == NULL)
        return false;
    if (stat(input->as.string.data, &a) != 0 || stat(other->as.string.data, &b) != 0)
        return eval_fail(eval, "[Errno 2] No such file or directory: '%s'",
                         path_exists(input->as.string.data) ? other->as.string.data : input->as.string.data) != NULL;
    *out = a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    return true;
}

const struct test tests_path[] = {
    { "file", test_file, "" },
    { "is_file", test_file, "" },
    { "directory", test_directory, "" },
    { "is_dir", test_directory, "" },
    { "link", test_link, "" },
    { "is_link", test_link, "" },
    { "exists", test_exists, "" },
    { "link_exists", test_link_exists, "" },
    { "abs", test_abs, "" },
    { "is_abs", test_abs, "" },
    { "mount", test_mount, "" },
    { "is_mount", test_mount, "" },
    { "same_file", test_same_file, "other!" },
    { "is_same_file", test_same_file, "other!" },
    { .name = NULL },
};
