/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of `roost vault` share. What they read lies in an arena that is wiped. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"
#include "engine/command/settings.h"
#include "engine/vault/vault.h"

#define VAULT_WORDS_MAX 1024 /* of one kind on the command line */

struct vault_words {
    const char *items[VAULT_WORDS_MAX + 1]; /* NULL-terminated */
    size_t count;
};

/* The command line of ansible-vault. */
struct vault_options {
    const char *action;
    struct vault_words words, ids, files, names;
    const char *output, *encrypt_id, *new_id, *new_file, *stdin_name;
    bool ask, prompt, show_input, help;
};
/* False: an option is wrong; err->kind says ERROR_OPTIONS, and *usage_out whether it is no option at all. */
bool vault_options_parse(struct arena *arena, int argc, char **argv, struct vault_options *out, bool *usage_out,
                         struct error *err);
const char *vault_options_help(struct arena *arena, const char *action);

struct vault_job {
    struct arena *arena;
    const struct vault_options *options;
    struct settings settings;
    struct value *warnings;
    struct vault_secrets *secrets, *new_secrets; /* passwords there are, and those to encrypt with */
    struct vault_target target;                  /* of what is encrypted with new_secrets */
};
/* The passwords that the action needs: asked for, read, chosen. */
bool vault_keys_prepare(struct vault_job *job, struct error *err);
void vault_warnings_print(struct vault_job *job);

struct vault_bytes {
    char *data;
    size_t length;
};
/* "-" is standard input. */
bool vault_file_read(struct arena *arena, const char *path, struct vault_bytes *out, struct error *err);
/* "-" is standard output; else the file is replaced at once. `shreds`: what was in it is overwritten. */
struct vault_write {
    const char *path;
    mode_t mode;
    uid_t owner;
    gid_t group;
    bool keeps_owner, shreds;
};
bool vault_file_write(const struct vault_write *write, const char *data, size_t length, struct error *err);
bool vault_file_encrypt(struct vault_job *job, const struct vault_bytes *plain, struct text *out, struct error *err);
/* Opens it with the passwords there are; Ansible's sentence with the file's name. */
bool vault_file_decrypt(struct vault_job *job, const char *path, const struct vault_bytes *envelope,
                        struct text *plain_out, size_t *used_out, struct error *err);
/* Links followed; "-" and what is not there stay as they are. */
const char *vault_file_real(struct arena *arena, const char *path);
/* Overwrites what the open file holds. */
void vault_file_shred(int fd);

bool vault_encrypt_strings(struct vault_job *job, struct error *err);
bool vault_create(struct vault_job *job, struct error *err);
bool vault_edit(struct vault_job *job, struct error *err);
bool vault_view(struct vault_job *job, struct error *err);
