/* SPDX-License-Identifier: Apache-2.0 */
/* Where the passwords of vaults come from: options, settings, files, programs, the terminal; in Ansible's order. */
#pragma once

#include "engine/command/settings.h"
#include "engine/vault/vault.h"

struct vault_sources {
    const char *const *ids;   /* --vault-id, NULL-terminated or NULL: FILE, prompt, or LABEL@ in front of one of them */
    const char *const *files; /* --vault-password-file, likewise */
    bool ask;                 /* --ask-vault-password */
    bool is_new;              /* passwords to come: typed twice */
    bool asks_without;        /* without any source: ask */
    bool no_defaults;         /* without vault_identity_list of the settings */
};

/* A source that gives nothing is a warning while another one gives a password. *out is never NULL on success; it may be empty.
 * Prints prompts and what password programs write to their standard error. */
bool vault_setup(struct arena *arena, const struct settings *settings, const struct vault_sources *sources,
                 struct value *warnings, struct vault_secrets **out, struct error *err);
/* The label of what has none: vault_identity. */
const char *vault_default_id(const struct settings *settings);
