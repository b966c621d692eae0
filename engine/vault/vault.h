/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ansible's vault, formats 1.1 and 1.2: text that passwords encrypt. An envelope is
 *     $ANSIBLE_VAULT;1.1;AES256            or  $ANSIBLE_VAULT;1.2;AES256;<id>
 *     hex( hex(salt) \n hex(hmac) \n hex(ciphertext) ) in lines of 80
 * Passwords, and what they open, lie in locked memory that dies with the struct vault_secrets; each envelope is opened once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/base/text.h"
#include "common/value/value.h"

struct vault_secrets; /* one for each run: passwords with their ids, in the order in which they are tried */

#define VAULT_DEFAULT_ID "default"

struct vault_secrets *vault_secrets_new(void);
void vault_secrets_free(struct vault_secrets *secrets); /* wipes; NULL is fine */
/* An empty password is an error. The bytes are copied; the caller wipes its own. */
bool vault_secrets_add(struct vault_secrets *secrets, const char *id, const char *password, size_t length,
                       struct error *err);
/* vault_id_match: only passwords with the envelope's id are tried. */
void vault_secrets_match(struct vault_secrets *secrets, bool only_equal_ids);
size_t vault_secrets_count(const struct vault_secrets *secrets);
const char *vault_secrets_id(const struct vault_secrets *secrets, size_t index);
/* The first password with this id (NULL: the first of all); false: there is none. */
bool vault_secrets_find(const struct vault_secrets *secrets, const char *id, size_t *index_out);
/* A zeroed piece of the locked memory, for text on its way to or from here. */
char *vault_secrets_buffer(struct vault_secrets *secrets, size_t size);

/* As Ansible asks: only ASCII, and the mark in front. */
bool vault_is_encrypted(const char *data, size_t length);

/* What an envelope says of itself. */
struct vault_head {
    const char *id; /* in `arena`; "default" when there is none */
    size_t body;    /* where the lines of hexadecimal digits begin */
};
bool vault_head_read(struct arena *arena, const char *data, size_t length, struct vault_head *out, struct error *err);

/*
 * The shape of the `decrypt` of templates, playbooks and inventories; `secrets` is a struct vault_secrets, or NULL for none.
 * *out (NUL-terminated) lives as long as `secrets`. Errors are Ansible's sentences and name no password and no plaintext.
 */
bool vault_decrypt(void *secrets, const char *data, size_t length, const char **out, size_t *length_out,
                   struct error *err);
/* The same; *used_out is the index of the password that fitted. */
bool vault_decrypt_used(struct vault_secrets *secrets, const char *data, size_t length, struct text *plain_out,
                        size_t *used_out, struct error *err);

struct vault_target {
    size_t index;     /* of the password */
    const char *id;   /* of the envelope; NULL or "default": format 1.1 */
    const char *salt; /* NULL: random */
    size_t salt_length;
};
/* Adds the envelope to `out`. What is encrypted already is an error. */
bool vault_encrypt(struct vault_secrets *secrets, const struct vault_target *target, const char *data, size_t length,
                   struct text *out, struct error *err);

typedef bool vault_decrypt_function(void *context, const char *data, size_t length, const char **out,
                                    size_t *length_out, struct error *err);
struct vault_door {
    vault_decrypt_function *decrypt; /* NULL: nobody has passwords */
    void *context;
};
struct vault_content {
    const char *data;
    size_t length;
    bool was_encrypted;
};
/*
 * A whole file that the engine reads, opened if it is encrypted. Errors of the vault point to its first line.
 * Every reader of playbooks, variables, inventories, templates and contents goes through here, or through vault_open when it
 * has the bytes already.
 */
bool vault_read_file(const struct vault_door *door, struct arena *arena, const char *path, size_t limit,
                     struct vault_content *out, struct error *err);
bool vault_open(const struct vault_door *door, struct arena *arena, const char *path, struct vault_content *content,
                struct error *err);
/* The variables of an encrypted file: text and numbers are SECRET (and hidden), keys, lists and maps are not. */
const struct value *vault_secret_values(const struct vault_door *door, struct arena *arena, const struct value *value);
/* What an inline value stands for: SECRET, and no template itself. Errors point to the value. */
const struct value *vault_inline_value(const struct vault_door *door, struct arena *arena, const struct value *value,
                                       struct error *err);
/* With every inline value beneath opened, whoever may use it. NULL: error set. */
const struct value *vault_all_opened(const struct vault_door *door, struct arena *arena, const struct value *value,
                                     struct error *err);

/* Remembers a text that came out of a vault: where it is found in a result, that string is SECRET again. Short ones are not. */
void vault_hide(struct vault_secrets *secrets, const char *text, size_t length);
/* `result` itself if nothing is found in it, else a copy. Facts are not searched. Both may be NULL. */
struct value *vault_hidden_marked(const struct vault_secrets *secrets, struct arena *arena, struct value *result);
