/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths as text, with the results of Python's os.path, because playbooks show them.
 */
#include "common/base/path.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/limits.h"
#include "common/base/text.h"

char *path_join(struct arena *arena, const char *base, const char *path)
{
    if (*path == '/' || *base == '\0')
        return arena_copy(arena, path);
    if (text_ends(base, "/"))
        return arena_printf(arena, "%s%s", base, path);
    return arena_printf(arena, "%s/%s", base, path);
}

char *path_dirname(struct arena *arena, const char *path)
{
    size_t length = (size_t)(path_basename(path) - path);
    size_t kept = length;

    while (kept > 0 && path[kept - 1] == '/')
        kept--;
    return arena_copy_n(arena, path, kept == 0 ? length : kept);
}

const char *path_basename(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

/* Adds one component; ".." takes back the last one if there is one to take. */
static void path_step(struct text *out, const char *part, size_t length, size_t root)
{
    size_t start = out->length;

    if (length == 0 || (length == 1 && *part == '.'))
        return;
    while (start > root && out->data[start - 1] != '/')
        start--;
    if (length == 2 && memcmp(part, "..", 2) == 0) {
        bool can_go_up = out->length > root && strcmp(out->data + start, "..") != 0;

        if (can_go_up) {
            text_truncate(out, start > root ? start - 1 : root);
            return;
        }
        if (root > 0)
            return;
    }
    if (out->length > root)
        text_add_char(out, '/');
    text_add_n(out, part, length);
}

char *path_normalize(struct arena *arena, const char *path)
{
    struct text out = text_new(arena);
    size_t slashes = strspn(path, "/");
    size_t root = slashes == 2 ? 2 : slashes > 0; /* POSIX keeps exactly two leading slashes */

    text_add_n(&out, "//", root);
    for (const char *part = path + slashes; *part != '\0';) {
        size_t length = (size_t)(strchrnul(part, '/') - part);

        path_step(&out, part, length, root);
        part += length + (part[length] == '/');
    }
    if (out.length == 0)
        text_add_char(&out, '.');
    return out.data;
}

char *path_absolute(struct arena *arena, const char *path)
{
    char folder[LIMIT_PATH];

    if (*path == '/' || getcwd(folder, sizeof(folder)) == NULL)
        return path_normalize(arena, path);
    return path_normalize(arena, path_join(arena, folder, path));
}

/* The home of `user`, or of whoever runs this when `user` is empty; NULL: unknown. */
static const char *home_of(struct arena *arena, const char *user)
{
    struct passwd entry, *found = NULL;
    char buffer[4096];
    const char *home = getenv("HOME");
    int failed;

    if (*user == '\0' && home != NULL)
        return home;
    if (*user == '\0')
        failed = getpwuid_r(getuid(), &entry, buffer, sizeof(buffer), &found);
    else
        failed = getpwnam_r(user, &entry, buffer, sizeof(buffer), &found);
    return failed != 0 || found == NULL ? NULL : arena_copy(arena, found->pw_dir);
}

char *path_expand_user(struct arena *arena, const char *path)
{
    const char *rest, *home;
    size_t length;

    if (*path != '~')
        return arena_copy(arena, path);
    rest = strchrnul(path, '/');
    home = home_of(arena, arena_copy_n(arena, path + 1, (size_t)(rest - path - 1)));
    if (home == NULL)
        return arena_copy(arena, path);
    length = strlen(home);
    while (length > 0 && home[length - 1] == '/')
        length--;
    if (length == 0 && *rest == '\0')
        return arena_copy(arena, "/");
    return arena_printf(arena, "%.*s%s", (int)length, home, rest);
}

const char *path_extension(const char *path)
{
    const char *name = path_basename(path);
    const char *dot;

    name += strspn(name, ".");
    dot = strrchr(name, '.');
    return dot == NULL ? "" : dot;
}

bool path_is_inside(const char *path, const char *folder)
{
    size_t length = strlen(folder);

    if (strncmp(path, folder, length) != 0)
        return false;
    return path[length] == '\0' || path[length] == '/' || (length > 0 && folder[length - 1] == '/');
}

bool path_exists(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0;
}

bool path_is_file(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

bool path_is_folder(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}
