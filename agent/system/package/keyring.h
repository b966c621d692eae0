/* SPDX-License-Identifier: Apache-2.0 */
/* Keyrings that apt trusts: trusted.gpg (where apt still reads it) and the files of trusted.gpg.d, or one file of the
 * caller's choice. */
#pragma once

#include "agent/system/package/gpg_key.h"
#include "agent/system/host/system.h"
#include "common/value/value.h"

struct keyring_file {
    const char *path;
    bool exists, is_armored;
    struct gpg_keys keys;
};

struct keyring {
    struct keyring_file *files; /* the first one takes new keys */
    size_t count;
};

/* `path` NULL: all that apt trusts. Files that hold no keyring are errors only when `path` names them. */
bool keyring_read(const struct system *system, struct arena *arena, const char *path, struct keyring *out,
                  struct error *err);
/* List of the IDs of keys and subkeys; `digits` of each from the end. */
struct value *keyring_ids(struct arena *arena, const struct keyring *keyring, size_t digits, bool with_expired);
bool keyring_add(const struct system *system, struct arena *arena, const struct keyring *keyring,
                 const struct gpg_keys *keys, struct error *err);
/* From every file; one in which nothing is left goes, unless it was named by `path`. */
bool keyring_remove(const struct system *system, struct arena *arena, const struct keyring *keyring, const char *id,
                    struct error *err);
