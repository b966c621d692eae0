/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handles of GnuTLS for one block of code.
 */
#include "common/trust/certificate_handle.h"

#include <string.h>

#define SPKI_MAX 4096 /* of keys that are refused, too */

bool certificate_handle_begin(struct certificate_handle *handle, struct error *err)
{
    if (!gnutls_library_load(&handle->gnutls, err))
        return false;
    return gnutls_library_ok(&handle->gnutls, handle->gnutls.x509_crt_init(&handle->crt), "certificate", err) &&
           gnutls_library_ok(&handle->gnutls, handle->gnutls.pubkey_init(&handle->key), "public key", err);
}

gnutls_datum_t certificate_datum(struct der der)
{
    gnutls_datum_t datum = { NULL, (unsigned)der.length };

    memcpy(&datum.data, &der.data, sizeof(datum.data));
    return datum;
}

bool certificate_handle_import(struct certificate_handle *handle, struct der der, struct error *err)
{
    gnutls_datum_t datum = certificate_datum(der);

    if (der.length > LIMIT_CERTIFICATE)
        return error_set_kind(err, ERROR_LIMIT, "%zu bytes are more than the %d that a certificate may have",
                              der.length, LIMIT_CERTIFICATE);
    return certificate_handle_begin(handle, err) &&
           gnutls_library_ok(&handle->gnutls, handle->gnutls.x509_crt_import(handle->crt, &datum, GNUTLS_X509_FMT_DER),
                             "it is no certificate", err);
}

void certificate_handle_end(struct certificate_handle *handle)
{
    if (handle->key != NULL)
        handle->gnutls.pubkey_deinit(handle->key);
    if (handle->crt != NULL)
        handle->gnutls.x509_crt_deinit(handle->crt);
}

bool certificate_handle_key(struct certificate_handle *handle, struct public_key *out, struct error *err)
{
    unsigned char spki[SPKI_MAX];
    size_t length = sizeof(spki);
    int code = handle->gnutls.pubkey_export(handle->key, GNUTLS_X509_FMT_DER, spki, &length);

    return gnutls_library_ok(&handle->gnutls, code, "its public key", err) &&
           public_key_read_der((struct der){ spki, length }, out, err);
}
