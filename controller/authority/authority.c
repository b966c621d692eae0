/* SPDX-License-Identifier: Apache-2.0 */
/* Making and reading what the controller is trusted by. */
#include "controller/authority/authority.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/limits.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/trust/peer_certificate.h"
#include "common/trust/private_file.h"

#define SECOND_US ((int64_t)1000000)

struct opening {
    struct authority *authority;
    const char *folder;
    const char *const *names;
    int64_t now_us;
};

static char *file_of(const struct opening *opening, const char *name)
{
    return path_join(opening->authority->arena, opening->folder, name);
}

/* The key in the file; a new one, saved, where there is none. */
static bool key_ready(const struct opening *opening, const char *name, enum key_kind kind, struct private_key **out,
                      struct error *err)
{
    const char *path = file_of(opening, name);
    bool missing = false;

    if (!private_key_load(path, out, &missing, err))
        return false;
    if (!missing)
        return true;
    return private_key_generate(kind, out, err) && private_key_save(*out, path, err);
}

static bool certificate_load(const struct opening *opening, const char *name, const struct certificate **out,
                             struct error *err)
{
    const char *path = file_of(opening, name);
    struct der text = { 0 };
    bool missing = false;

    *out = NULL;
    if (!private_file_read(opening->authority->arena, path, (size_t)2 * LIMIT_CERTIFICATE, &text, &missing, err) ||
        missing)
        return missing;
    return certificate_read_pem(opening->authority->arena, (const char *)text.data, text.length, out, err) ||
           error_prefix(err, "%s", path);
}

static bool certificate_save(const struct opening *opening, const char *name, const struct certificate *certificate,
                             struct error *err)
{
    const char *pem = certificate_pem(opening->authority->arena, certificate);

    return private_file_write(file_of(opening, name), pem, strlen(pem), err);
}

/* --- the CA --- */

static bool ca_ready(const struct opening *opening, struct error *err)
{
    struct authority *authority = opening->authority;

    if (!key_ready(opening, "ca.key", KEY_ECDSA_P256, &authority->ca_key, err) ||
        !certificate_load(opening, "ca.pem", &authority->ca, err))
        return false;
    if (authority->ca == NULL) {
        authority->is_new = true;
        if (!certificate_make_ca(authority->arena, authority->ca_key, opening->now_us, &authority->ca, err) ||
            !certificate_save(opening, "ca.pem", authority->ca, err))
            return false;
    }
    if (strcmp(authority->ca->key.fingerprint, private_key_public(authority->ca_key)->fingerprint) != 0)
        return error_set(
            err,
            "%s: ca.pem is not the certificate of ca.key: one of them was replaced; bring back both from a "
            "backup",
            opening->folder);
    authority->ca_pem = certificate_pem(authority->arena, authority->ca);
    return true;
}

/* --- the server's certificate --- */

static bool has_name(const struct certificate *certificate, const char *name)
{
    for (const char *const *at = certificate->names; *at != NULL; at++) {
        if (strcmp(*at, name) == 0)
            return true;
    }
    return false;
}

static bool server_is_fit(const struct opening *opening, const struct certificate *server,
                          const struct private_key *key)
{
    const struct authority *authority = opening->authority;
    const struct certificate_check check = { .now_us = opening->now_us,
                                             .purpose = CERTIFICATE_SERVER,
                                             .name = CERTIFICATE_SERVER_NAME };
    struct error err = ERROR_INIT;

    if (server == NULL || strcmp(server->key.fingerprint, private_key_public(key)->fingerprint) != 0 ||
        !certificate_verify(server, authority->ca, &check, &err) ||
        (server->not_after_us - opening->now_us < AUTHORITY_SERVER_LIFE_S * SECOND_US / 3 &&
         server->not_after_us < authority->ca->not_after_us))
        return false;
    for (const char *const *name = opening->names; *name != NULL; name++) {
        if (!has_name(server, *name))
            return false;
    }
    return true;
}

static bool server_ready(const struct opening *opening, bool *made_out, struct error *err)
{
    struct authority *authority = opening->authority;
    PRIVATE_KEY_SCOPED key = NULL;
    const struct certificate_authority ca = { authority->ca, authority->ca_key };

    const struct certificate *server = authority->server;

    if (!key_ready(opening, "server.key", KEY_ECDSA_P256, &key, err) ||
        (server == NULL && !certificate_load(opening, "server.pem", &server, err)))
        return false;
    *made_out = !server_is_fit(opening, server, key);
    if (*made_out) {
        const struct certificate_wish wish = { private_key_public(key), opening->now_us, AUTHORITY_SERVER_LIFE_S };

        if (!certificate_make_server(authority->arena, &ca, &wish, opening->names, &server, err) ||
            !certificate_save(opening, "server.pem", server, err))
            return false;
    }
    authority->server = server;
    authority->server_chain_pem =
        arena_printf(authority->arena, "%s%s", certificate_pem(authority->arena, authority->server), authority->ca_pem);
    authority->server_key_pem = private_key_pem(authority->arena, key);
    return true;
}

/* --- opening, closing --- */

static bool folder_ready(const char *folder, struct error *err)
{
    struct stat status;

    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return error_set_errno(err, "cannot make %s", folder);
    if (stat(folder, &status) != 0)
        return error_set_errno(err, "cannot look at %s", folder);
    return (status.st_mode & 077) == 0 ||
           error_set(err, "%s holds the controller's keys and is open to others: chmod 700 %s", folder, folder);
}

bool authority_open(const char *folder, const char *const *names, int64_t now_us, struct authority **out,
                    struct error *err)
{
    struct arena *arena = arena_new();
    struct authority *authority = arena_new_of(arena, struct authority);
    const struct opening opening = { authority, folder, names, now_us };
    bool made = false;

    authority->arena = arena;
    authority->folder = arena_copy(arena, folder);
    if (!folder_ready(folder, err) || !ca_ready(&opening, err) ||
        !key_ready(&opening, "signing.key", KEY_ED25519, &authority->signing_key, err) ||
        !server_ready(&opening, &made, err)) {
        authority_close(authority);
        return error_prefix(err, "the controller's authority");
    }
    authority->signing_key_pem = public_key_pem(arena, private_key_public(authority->signing_key));
    *out = authority;
    return true;
}

void authority_close(struct authority *authority)
{
    if (authority == NULL)
        return;
    private_key_free(authority->ca_key);
    private_key_free(authority->signing_key);
    arena_free_secret(authority->arena);
}

bool authority_renew(struct authority *authority, const char *const *names, int64_t now_us, bool *made_out,
                     struct error *err)
{
    const struct opening opening = { authority, authority->folder, names, now_us };

    return server_ready(&opening, made_out, err) || error_prefix(err, "the controller's certificate");
}

/* --- certificates --- */

bool authority_certify(const struct authority *authority, struct arena *arena, const struct authority_wish *wish,
                       char **pem_out, struct error *err)
{
    const struct certificate_authority ca = { authority->ca, authority->ca_key };
    const struct certificate_wish leaf = { wish->key, wish->now_us, AUTHORITY_NODE_LIFE_S };
    const struct certificate *certificate = NULL;

    if (!certificate_make_node(arena, &ca, &leaf, &wish->node, &certificate, err))
        return false;
    *pem_out = certificate_pem(arena, certificate);
    return true;
}

struct authority_peer authority_peer_of(const struct authority *authority, struct arena *arena, void *tls_session,
                                        int64_t now_us)
{
    const struct certificate_check check = { .now_us = now_us,
                                             .purpose = CERTIFICATE_CLIENT,
                                             .expired_allowed_s = AUTHORITY_GRACE_S };
    const struct certificate *peer = NULL;
    struct error why = ERROR_INIT; /* what cannot be read or verified is a stranger's, not a failure of ours */

    if (tls_session == NULL || !peer_certificate_read(arena, tls_session, &peer, &why) || peer == NULL ||
        peer->node.name == NULL || !certificate_verify(peer, authority->ca, &check, &why))
        return (struct authority_peer){ 0 };
    return (struct authority_peer){ peer, certificate_is_expired(peer, now_us) };
}

bool authority_span_counts(const struct authority *authority, int64_t not_before_us, int64_t not_after_us,
                           int64_t now_us)
{
    return now_us >= not_before_us && !certificate_is_expired(authority->ca, now_us) &&
           (now_us - not_after_us) / SECOND_US < AUTHORITY_GRACE_S;
}
