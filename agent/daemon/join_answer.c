/* SPDX-License-Identifier: Apache-2.0 */
/* Answers to a join, and renewal, which checks its answer the same way. */
#include "agent/daemon/join_answer.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/trust/certificate_request.h"
#include "common/trust/private_file.h"

int64_t join_answer_wait(const struct controller_answer *answer, int64_t fallback, int64_t most)
{
    const struct value *wait = value_map_get(answer->body, "retry_after_s");

    if (!value_is(wait, VALUE_INT))
        return fallback;
    return wait->as.integer < 1 ? 1 : wait->as.integer > most ? most : wait->as.integer;
}

struct refusal {
    const char *code;
    enum join_outcome outcome;
    const char *hint;
};

static enum join_outcome refused(const struct controller_answer *answer, struct error *err)
{
    static const struct refusal refusals[] = {
        { "token_unknown", JOIN_TOKEN, "the controller does not know this token: was it made by another one?" },
        { "token_expired", JOIN_TOKEN, "the token's time is over: make a new one" },
        { "token_used", JOIN_TOKEN, "the token has brought in another machine: each is good for one, make a new one" },
        { "token_revoked", JOIN_TOKEN, "the token was taken back: make a new one" },
        { "name_refused", JOIN_NAME, "the token is not for this name: give the right one by --name" },
        { "key_refused", JOIN_NAME,
          "this machine's key is known as another node's, or was revoked: the next try makes a new one" },
        { "join_refused", JOIN_REFUSED, "an operator has refused this machine" },
    };

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (strcmp(answer->code, refusals[i].code) == 0) {
            error_set(err, "%s (the controller: %s)", refusals[i].hint, answer->message);
            return refusals[i].outcome;
        }
    }
    error_set(err, "the controller refuses with status %d: %s", answer->status,
              answer->message[0] == '\0' ? "it does not say why" : answer->message);
    return JOIN_FAILED;
}

enum join_outcome join_answer_take(struct arena *arena, const struct controller_answer *answer, struct join_grant *out,
                                   struct error *err)
{
    const struct value *generation = value_map_get(answer->body, "generation");
    struct join_grant grant = {
        .node.name = arena_copy(arena, value_map_text(answer->body, "node")),
        .certificate = value_map_text(answer->body, "certificate"),
        .signing_key = value_map_text(answer->body, "signing_key"),
    };

    if (answer->status != 200)
        return refused(answer, err);
    if (grant.node.name == NULL || !value_is(generation, VALUE_INT) || grant.certificate == NULL ||
        grant.signing_key == NULL) {
        error_set(err, "the controller's answer lacks one of node, generation, certificate, signing_key");
        return JOIN_FAILED;
    }
    grant.node.generation = generation->as.integer;
    *out = grant;
    return JOIN_DONE;
}

/* *clock_out: only the time is wrong. */
static bool certificate_fits(struct arena *arena, const struct join_keeping *keeping, const struct join_grant *grant,
                             bool *clock_out, struct error *err)
{
    const struct certificate_check check = { .now_us = clock_wall_us(), .purpose = CERTIFICATE_CLIENT };
    const struct certificate *certificate = NULL;

    if (!certificate_read_pem(arena, grant->certificate, strlen(grant->certificate), &certificate, err))
        return false;
    if (strcmp(certificate->key.fingerprint, keeping->key->fingerprint) != 0)
        return error_set(err, "it is for another key");
    if (!text_equal(certificate->node.name, grant->node.name) || certificate->node.generation != grant->node.generation)
        return error_set(err, "it is not for '%s' in generation %lld", grant->node.name,
                         (long long)grant->node.generation);
    *clock_out = check.now_us < certificate->not_before_us || check.now_us > certificate->not_after_us;
    return certificate_verify(certificate, keeping->ca, &check, err);
}

enum join_outcome join_grant_check(struct arena *arena, const struct join_keeping *keeping,
                                   const struct join_grant *grant, struct error *err)
{
    struct public_key signing;
    bool is_clock = false;

    if (!certificate_fits(arena, keeping, grant, &is_clock, err)) {
        error_prefix(err, is_clock ? "this machine's clock does not fit the certificate that the controller gave: set "
                                     "the clock, then join again"
                                   : "the certificate that the controller gave is not kept");
        return is_clock ? JOIN_CLOCK : JOIN_FAILED;
    }
    if (!node_name_check(grant->node.name, err) ||
        !public_key_read_pem(grant->signing_key, strlen(grant->signing_key), &signing, err)) {
        error_prefix(err, "what the controller gave is not kept");
        return JOIN_FAILED;
    }
    if (signing.kind != KEY_ED25519) {
        error_set(err, "the key for bundles that the controller gave is of %s, not of Ed25519",
                  key_kind_text(signing.kind));
        return JOIN_FAILED;
    }
    return JOIN_DONE;
}

/* --- renewal --- */

static bool renewal_keep(struct arena *arena, const struct identity *identity, const struct private_key *key,
                         const struct controller_answer *answer, struct error *err)
{
    struct join_grant grant = { .node = identity->node, .certificate = value_map_text(answer->body, "certificate") };
    struct join_keeping keeping = { .key = private_key_public(key) };
    struct der ca;
    bool is_clock = false;

    if (answer->status != 200 || grant.certificate == NULL)
        return error_set(err, "the controller refuses with status %d: %s", answer->status, answer->message);
    return private_file_read(arena, identity->paths.ca, 2 * LIMIT_CERTIFICATE, &ca, NULL, err) &&
           certificate_read_pem(arena, (const char *)ca.data, ca.length, &keeping.ca, err) &&
           certificate_fits(arena, &keeping, &grant, &is_clock, err) &&
           private_file_write(identity->paths.certificate, grant.certificate, strlen(grant.certificate), err);
}

static bool renewal_ask(struct arena *arena, const struct identity *identity, const struct private_key *key,
                        struct error *err)
{
    const struct controller_address to = controller_address_of(identity);
    struct value *body = value_map(arena);
    struct controller_answer answer;
    char *request_pem = NULL;

    if (!certificate_request_make(arena, key, identity->node.name, &request_pem, err))
        return false;
    value_map_put_string(arena, body, "request", request_pem);
    return controller_ask(arena, &to, "/agent/v1/renew", body, &answer, err) &&
           renewal_keep(arena, identity, key, &answer, err);
}

/* A certificate that cannot be read is due too. */
static bool renewal_is_due(struct arena *arena, const struct identity *identity)
{
    const struct certificate *certificate = NULL;
    struct error ignored = ERROR_INIT;
    struct der text;

    return !private_file_read(arena, identity->paths.certificate, 2 * LIMIT_CERTIFICATE, &text, NULL, &ignored) ||
           !certificate_read_pem(arena, (const char *)text.data, text.length, &certificate, &ignored) ||
           clock_wall_us() >= certificate_renew_at_us(certificate);
}

bool join_renew(struct arena *arena, const char *state, bool when_due, bool *renewed_out, struct error *err)
{
    PRIVATE_KEY_SCOPED key = NULL;
    struct identity identity;
    bool missing = false;

    if (!identity_load(arena, state, &identity, &missing, err))
        return false;
    if (missing)
        return error_set(err, "this node has not joined a controller");
    *renewed_out = !when_due || renewal_is_due(arena, &identity);
    return !*renewed_out ||
           (private_key_load(identity.paths.key, &key, NULL, err) && renewal_ask(arena, &identity, key, err)) ||
           error_prefix(err, "the certificate is not renewed");
}
