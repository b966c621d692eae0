/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate requests both ways.
 */
#include "common/trust/certificate_request.h"

#include <string.h>

#include "common/trust/certificate_handle.h"
#include "common/trust/node_identity.h"
#include "common/trust/private_key_parts.h"

#define LABEL "CERTIFICATE REQUEST"

struct request_handle {
    struct certificate_handle parts; /* the library, and room for the key */
    gnutls_x509_crq_t request;
};

static void request_end(struct request_handle *handle)
{
    if (handle->request != NULL)
        handle->parts.gnutls.x509_crq_deinit(handle->request);
    certificate_handle_end(&handle->parts);
}
#define REQUEST_SCOPED __attribute__((cleanup(request_end))) struct request_handle

static bool request_begin(struct request_handle *handle, struct error *err)
{
    return certificate_handle_begin(&handle->parts, err) &&
           gnutls_library_ok(&handle->parts.gnutls, handle->parts.gnutls.x509_crq_init(&handle->request), "request",
                             err);
}

static bool check_kind(const struct public_key *key, struct error *err)
{
    return key->kind == KEY_ECDSA_P256 ||
           error_set(err, "found a key of %s, expected one of ECDSA P-256", key_kind_text(key->kind));
}

static int request_fill(struct request_handle *handle, gnutls_x509_privkey_t key, const char *name, unsigned char *out,
                        size_t *length)
{
    const struct gnutls_library *gnutls = &handle->parts.gnutls;
    int code = gnutls->x509_crq_set_version(handle->request, 1);

    if (code >= 0)
        code = gnutls->x509_crq_set_key(handle->request, key);
    if (code >= 0)
        code = gnutls->x509_crq_set_dn_by_oid(handle->request, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                              (unsigned)strlen(name));
    if (code >= 0)
        code = gnutls->x509_crq_sign2(handle->request, key, GNUTLS_DIG_SHA256, 0);
    if (code >= 0)
        code = gnutls->x509_crq_export(handle->request, GNUTLS_X509_FMT_DER, out, length);
    return code;
}

bool certificate_request_make(struct arena *arena, const struct private_key *key, const char *name, char **pem_out,
                              struct error *err)
{
    REQUEST_SCOPED handle = { 0 };
    unsigned char bytes[LIMIT_CERTIFICATE];
    size_t length = sizeof(bytes);
    gnutls_x509_privkey_t private = NULL;
    int code;

    if (!check_kind(private_key_public(key), err) || !node_name_check(name, err))
        return error_prefix(err, "certificate request");
    if (!request_begin(&handle, err) || !private_key_to_gnutls(key, &handle.parts.gnutls, &private, err))
        return false;
    code = request_fill(&handle, private, name, bytes, &length);
    handle.parts.gnutls.x509_privkey_deinit(private);
    if (!gnutls_library_ok(&handle.parts.gnutls, code, "certificate request", err))
        return false;
    *pem_out = pem_text(arena, LABEL, (struct der){ bytes, length });
    return true;
}

static bool read_key(struct request_handle *handle, struct der der, struct public_key *out, struct error *err)
{
    const struct gnutls_library *gnutls = &handle->parts.gnutls;
    gnutls_datum_t datum = certificate_datum(der);
    struct public_key key;

    if (!gnutls_library_ok(gnutls, gnutls->x509_crq_import(handle->request, &datum, GNUTLS_X509_FMT_DER),
                           "it is no certificate request", err) ||
        !gnutls_library_ok(gnutls, gnutls->pubkey_import_x509_crq(handle->parts.key, handle->request, 0), "its key",
                           err) ||
        !certificate_handle_key(&handle->parts, &key, err) || !check_kind(&key, err) ||
        !gnutls_library_ok(gnutls, gnutls->x509_crq_verify(handle->request, 0), "it is not signed by its own key", err))
        return false;
    *out = key;
    return true;
}

bool certificate_request_read(const char *text, size_t length, struct public_key *out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    REQUEST_SCOPED handle = { 0 };
    struct der der;

    return (pem_read(arena, LABEL, (struct der){ (const unsigned char *)text, length }, 2 * LIMIT_CERTIFICATE, &der,
                     err) &&
            request_begin(&handle, err) && read_key(&handle, der, out, err)) ||
           error_prefix(err, "certificate request");
}
