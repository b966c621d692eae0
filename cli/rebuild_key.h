/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host keys of nodes that come back: whether the key that a node shows is the one that was told out of band, and what to believe where
 * nothing was told. Pure.
 */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"

/* What was told: a key ("ssh-ed25519 AAAA..."), a fingerprint ("SHA256:..."), or neither. */
struct rebuild_key_word {
    const char *key, *fingerprint;
};

struct rebuild_key_words {
    struct rebuild_key_word by_wipe;  /* printed by the wipe command: the freshest */
    struct rebuild_key_word declared; /* variables of the inventory */
    const char *known;                /* in the known_hosts that ssh uses; NULL: none */
    const char *known_lines;          /* all that it has of the node, as ssh-keygen -F prints it; or NULL */
    const char *pinned;               /* by this rebuild before; NULL: not yet */
    bool was_wiped;                   /* by this rebuild: what was known before counts no longer */
};

/* "ssh-ed25519 AAAA" of a line that may have a comment, or hosts, or "host-key:" in front; NULL: there is no key in it. */
const char *rebuild_key_read(struct arena *arena, const char *line);
/* The host's own key among lines that ssh-keygen -F has printed; NULL: there is none, @cert-authority and @revoked are not it. */
const char *rebuild_key_known(struct arena *arena, const char *lines);
/* The word of what a wipe command printed: a line "host-key: ssh-ed25519 AAAA..." or "host-key: SHA256:..."; the last one counts. */
struct rebuild_key_word rebuild_key_printed(struct arena *arena, const char *output);
/* "SHA256:..." as ssh-keygen -l shows it; NULL: it is no key. */
const char *rebuild_key_fingerprint(struct arena *arena, const char *key);
/* The name of the key's kind, for HostKeyAlgorithms; NULL: any. */
const char *rebuild_key_algorithms(struct arena *arena, const struct rebuild_key_words *words);
/* What was declared makes sense. */
bool rebuild_key_word_check(struct arena *arena, const struct rebuild_key_word *word, struct error *err);
/* Whether `offered` is believed, and why (*how_out: a sentence); the error names both fingerprints. */
bool rebuild_key_judge(struct arena *arena, const struct rebuild_key_words *words, const char *offered,
                       const char **how_out, struct error *err);
