/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a node is to be, signed: the list of the files it works from. Bytes on the wire and on the disk:
 *   "roost-bundle-v1 " <signature, 128 hexadecimal digits> "\n" <canonical JSON>
 * The signature is Ed25519 over the domain "roost-bundle-v1" (signature.h) and the JSON, and is verified before the JSON
 * is read. Canonical: keys sorted, no blanks, files sorted by path; anything else is refused, so one manifest has one hash.
 */
#pragma once

#include "common/trust/node_identity.h"
#include "common/trust/signature.h"

#define BUNDLE_FORMAT 1
#define BUNDLE_HASH 64

struct bundle_file {
    const char *path; /* relative, no part of it "." or "..", UTF-8 without control characters */
    int64_t size;
    const char *sha256; /* lower-case hexadecimal */
    unsigned mode;      /* 0 to 0777 */
};

struct bundle_manifest {
    int64_t version; /* from 1, never down: what the controller counts must survive its restore from a backup */
    struct node_identity node;
    int64_t created_us, expires_us;
    const char *minimum_agent; /* "0.1.0" */
    const struct bundle_file *files;
    size_t files_count;
    char sha256[BUNDLE_HASH + 1]; /* of the JSON; filled by what encodes or verifies */
};

/* The newest manifest that a node has taken: version 0 before the first. */
struct bundle_highest {
    int64_t version;
    char sha256[BUNDLE_HASH + 1];
};

/* What a node demands of a manifest. */
struct bundle_demand {
    const struct public_key *key; /* who must have signed it */
    struct node_identity node;
    int64_t now_us;
    const char *agent_version;
    struct bundle_highest highest;
};

/* Any order of files; what verify would refuse is refused here too. The text is in `arena`. */
bool bundle_manifest_sign(struct arena *arena, const struct bundle_manifest *manifest, const struct private_key *key,
                          struct der *out, struct error *err);
/* The manifest lives in `arena`. An older version, or the same one with another content, is refused: nobody can lead a
 * node back. A manifest that was made in the future is taken, as a clock may be wrong. */
bool bundle_manifest_verify(struct arena *arena, struct der signed_text, const struct bundle_demand *demand,
                            struct bundle_manifest *out, struct error *err);
