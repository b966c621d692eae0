/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controller's authority: its CA, the key that signs bundles, and its own certificate. Made at the first start in a folder
 * of its own (0700, every file 0600: ca.key ca.pem signing.key server.key server.pem) and read from there ever after. Whoever
 * has ca.key can be any node and any controller: a backup of the folder is a secret.
 */
#pragma once

#include "common/trust/certificate.h"
#include "common/trust/private_key.h"

#define AUTHORITY_NODE_LIFE_S (7 * 24 * 3600)    /* of a node's certificate; renewed after half of it */
#define AUTHORITY_GRACE_S (90 * 24 * 3600)       /* a node that was away this long may still renew */
#define AUTHORITY_SERVER_LIFE_S (30 * 24 * 3600) /* renewed when a third of it is left, while running */

struct authority {
    struct arena *arena;
    const char *folder;
    struct private_key *ca_key, *signing_key;
    const struct certificate *ca;
    const struct certificate *_Atomic server; /* changes while running; what was stays in memory */
    const char *ca_pem;
    const char *server_chain_pem, *server_key_pem; /* what the HTTP server takes */
    const char *signing_key_pem;                   /* the public half */
    bool is_new;                                   /* the CA was made by this call */
};

/* `names`: host names and addresses by which the controller is reached, NULL at the end. The server's certificate is made
 * anew when it lacks one of them or less than a third of its life is left. */
bool authority_open(const char *folder, const char *const *names, int64_t now_us, struct authority **out,
                    struct error *err);
void authority_close(struct authority *authority); /* NULL is fine; keys are wiped */
/* The server's certificate anew if it is time, or lacks a name; *made_out: it was made, and server_chain_pem is another. For
 * one thread, the one that opened it. */
bool authority_renew(struct authority *authority, const char *const *names, int64_t now_us, bool *made_out,
                     struct error *err);

struct authority_wish {
    const struct public_key *key;
    struct node_identity node;
    int64_t now_us;
};
/* A node's certificate as PEM. */
bool authority_certify(const struct authority *authority, struct arena *arena, const struct authority_wish *wish,
                       char **pem_out, struct error *err);

struct authority_peer {
    const struct certificate *certificate; /* NULL: none of ours was shown */
    bool is_expired;                       /* has run out, less than AUTHORITY_GRACE_S ago: may only be renewed */
};
/* Who is at the other end of a TLS connection (NULL: there is none). Whether it is revoked is the store's to say. */
struct authority_peer authority_peer_of(const struct authority *authority, struct arena *arena, void *tls_session,
                                        int64_t now_us);
/* For a certificate that authority_peer_of gave before, and when it begins and ends: whether it still counts, as only the time can
 * have changed that. */
bool authority_span_counts(const struct authority *authority, int64_t not_before_us, int64_t not_after_us,
                           int64_t now_us);
