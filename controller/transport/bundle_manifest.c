/* SPDX-License-Identifier: Apache-2.0 */
/* Remembers what a bundle was packed from. */
#include "controller/transport/bundle_manifest.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define MANIFEST_MAX (1024 * 1024)

static const char *manifest_path(struct arena *arena, const char *folder, const char *agent_path)
{
    return arena_printf(arena, "%s/agent-%016" PRIx64 ".manifest", folder, hash_quick(agent_path, strlen(agent_path)));
}

static const char *file_line(struct arena *arena, const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return NULL;
    return arena_printf(arena, "%lld %lld.%09ld %s\n", (long long)status.st_size, (long long)status.st_mtim.tv_sec,
                        status.st_mtim.tv_nsec, path);
}

/* The rest of the manifest must be what the files say of themselves now. */
static bool files_unchanged(struct arena *arena, const char *lines)
{
    const char *cursor = lines, *end = lines + strlen(lines), *line = NULL;
    size_t length = 0, count = 0;
    while (text_line(&cursor, end, &line, &length)) {
        const char *path = memchr(line, '/', length);
        const char *now = path ? file_line(arena, arena_copy_n(arena, path, length - (size_t)(path - line))) : NULL;
        if (!now || strncmp(now, line, length) != 0)
            return false;
        count++;
    }
    return count >= 2;
}

bool bundle_manifest_read(struct arena *arena, const char *folder, const char *agent_path, struct bundle *out)
{
    char *data = NULL;
    size_t length = 0;
    struct error ignored = ERROR_INIT;
    char sha256[HASH_HEX_MAX], id[17];
    int64_t size = 0;
    int used = 0;
    struct stat status;
    if (!file_read(arena, manifest_path(arena, folder, agent_path), MANIFEST_MAX, &data, &length, &ignored))
        return false;
    if (sscanf(data, "roost-bundle 1 %16[0-9a-f] %64[0-9a-f] %" SCNd64 "\n%n", id, sha256, &size, &used) != 3 ||
        used == 0)
        return false;
    const char *archive = arena_printf(arena, "%s/agent-%s.tar.gz", folder, id);
    if (stat(archive, &status) != 0 || status.st_size != size || !files_unchanged(arena, data + used))
        return false;
    out->path = archive;
    out->size = size;
    out->id = arena_copy(arena, id);
    memcpy(out->sha256, sha256, strlen(sha256) + 1);
    return true;
}

bool bundle_manifest_write(struct arena *arena, const char *folder, const struct bundle *bundle, char *const *files,
                           struct error *err)
{
    struct text text = text_new(arena);
    text_printf(&text, "roost-bundle 1 %s %s %" PRId64 "\n", bundle->id, bundle->sha256, bundle->size);
    for (size_t i = 0; files[i]; i++) {
        const char *line = *files[i] ? file_line(arena, files[i]) : "";
        text_add(&text, line ? line : "");
    }
    const char *path = manifest_path(arena, folder, files[0]);
    const char *temporary = arena_printf(arena, "%s.%d", path, (int)getpid());
    FD_SCOPED fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_errno(err, "cannot write '%s'", temporary);
    if (fd_write_all(fd, text.data, text.length, err) && rename(temporary, path) == 0)
        return true;
    unlink(temporary);
    return error_set_errno(err, "cannot write '%s'", path);
}
