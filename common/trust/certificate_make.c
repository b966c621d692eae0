/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing certificates. What is made is read back: what we hand out is what others will see.
 */
#include "common/trust/certificate.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/trust/certificate_handle.h"
#include "common/trust/private_key_parts.h"
#include "common/trust/secret.h"

#define SECOND_US INT64_C(1000000)
#define SERIAL_BYTES 16 /* 126 random bits: RFC 5280 allows 20 bytes, CAs of the web must have 64 bits */
#define KEY_ID_BYTES 20
#define HOST_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_"

/* The issuer of a certificate that signs itself is the handle itself. */
struct signer {
    gnutls_x509_crt_t certificate;
    const struct private_key *key;
};

/* The outcome of several calls: the first failure stays. */
static void step(int *code, int result)
{
    if (*code >= 0)
        *code = result;
}

/* A name for the key as in RFC 7093: the first 160 bits of its SHA-256. */
static void key_id(const struct public_key *key, unsigned char out[KEY_ID_BYTES])
{
    for (size_t i = 0; i < KEY_ID_BYTES; i++) {
        const char pair[3] = { key->fingerprint[2 * i], key->fingerprint[2 * i + 1], '\0' };

        out[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
}

static bool put_serial(struct certificate_handle *handle, struct error *err)
{
    unsigned char serial[SERIAL_BYTES];

    if (!random_fill(serial, sizeof(serial), err))
        return false;
    serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, and of this length */
    return gnutls_library_ok(&handle->gnutls, handle->gnutls.x509_crt_set_serial(handle->crt, serial, sizeof(serial)),
                             "serial", err);
}

/* Key, name, times and who signs: what every certificate has. */
static bool put_common(struct certificate_handle *handle, const struct public_key *key, const char *common_name,
                       const struct public_key *issuer, struct error *err)
{
    const struct gnutls_library *gnutls = &handle->gnutls;
    gnutls_datum_t spki = certificate_datum((struct der){ key->spki, key->length });
    unsigned char own_id[KEY_ID_BYTES], issuer_id[KEY_ID_BYTES];
    int code = gnutls->pubkey_import(handle->key, &spki, GNUTLS_X509_FMT_DER);

    key_id(key, own_id);
    key_id(issuer, issuer_id);
    if (code >= 0)
        code = gnutls->x509_crt_set_pubkey(handle->crt, handle->key);
    step(&code, gnutls->x509_crt_set_version(handle->crt, 3));
    step(&code, gnutls->x509_crt_set_dn_by_oid(handle->crt, GNUTLS_OID_X520_COMMON_NAME, 0, common_name,
                                               (unsigned)strlen(common_name)));
    step(&code, gnutls->x509_crt_set_subject_key_id(handle->crt, own_id, sizeof(own_id)));
    step(&code, gnutls->x509_crt_set_authority_key_id(handle->crt, issuer_id, sizeof(issuer_id)));
    return gnutls_library_ok(gnutls, code, "certificate", err) && put_serial(handle, err);
}

static bool put_times(struct certificate_handle *handle, int64_t from_us, int64_t until_us, struct error *err)
{
    int code = handle->gnutls.x509_crt_set_activation_time(handle->crt, (time_t)(from_us / SECOND_US));

    step(&code, handle->gnutls.x509_crt_set_expiration_time(handle->crt, (time_t)(until_us / SECOND_US)));
    return gnutls_library_ok(&handle->gnutls, code, "times of the certificate", err);
}

static bool finish(struct arena *arena, struct certificate_handle *handle, const struct signer *signer,
                   const struct certificate **out, struct error *err)
{
    const struct gnutls_library *gnutls = &handle->gnutls;
    unsigned char der[LIMIT_CERTIFICATE] = { 0 };
    size_t length = sizeof(der);
    gnutls_x509_privkey_t key;
    int code;

    if (!private_key_to_gnutls(signer->key, gnutls, &key, err))
        return false;
    code = gnutls->x509_crt_sign2(handle->crt, signer->certificate, key, GNUTLS_DIG_SHA256, 0);
    gnutls->x509_privkey_deinit(key);
    if (code >= 0)
        code = gnutls->x509_crt_export(handle->crt, GNUTLS_X509_FMT_DER, der, &length);
    return gnutls_library_ok(gnutls, code, "cannot sign the certificate", err) &&
           certificate_read_der(arena, (struct der){ der, length }, out, err);
}

bool certificate_make_ca(struct arena *arena, const struct private_key *key, int64_t now_us,
                         const struct certificate **out, struct error *err)
{
    CERTIFICATE_HANDLE_SCOPED handle = { 0 };
    const struct public_key *public = private_key_public(key);
    const char *name = arena_printf(arena, "Roost CA %.8s", public->fingerprint);
    int code = 0;

    if (public->kind != KEY_ECDSA_P256)
        return error_set(err, "a CA needs a key of ECDSA P-256, this one is of %s", key_kind_text(public->kind));
    if (!certificate_handle_begin(&handle, err) || !put_common(&handle, public, name, public, err) ||
        !put_times(&handle, now_us - CERTIFICATE_EARLY_S * SECOND_US, now_us + CERTIFICATE_CA_LIFE_S * SECOND_US, err))
        return error_prefix(err, "making the CA");
    step(&code, handle.gnutls.x509_crt_set_basic_constraints(handle.crt, 1, 0));
    step(&code, handle.gnutls.x509_crt_set_key_usage(handle.crt, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN));
    return (gnutls_library_ok(&handle.gnutls, code, "extensions", err) &&
            finish(arena, &handle, &(struct signer){ handle.crt, key }, out, err)) ||
           error_prefix(err, "making the CA");
}

static bool check_authority(const struct certificate_authority *ca, const struct certificate_wish *wish,
                            struct error *err)
{
    if (!ca->certificate->is_ca)
        return error_set(err, "'%s' is no CA", ca->certificate->subject);
    if (!text_equal(ca->certificate->key.fingerprint, private_key_public(ca->key)->fingerprint))
        return error_set(err, "the key is not that of '%s'", ca->certificate->subject);
    if (certificate_is_expired(ca->certificate, wish->now_us))
        return error_set(err, "'%s' has ended", ca->certificate->subject);
    if (wish->key->kind != KEY_ECDSA_P256)
        return error_set(err, "it needs a key of ECDSA P-256, this one is of %s", key_kind_text(wish->key->kind));
    return wish->life_s > 0 || error_set(err, "its life must be longer than nothing");
}

static bool leaf_begin(struct certificate_handle *handle, const struct certificate_authority *ca,
                       const struct certificate_wish *wish, const char *common_name, const char *purpose,
                       struct error *err)
{
    int64_t end_us = ca->certificate->not_after_us;
    int code = 0;

    if (wish->life_s < (end_us - wish->now_us) / SECOND_US)
        end_us = wish->now_us + wish->life_s * SECOND_US;
    if (!certificate_handle_begin(handle, err) ||
        !put_common(handle, wish->key, common_name, &ca->certificate->key, err) ||
        !put_times(handle, wish->now_us - CERTIFICATE_EARLY_S * SECOND_US, end_us, err))
        return false;
    step(&code, handle->gnutls.x509_crt_set_basic_constraints(handle->crt, 0, -1));
    step(&code, handle->gnutls.x509_crt_set_key_usage(handle->crt, GNUTLS_KEY_DIGITAL_SIGNATURE));
    step(&code, handle->gnutls.x509_crt_set_key_purpose_oid(handle->crt, purpose, 0));
    return gnutls_library_ok(&handle->gnutls, code, "extensions", err);
}

static bool put_name(struct certificate_handle *handle, gnutls_x509_subject_alt_name_t type, const void *data,
                     size_t length, struct error *err)
{
    int code =
        handle->gnutls.x509_crt_set_subject_alt_name(handle->crt, type, data, (unsigned)length, GNUTLS_FSAN_APPEND);

    return gnutls_library_ok(&handle->gnutls, code, "names", err);
}

static bool leaf_finish(struct arena *arena, struct certificate_handle *handle, const struct certificate_authority *ca,
                        const struct certificate **out, struct error *err)
{
    CERTIFICATE_HANDLE_SCOPED issuer = { 0 };

    return certificate_handle_import(&issuer, ca->certificate->der, err) &&
           finish(arena, handle, &(struct signer){ issuer.crt, ca->key }, out, err);
}

bool certificate_make_node(struct arena *arena, const struct certificate_authority *ca,
                           const struct certificate_wish *wish, const struct node_identity *node,
                           const struct certificate **out, struct error *err)
{
    CERTIFICATE_HANDLE_SCOPED handle = { 0 };
    const char *uri = node_identity_uri(arena, node);

    if (!node_name_check(node->name, err))
        return false;
    if (node->generation < 1)
        return error_set(err, "the generation of node '%s' is below 1", node->name);
    return (check_authority(ca, wish, err) &&
            leaf_begin(&handle, ca, wish, node->name, GNUTLS_KP_TLS_WWW_CLIENT, err) &&
            put_name(&handle, GNUTLS_SAN_URI, uri, strlen(uri), err) && leaf_finish(arena, &handle, ca, out, err)) ||
           error_prefix(err, "making the certificate of node '%s'", node->name);
}

static bool put_server_name(struct certificate_handle *handle, const char *name, struct error *err)
{
    unsigned char address[16];
    size_t length = strnlen(name, LIMIT_CERTIFICATE_NAME + 1);

    if (inet_pton(AF_INET, name, address) == 1)
        return put_name(handle, GNUTLS_SAN_IPADDRESS, address, 4, err);
    if (inet_pton(AF_INET6, name, address) == 1)
        return put_name(handle, GNUTLS_SAN_IPADDRESS, address, 16, err);
    if (length == 0 || length > LIMIT_CERTIFICATE_NAME || strspn(name, HOST_DIGITS) != length)
        return error_set(err, "'%.64s' is neither a host name nor an address", name);
    return put_name(handle, GNUTLS_SAN_DNSNAME, name, length, err);
}

static bool put_server_names(struct certificate_handle *handle, const char *const *names, struct error *err)
{
    if (!put_server_name(handle, CERTIFICATE_SERVER_NAME, err))
        return false;
    for (size_t i = 0; names[i] != NULL; i++) {
        if (i + 2 >= LIMIT_CERTIFICATE_NAMES)
            return error_set_kind(err, ERROR_LIMIT, "more than %d names", LIMIT_CERTIFICATE_NAMES - 2);
        if (!put_server_name(handle, names[i], err))
            return false;
    }
    return true;
}

bool certificate_make_server(struct arena *arena, const struct certificate_authority *ca,
                             const struct certificate_wish *wish, const char *const *names,
                             const struct certificate **out, struct error *err)
{
    CERTIFICATE_HANDLE_SCOPED handle = { 0 };

    return (check_authority(ca, wish, err) &&
            leaf_begin(&handle, ca, wish, CERTIFICATE_SERVER_NAME, GNUTLS_KP_TLS_WWW_SERVER, err) &&
            put_server_names(&handle, names, err) && leaf_finish(arena, &handle, ca, out, err)) ||
           error_prefix(err, "making the server's certificate");
}
