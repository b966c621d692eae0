/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a certificate is worth something. GnuTLS verifies the signature and that the issuer may sign; times, purpose
 * and name are compared here, with a clock that the caller gives.
 */
#include "common/trust/certificate.h"

#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/trust/certificate_handle.h"

#define SECOND_US INT64_C(1000000)
#define HOUR_US (3600 * SECOND_US)

/* `flags`: beside those that leave the times to us. */
static bool check_signature(const struct certificate *certificate, const struct certificate *ca, unsigned flags,
                            struct error *err)
{
    CERTIFICATE_HANDLE_SCOPED leaf = { 0 };
    CERTIFICATE_HANDLE_SCOPED issuer = { 0 };
    unsigned verdict = 0;
    int code;

    if (!ca->is_ca)
        return error_set(err, "'%s', which should have signed it, is no CA", ca->subject);
    if (!certificate_handle_import(&leaf, certificate->der, err) || !certificate_handle_import(&issuer, ca->der, err))
        return false;
    code = leaf.gnutls.x509_crt_list_verify(
        &leaf.crt, 1, &issuer.crt, 1, NULL, 0,
        flags | GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS, &verdict);
    if (!gnutls_library_ok(&leaf.gnutls, code, "its signature", err))
        return false;
    return verdict == 0 || error_set(err, "it is not signed by '%s'", ca->subject);
}

static const char *time_text(struct arena *arena, int64_t time_us)
{
    return arena_printf(arena, "%.19sZ", clock_text_utc(arena, time_us));
}

static bool check_times(const struct certificate *certificate, int64_t now_us, int64_t expired_allowed_s,
                        struct error *err)
{
    ARENA_SCOPED arena = arena_new();

    if (now_us < certificate->not_before_us)
        return error_set(err, "it is valid from %s on, and the clock says %s",
                         time_text(arena, certificate->not_before_us), time_text(arena, now_us));
    if (now_us <= certificate->not_after_us)
        return true;
    if ((now_us - certificate->not_after_us) / SECOND_US < expired_allowed_s)
        return true;
    return error_set(err, "it ended at %s, %lld hours ago", time_text(arena, certificate->not_after_us),
                     (long long)((now_us - certificate->not_after_us) / HOUR_US));
}

static bool check_purpose(const struct certificate *certificate, enum certificate_purpose purpose, struct error *err)
{
    if (certificate->is_ca)
        return error_set(err, "it is a CA's, not one of a node or controller");
    return (certificate->purposes & purpose) != 0 ||
           error_set(err, "it is not for a %s", purpose == CERTIFICATE_CLIENT ? "client" : "server");
}

static bool check_name(const struct certificate *certificate, const char *name, struct error *err)
{
    for (size_t i = 0; name != NULL && certificate->names[i] != NULL; i++) {
        if (strcasecmp(certificate->names[i], name) == 0)
            return true;
    }
    return name == NULL || error_set(err, "it is not for the name '%s'", name);
}

bool certificate_verify(const struct certificate *certificate, const struct certificate *ca,
                        const struct certificate_check *check, struct error *err)
{
    if (!check_signature(certificate, ca, 0, err))
        return error_prefix(err, "certificate '%s'", certificate->subject);
    if (!check_times(ca, check->now_us, 0, err))
        return error_prefix(err, "certificate '%s'", ca->subject);
    return (check_purpose(certificate, check->purpose, err) && check_name(certificate, check->name, err) &&
            check_times(certificate, check->now_us, check->expired_allowed_s, err)) ||
           error_prefix(err, "certificate '%s'", certificate->subject);
}

bool certificate_check_ca(const struct certificate *ca, const char *fingerprint, int64_t now_us, struct error *err)
{
    if (!text_equal(ca->key.fingerprint, fingerprint))
        return error_set(err, "the CA's key has the fingerprint %s, expected %s", ca->key.fingerprint, fingerprint);
    if (!ca->is_ca)
        return error_set(err, "certificate '%s': it is no CA", ca->subject);
    return (check_signature(ca, ca, GNUTLS_VERIFY_DO_NOT_ALLOW_SAME, err) && check_times(ca, now_us, 0, err)) ||
           error_prefix(err, "certificate '%s'", ca->subject);
}

bool certificate_is_expired(const struct certificate *certificate, int64_t now_us)
{
    return now_us > certificate->not_after_us;
}

int64_t certificate_renew_at_us(const struct certificate *certificate)
{
    int64_t made_us = certificate->not_before_us + CERTIFICATE_EARLY_S * SECOND_US;

    return made_us + (certificate->not_after_us - made_us) / 2;
}
