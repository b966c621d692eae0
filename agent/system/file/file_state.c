/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about paths that need the file system. Changes nothing. */
#include "agent/system/file/file_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/path.h"
#include "common/base/text.h"

#define MAX_LINKS 40

bool file_state_get(const char *path, enum file_state *out, struct error *err)
{
    struct stat info;

    if (lstat(path, &info) != 0) {
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
            return error_set_errno(err, "cannot look at '%s'", path);
        *out = FILE_ABSENT;
    } else if (S_ISLNK(info.st_mode)) {
        *out = FILE_LINK;
    } else if (S_ISDIR(info.st_mode)) {
        *out = FILE_FOLDER;
    } else {
        *out = info.st_nlink > 1 ? FILE_HARD : FILE_REGULAR;
    }
    return true;
}

const char *file_state_name(enum file_state state)
{
    static const char *const names[] = { "absent", "file", "hard", "link", "directory" };
    return names[state];
}

bool file_is_link(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
}

const char *file_link_target(struct arena *arena, const char *path)
{
    char buffer[LIMIT_PATH];
    ssize_t length = readlink(path, buffer, sizeof(buffer) - 1);

    return length < 0 ? NULL : arena_copy_n(arena, buffer, (size_t)length);
}

/* The component `..`: takes the last one back. */
static void step_back(struct text *done)
{
    const char *slash = done->length ? strrchr(done->data, '/') : NULL;

    text_truncate(done, slash ? (size_t)(slash - done->data) : 0);
}

/* Adds a component; when it is a link, what it names takes its place: the text that is to follow is returned. */
static const char *step_into(struct arena *arena, struct text *done, const char *path, size_t length, int *links)
{
    size_t before = done->length;

    text_printf(done, "/%.*s", (int)length, path);
    const char *target = *links < MAX_LINKS ? file_link_target(arena, done->data) : NULL;
    if (!target)
        return path + length;
    (*links)++;
    text_truncate(done, target[0] == '/' ? 0 : before);
    return arena_printf(arena, "%s/%s", target, path + length);
}

const char *file_real_path(struct arena *arena, const char *path)
{
    struct text done = text_new(arena);
    int links = 0;
    char folder[LIMIT_PATH];

    if (path[0] != '/' && getcwd(folder, sizeof(folder)))
        text_add(&done, strcmp(folder, "/") == 0 ? "" : folder);
    while (*path) {
        size_t length = strcspn(path, "/");
        bool is_dot = length == 1 && *path == '.';
        if (length == 2 && memcmp(path, "..", 2) == 0) {
            step_back(&done);
            path += length;
        } else if (length > 0 && !is_dot) {
            path = step_into(arena, &done, path, length, &links);
        } else {
            path += length;
        }
        path += *path == '/';
    }
    return done.length ? done.data : "/";
}
