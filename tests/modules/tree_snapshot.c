/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots of a test folder, so that check mode can be held to "changes nothing". Only reads. */
#include "tests/modules/tree_snapshot.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/hash.h"
#include "common/base/text.h"

static void snapshot_entry(struct text *out, const char *path, const char *shown, const struct stat *info)
{
    text_printf(out, "%s mode=%o uid=%u gid=%u", shown, (unsigned)info->st_mode, (unsigned)info->st_uid,
                (unsigned)info->st_gid);
    if (S_ISREG(info->st_mode)) {
        char hex[HASH_HEX_MAX] = "unreadable";
        struct error err = ERROR_INIT;
        (void)hash_hex_of_file(HASH_SHA256, path, hex, &err);
        text_printf(out, " size=%lld mtime=%lld.%09ld links=%lu sha256=%s", (long long)info->st_size,
                    (long long)info->st_mtim.tv_sec, info->st_mtim.tv_nsec, (unsigned long)info->st_nlink, hex);
    } else if (S_ISLNK(info->st_mode)) {
        char target[4096];
        ssize_t length = readlink(path, target, sizeof target - 1);
        text_printf(out, " -> %.*s", length > 0 ? (int)length : 0, target);
    }
    text_add_char(out, '\n');
}

static void snapshot_folder(struct text *out, const char *path, const char *shown)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        struct stat info;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            const char *child = arena_printf(out->arena, "%s/%s", path, name);
            const char *child_shown = arena_printf(out->arena, "%s/%s", shown, name);
            if (lstat(child, &info) == 0) {
                snapshot_entry(out, child, child_shown, &info);
                if (S_ISDIR(info.st_mode))
                    snapshot_folder(out, child, child_shown);
            }
        }
        free(entries[i]);
    }
    free(entries);
}

const char *tree_snapshot(struct arena *arena, const char *folder)
{
    struct text out = text_new(arena);
    struct stat info;

    if (lstat(folder, &info) == 0)
        snapshot_entry(&out, folder, ".", &info);
    snapshot_folder(&out, folder, ".");
    return out.data;
}

const char *tree_difference(struct arena *arena, const char *before, const char *after)
{
    const char *b = before, *a = after, *b_end = before + strlen(before), *a_end = after + strlen(after);

    for (;;) {
        const char *was = "nothing", *is = "nothing";
        size_t was_length = 7, is_length = 7;
        bool has_before = text_line(&b, b_end, &was, &was_length);
        bool has_after = text_line(&a, a_end, &is, &is_length);
        if (!has_before && !has_after)
            return NULL;
        if (has_before != has_after || was_length != is_length || memcmp(was, is, is_length) != 0)
            return arena_printf(arena, "was: %.*s; is: %.*s", (int)(has_before ? was_length : 7),
                                has_before ? was : "nothing", (int)(has_after ? is_length : 7),
                                has_after ? is : "nothing");
    }
}
