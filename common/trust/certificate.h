/* SPDX-License-Identifier: Apache-2.0 */
/*
 * X.509 certificates (RFC 5280) of one CA and what it signs: nodes (clientAuth) and controllers (serverAuth), all of ECDSA
 * P-256 with SHA-256. There is nothing between the CA and a leaf. Times are microseconds since 1970, UTC; in a
 * certificate they are whole seconds. GnuTLS is loaded by each function that reads, makes or verifies.
 */
#pragma once

#include "common/trust/node_identity.h"
#include "common/trust/private_key.h"

/* What a server's certificate is called beside its addresses: agents verify this name whatever address they dial. */
#define CERTIFICATE_SERVER_NAME "roost-controller"
/* Certificates begin this long before they are made: a machine whose clock is a day slow still takes one. Nothing is lost
 * by it, as nobody had the key before. */
#define CERTIFICATE_EARLY_S (25 * 3600)
#define CERTIFICATE_CA_LIFE_S (3652 * 24 * 3600) /* ten years */

enum certificate_purpose { CERTIFICATE_CLIENT = 1 << 0, CERTIFICATE_SERVER = 1 << 1 };

/* What a certificate says, which is nothing before it is verified. */
struct certificate {
    struct der der;
    struct public_key key;
    const char *subject; /* "CN=ai-1"; printable */
    int64_t not_before_us, not_after_us;
    bool is_ca;
    unsigned purposes;         /* enum certificate_purpose */
    const char *const *names;  /* DNS names and IP addresses as text, NULL at the end */
    struct node_identity node; /* name NULL: it is no node's */
};

struct certificate_authority {
    const struct certificate *certificate;
    const struct private_key *key;
};

/* What every leaf needs. One that would outlive the CA ends with it. */
struct certificate_wish {
    const struct public_key *key;
    int64_t now_us;
    int64_t life_s; /* from now */
};

/* Named "Roost CA <first 8 digits of the key's fingerprint>". */
bool certificate_make_ca(struct arena *arena, const struct private_key *key, int64_t now_us,
                         const struct certificate **out, struct error *err);
bool certificate_make_node(struct arena *arena, const struct certificate_authority *ca,
                           const struct certificate_wish *wish, const struct node_identity *node,
                           const struct certificate **out, struct error *err);
/* `names`: DNS names and addresses beside CERTIFICATE_SERVER_NAME, NULL at the end. */
bool certificate_make_server(struct arena *arena, const struct certificate_authority *ca,
                             const struct certificate_wish *wish, const char *const *names,
                             const struct certificate **out, struct error *err);

bool certificate_read_der(struct arena *arena, struct der der, const struct certificate **out, struct error *err);
bool certificate_read_pem(struct arena *arena, const char *text, size_t length, const struct certificate **out,
                          struct error *err);
char *certificate_pem(struct arena *arena, const struct certificate *certificate);

struct certificate_check {
    int64_t now_us;
    enum certificate_purpose purpose;
    const char *name;          /* a server must have this name; NULL: any */
    int64_t expired_allowed_s; /* for renewal: it may have ended this long ago, at most */
};

/* Signed by this CA, of that purpose and name, at that time. The CA itself must not have ended in any case. Whether it is
 * revoked the store knows. */
bool certificate_verify(const struct certificate *certificate, const struct certificate *ca,
                        const struct certificate_check *check, struct error *err);
/* For a CA that came over an unverified connection: it is one, of the key with this fingerprint, which signed it, and in
 * its time. After that what it signed can be verified. */
bool certificate_check_ca(const struct certificate *ca, const char *fingerprint, int64_t now_us, struct error *err);
bool certificate_is_expired(const struct certificate *certificate, int64_t now_us);
/* When half of its life is over, not counting what lies before it was made. */
int64_t certificate_renew_at_us(const struct certificate *certificate);
