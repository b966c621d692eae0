/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key pairs by the host's ssh-keygen: making, looking at, commenting. A passphrase goes in by standard input, never by
 * the command line. Knows nothing of tasks and changes.
 */
#pragma once

#include "agent/system/host/system.h"

#define SSH_PUBLIC_KEY_MAX ((size_t)64 * 1024) /* of a public key's file */

struct ssh_keygen {
    const struct system *system;
    struct arena *arena;
    const char *path;
    const char *passphrase; /* NULL: none */
};

struct ssh_key_wish {
    const char *type;   /* rsa dsa rsa1 ecdsa ed25519 */
    int64_t size;       /* bits; 0: the type's own */
    const char *format; /* auto ssh pkcs1 pkcs8; NULL: auto */
    const char *comment;
};

struct ssh_private_key {
    int64_t size;
    const char *type, *fingerprint;
    const char *format; /* SSH PKCS8 PKCS1, or "" */
};

struct ssh_public_key {
    const char *type, *data, *comment; /* the comment is "" when there is none */
};

/* False without an error: there is no ssh-keygen. */
bool ssh_keygen_find(const struct system *system, struct arena *arena, struct ssh_keygen *out);
/* Makes `path` and `path`.pub, neither of which may be there. */
bool ssh_keygen_make(const struct ssh_keygen *keygen, const char *path, const struct ssh_key_wish *wish,
                     struct error *err);
/* False: no key that can be read. */
bool ssh_keygen_look(const struct ssh_keygen *keygen, const char *path, struct ssh_private_key *out);
/* The public half of a private key, by the passphrase. NULL: the key cannot be opened with it. */
const struct ssh_public_key *ssh_keygen_public(const struct ssh_keygen *keygen, const char *path);
/* The key has no passphrase. */
bool ssh_keygen_is_open(const struct ssh_keygen *keygen, const char *path);
/* Changes the comment in both files of a key without passphrase. */
bool ssh_keygen_comment(const struct ssh_keygen *keygen, const char *path, const char *comment, struct error *err);
/* Reads "TYPE DATA COMMENT". NULL: that is none. */
const struct ssh_public_key *ssh_public_key_read(struct arena *arena, const char *text, size_t length);
