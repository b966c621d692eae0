/* SPDX-License-Identifier: Apache-2.0 */
/* Password hashes through crypt(3), with the settings that Ansible takes from passlib. */
#pragma once

#include "engine/template/eval.h"

struct password_options {
    const char *type;  /* md5, sha256, sha512, blowfish, or passlib's names of these */
    const char *salt;  /* NULL or "": random */
    const char *ident; /* bcrypt: 2b, 2a, 2y; NULL: 2b */
    int64_t salt_size; /* 0: the type's own */
    int64_t rounds;    /* 0: the type's own */
};

/* NULL: error set. The secret may not hold NUL bytes. */
const struct value *password_hash(struct eval *eval, const struct value *secret,
                                  const struct password_options *options);
