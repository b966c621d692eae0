/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key pairs by ssh-keygen. The pair is made under a temporary name beside the wanted one and then renamed: an
 * old key is lost only when there is a new one.
 */
#include "agent/system/account/account_key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/system/account/ssh_keygen.h"
#include "agent/system/process/process.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define PUBLIC_KEY_LIMIT (64 * 1024)

static bool folder_make(struct arena *arena, const char *path, const struct account_user *user, struct error *err)
{
    const char *folder = path_dirname(arena, path);

    if (path_exists(folder))
        return true;
    if (mkdir(folder, 0700) != 0 || chown(folder, (uid_t)user->uid, (gid_t)user->gid) != 0)
        return error_set_errno(err, "Failed to create %s", folder);
    return true;
}

static bool keygen(const struct system *system, struct arena *arena, const struct account_key *key, const char *path,
                   struct error *err)
{
    const struct ssh_key_wish wish = { .type = key->type, .size = key->bits, .comment = key->comment };
    struct ssh_keygen program;

    if (!ssh_keygen_find(system, arena, &program))
        return error_set(err, "Failed to find required executable \"ssh-keygen\"");
    program.passphrase = key->passphrase;
    return ssh_keygen_make(&program, path, &wish, err);
}

static bool key_place(const char *from, const char *to, const struct account_user *user, struct error *err)
{
    if (chown(from, (uid_t)user->uid, (gid_t)user->gid) != 0)
        return error_set_errno(err, "giving '%s' to '%s'", from, user->name);
    return rename(from, to) == 0 || error_set_errno(err, "renaming '%s' to '%s'", from, to);
}

bool account_key_generate(const struct system *system, struct arena *arena, const struct account_key *key,
                          const struct account_user *user, struct error *err)
{
    const char *temporary = arena_printf(arena, "%s.%ld.new", key->path, (long)getpid());
    const char *temporary_public = arena_printf(arena, "%s.pub", temporary);
    const char *public_path = arena_printf(arena, "%s.pub", key->path);

    if (!folder_make(arena, key->path, user, err))
        return false;
    (void)unlink(temporary);
    (void)unlink(temporary_public);
    if (keygen(system, arena, key, temporary, err) && key_place(temporary, key->path, user, err) &&
        key_place(temporary_public, public_path, user, err))
        return true;
    (void)unlink(temporary);
    (void)unlink(temporary_public);
    return false;
}

bool account_key_fingerprint(const struct system *system, struct arena *arena, const char *path, const char **out,
                             struct error *err)
{
    struct process_result result;

    *out = "";
    if (!path_exists(path))
        return true;
    if (!process_run(system, arena, &PROCESS("ssh-keygen", "-l", "-f", path), &result, err))
        return false;
    *out = result.status == 0 ? text_trim(arena, result.output, result.output_length)
                              : text_trim(arena, result.errors, result.errors_length);
    return true;
}

const char *account_key_public(struct arena *arena, const char *path)
{
    struct error ignored = ERROR_INIT;
    char *data = NULL;
    size_t length = 0;

    if (!file_read(arena, arena_printf(arena, "%s.pub", path), PUBLIC_KEY_LIMIT, &data, &length, &ignored))
        return NULL;
    return text_trim(arena, data, length);
}
