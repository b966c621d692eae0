/* SPDX-License-Identifier: Apache-2.0 */
/* SELinux contexts as text. Nothing here decides policy: the kernel refuses what its policy does not allow. */
#include "agent/system/file/file_context.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "common/base/path.h"
#include "common/base/text.h"

#define CONTEXT_XATTR "security.selinux"
#define CONTEXT_MAX 4096

bool file_context_enabled(const struct system *system)
{
    ARENA_SCOPED arena = arena_new();

    return path_exists(system_path(system, arena, "/sys/fs/selinux/enforce"));
}

const char *file_context_get(struct arena *arena, const char *path)
{
    char buffer[CONTEXT_MAX];
    ssize_t size = lgetxattr(path, CONTEXT_XATTR, buffer, sizeof(buffer) - 1);

    if (size <= 0)
        return NULL;
    buffer[size] = '\0'; /* the kernel's value ends in a NUL of its own on most file systems */
    return arena_copy(arena, buffer);
}

bool file_context_merge(struct arena *arena, const char *current, const char *const parts[4], const char **out,
                        struct error *err)
{
    struct text text = text_new(arena);
    const char *at = current ? current : "";

    for (int i = 0; i < 4; i++) {
        size_t length = i < 3 ? strcspn(at, ":") : strlen(at);
        if (parts[i] && strcmp(parts[i], "_default") == 0)
            return error_set(err, "SELinux value _default cannot be looked up: name the context");
        /* Without multi-level security there is no fourth part to set. */
        if (i == 3 && length == 0)
            break;
        if (i > 0)
            text_add_char(&text, ':');
        text_add_n(&text, parts[i] ? parts[i] : at, parts[i] ? strlen(parts[i]) : length);
        at += length;
        at += *at == ':';
    }
    *out = text.data;
    return true;
}

bool file_context_set(const char *path, const char *context, struct error *err)
{
    if (lsetxattr(path, CONTEXT_XATTR, context, strlen(context) + 1, 0) != 0)
        return error_set_errno(err, "cannot set SELinux context %s on '%s'", context, path);
    return true;
}
