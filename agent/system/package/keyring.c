/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and rewriting apt's keyrings. */
#include "agent/system/package/keyring.h"

#include <string.h>
#include <unistd.h>

#include "agent/system/file/file_replace.h"
#include "agent/system/file/file_tree.h"
#include "agent/system/process/process.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define TRUSTED "/etc/apt/trusted.gpg"
#define TRUSTED_PARTS "/etc/apt/trusted.gpg.d"
#define OUR_PART "apt_key.gpg"
#define KEYRING_LIMIT (64 * 1024 * 1024)

static bool read_file(const struct system *system, struct arena *arena, const char *path, struct keyring_file *out,
                      struct error *err)
{
    const char *real = system_path(system, arena, path);
    size_t length = 0;
    char *data = NULL;

    *out = (struct keyring_file){ .path = path, .exists = path_exists(real) };
    if (!out->exists)
        return true;
    if (!file_read(arena, real, KEYRING_LIMIT, &data, &length, err))
        return false;
    out->is_armored = gpg_is_armored(data, length);
    return gpg_keys_parse(arena, data, length, &out->keys, err) || error_prefix(err, "'%s'", path);
}

bool keyring_read(const struct system *system, struct arena *arena, const char *path, struct keyring *out,
                  struct error *err)
{
    const char *folder = system_path(system, arena, TRUSTED_PARTS);
    char **names = NULL;
    size_t count = 0;
    struct error ignored = ERROR_INIT;
    const char *first = path;

    if (path == NULL && path_is_folder(folder) && !file_tree_names(arena, folder, &names, &count, err))
        return false;
    *out = (struct keyring){ .files = arena_new_array(arena, struct keyring_file, count + 1), .count = 1 };
    /* apt without apt-key does not read trusted.gpg any more. */
    if (path == NULL)
        first = process_find(system, arena, "apt-key") != NULL ? TRUSTED : TRUSTED_PARTS "/" OUR_PART;
    if (!read_file(system, arena, first, &out->files[0], err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *part = path_join(arena, TRUSTED_PARTS, names[i]);
        bool is_key = names[i][0] != '.' && (text_ends(part, ".gpg") || text_ends(part, ".asc"));

        if (is_key && strcmp(part, first) != 0 && read_file(system, arena, part, &out->files[out->count], &ignored))
            out->count++;
    }
    return true;
}

struct value *keyring_ids(struct arena *arena, const struct keyring *keyring, size_t digits, bool with_expired)
{
    struct value *ids = value_list(arena);
    int64_t now = clock_wall_us() / 1000000;

    for (size_t i = 0; i < keyring->count; i++) {
        const struct gpg_keys *keys = &keyring->files[i].keys;

        for (size_t j = 0; j < keys->count; j++) {
            const char *id = keys->items[j].id;
            if (with_expired || !gpg_key_is_expired(&keys->items[j], now))
                value_list_add(arena, ids, value_string(arena, id + strlen(id) - digits));
        }
    }
    return ids;
}

static bool write_file(const struct system *system, struct arena *arena, const struct keyring_file *file,
                       const char *data, size_t length, struct error *err)
{
    struct file_replace_options options = { .mode = 0644 };
    FILE_REPLACE_SCOPED replace = NULL;

    if (file->is_armored) {
        data = gpg_armor(arena, data, length);
        length = strlen(data);
    }
    return file_replace_begin(system, arena, file->path, &options, &replace, err) &&
           fd_write_all(file_replace_fd(replace), data, length, err) && file_replace_commit(replace, err);
}

bool keyring_add(const struct system *system, struct arena *arena, const struct keyring *keyring,
                 const struct gpg_keys *keys, struct error *err)
{
    size_t length = 0;
    const char *data = gpg_keys_with(arena, &keyring->files[0].keys, keys, &length);

    return write_file(system, arena, &keyring->files[0], data, length, err);
}

bool keyring_remove(const struct system *system, struct arena *arena, const struct keyring *keyring, const char *id,
                    struct error *err)
{
    for (size_t i = 0; i < keyring->count; i++) {
        const struct keyring_file *file = &keyring->files[i];
        size_t length = 0, before = 0;
        const char *data = gpg_keys_without(arena, &file->keys, id, &length);

        (void)gpg_keys_without(arena, &file->keys, "-", &before);
        if (length == before)
            continue;
        if (length == 0 && i > 0 && unlink(system_path(system, arena, file->path)) != 0)
            return error_set_errno(err, "removing '%s'", file->path);
        if ((length > 0 || i == 0) && !write_file(system, arena, file, data, length, err))
            return false;
    }
    return true;
}
