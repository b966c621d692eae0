/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that may be envelopes.
 */
#include <string.h>

#include "common/base/fd.h"
#include "engine/vault/vault.h"

bool vault_open(const struct vault_door *door, struct arena *arena, const char *path, struct vault_content *content,
                struct error *err)
{
    struct source_position at = { path, 1, 1 };
    vault_decrypt_function *decrypt = door == NULL || door->decrypt == NULL ? vault_decrypt : door->decrypt;

    content->was_encrypted = vault_is_encrypted(content->data, content->length);
    if (!content->was_encrypted)
        return true;
    if (decrypt(door == NULL ? NULL : door->context, content->data, content->length, &content->data, &content->length,
                err))
        return true;
    if (text_starts(err->text, "Decryption failed")) /* Ansible names the file here, and only here */
        return error_set_kind(err, err->kind, "%s on %s", arena_copy(arena, err->text), path);
    return error_locate(err, &at);
}

const struct value *vault_inline_value(const struct vault_door *door, struct arena *arena, const struct value *value,
                                       struct error *err)
{
    struct source_position at = value_position(value);
    vault_decrypt_function *decrypt = door->decrypt == NULL ? vault_decrypt : door->decrypt;
    const char *plain = NULL;
    size_t length = 0;
    struct value *made;

    if (!decrypt(door->context, value->as.string.data, value->as.string.length, &plain, &length, err)) {
        error_locate(err, &at);
        return NULL;
    }
    if (door->decrypt == vault_decrypt && door->context != NULL)
        vault_hide(door->context, plain, length);
    made = value_string_borrow(arena, plain, length);
    made->marks = VALUE_SECRET | VALUE_VAULT | VALUE_STATIC;
    made->path = value->path;
    made->line = value->line;
    made->column = value->column;
    return made;
}

bool vault_read_file(const struct vault_door *door, struct arena *arena, const char *path, size_t limit,
                     struct vault_content *out, struct error *err)
{
    char *data = NULL;

    if (!file_read(arena, path, limit, &data, &out->length, err))
        return false;
    out->data = data;
    return vault_open(door, arena, path, out, err);
}
