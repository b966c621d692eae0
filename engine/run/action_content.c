/* SPDX-License-Identifier: Apache-2.0 */
/* Offering content to a node. */
#include "engine/run/action_content.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "engine/vault/vault.h"

/* Only the first bytes are read: contents may be large. */
static bool is_vaulted(const char *path)
{
    char start[sizeof("$ANSIBLE_VAULT") - 1] = "";
    size_t got = 0;
    struct error err = ERROR_INIT;
    FD_SCOPED fd = open(path, O_RDONLY | O_CLOEXEC);

    return fd >= 0 && fd_read_all(fd, start, sizeof(start), &got, &err) && vault_is_encrypted(start, got);
}

static bool has_passwords(const struct vault_door *door)
{
    return door->decrypt != NULL &&
           (door->decrypt != vault_decrypt || (door->context != NULL && vault_secrets_count(door->context) > 0));
}

bool action_content_open(struct action_call *call, struct action_content *content, bool decrypt, struct error *err)
{
    const struct vault_door door = { call->templates->decrypt, call->templates->decrypt_context };
    struct vault_content opened = { 0 };

    if (content->path == NULL || !decrypt || !is_vaulted(content->path))
        return true;
    if (!has_passwords(&door))
        return error_set(err, "A vault password or secret must be specified to decrypt %s", content->path);
    if (!vault_read_file(&door, call->arena, content->path, LIMIT_SOURCE_FILE, &opened, err))
        return false;
    if (!opened.was_encrypted)
        return true;
    call->sends_secrets = true;
    if (call->templates->decrypt == vault_decrypt && call->templates->decrypt_context != NULL)
        vault_hide(call->templates->decrypt_context, opened.data, opened.length); /* in diffs */
    content->data = opened.data;
    content->length = opened.length;
    content->path = NULL;
    return true;
}

struct digests {
    char sha1[HASH_HEX_MAX], sha256[HASH_HEX_MAX];
    int64_t size;
};

static bool digests_of(const struct action_content *content, struct digests *out, struct error *err)
{
    struct stat info;

    if (content->path == NULL) {
        hash_hex_of(HASH_SHA1, content->data, content->length, out->sha1);
        hash_hex_of(HASH_SHA256, content->data, content->length, out->sha256);
        out->size = (int64_t)content->length;
        return true;
    }
    if (stat(content->path, &info) != 0)
        return error_set_errno(err, "could not find src=%s", content->path);
    out->size = info.st_size;
    return hash_hex_of_file(HASH_SHA1, content->path, out->sha1, err) &&
           hash_hex_of_file(HASH_SHA256, content->path, out->sha256, err);
}

bool action_content_send(struct action_call *call, enum action_next *next, const char *module, struct value *args,
                         const struct action_content *content, struct error *err)
{
    struct content_source *source = arena_new_of(call->arena, struct content_source);
    struct digests digests;

    if (!digests_of(content, &digests, err))
        return false;
    *source = (struct content_source){ content->path, content->data, content->length };
    value_map_put_int(call->arena, args, "_content_id", 1);
    value_map_put_int(call->arena, args, "_content_size", digests.size);
    value_map_put_string(call->arena, args, "_content_sha256", digests.sha256);
    value_map_put_string(call->arena, args, "_content_sha1", digests.sha1);
    if (content->name != NULL)
        value_map_put_string(call->arena, args, "_content_name", content->name);
    call->module.contents = source;
    call->module.content_count = 1;
    call->module.module = module;
    call->module.args = args;
    *next = ACTION_SUBMIT;
    return true;
}

const char *action_file_mode(struct arena *arena, const char *path)
{
    struct stat info;

    return stat(path, &info) != 0 ? NULL : arena_printf(arena, "0%03o", (unsigned)(info.st_mode & 07777));
}

struct value *action_args_without(struct action_call *call, const char *const *names)
{
    struct value *copy = value_map(call->arena);

    for (size_t i = 0; i < value_count(call->args); i++) {
        const struct value_pair *pair = value_pair_at(call->args, i);
        const char *key = value_text(pair->key);

        if (key == NULL || !text_in(key, names))
            value_map_put_value(call->arena, copy, pair->key, pair->item);
    }
    return copy;
}
