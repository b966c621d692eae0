/* SPDX-License-Identifier: Apache-2.0 */
/* A user's own SSH key pair, made by ssh-keygen. */
#pragma once

#include "agent/system/account/account.h"

struct account_key {
    const char *path; /* of the private key, absolute */
    const char *type; /* rsa, ed25519 ... */
    int64_t bits;     /* 0: the type's own */
    const char *comment;
    const char *passphrase; /* NULL: none */
};

/* Makes the pair (replacing what is there) and gives it to the user; its folder too if that has to be made.
 * A refusal of ssh-keygen is an error with its words. */
bool account_key_generate(const struct system *system, struct arena *arena, const struct account_key *key,
                          const struct account_user *user, struct error *err);
/* As `ssh-keygen -l` prints it; "" when it cannot. */
bool account_key_fingerprint(const struct system *system, struct arena *arena, const char *path, const char **out,
                             struct error *err);
/* The line of PATH.pub; NULL when there is none. */
const char *account_key_public(struct arena *arena, const char *path);
