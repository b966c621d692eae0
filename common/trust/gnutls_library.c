/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading GnuTLS. It is in memory already where libcurl or the controller's HTTP server was loaded before.
 */
#include "common/trust/gnutls_library.h"

#include "common/trust/library_symbols.h"

#define SYMBOL(field)                                                                                                  \
    {                                                                                                                  \
        "gnutls_" #field, offsetof(struct gnutls_library, field)                                                       \
    }

static const struct library_symbol symbols[] = {
    SYMBOL(strerror),
    SYMBOL(certificate_type_get2),
    SYMBOL(certificate_get_peers),
    SYMBOL(x509_privkey_init),
    SYMBOL(x509_privkey_deinit),
    SYMBOL(x509_privkey_generate),
    SYMBOL(x509_privkey_import),
    SYMBOL(x509_privkey_export_pkcs8),
    SYMBOL(privkey_init),
    SYMBOL(privkey_deinit),
    SYMBOL(privkey_import_x509),
    SYMBOL(pubkey_init),
    SYMBOL(pubkey_deinit),
    SYMBOL(pubkey_import),
    SYMBOL(pubkey_import_privkey),
    SYMBOL(pubkey_import_x509),
    SYMBOL(pubkey_import_x509_crq),
    SYMBOL(pubkey_export),
    SYMBOL(x509_crt_init),
    SYMBOL(x509_crt_deinit),
    SYMBOL(x509_crt_import),
    SYMBOL(x509_crt_export),
    SYMBOL(x509_crt_set_version),
    SYMBOL(x509_crt_set_serial),
    SYMBOL(x509_crt_set_activation_time),
    SYMBOL(x509_crt_set_expiration_time),
    SYMBOL(x509_crt_set_pubkey),
    SYMBOL(x509_crt_set_dn_by_oid),
    SYMBOL(x509_crt_set_basic_constraints),
    SYMBOL(x509_crt_set_key_usage),
    SYMBOL(x509_crt_set_key_purpose_oid),
    SYMBOL(x509_crt_set_subject_alt_name),
    SYMBOL(x509_crt_set_subject_key_id),
    SYMBOL(x509_crt_set_authority_key_id),
    SYMBOL(x509_crt_sign2),
    SYMBOL(x509_crt_get_dn),
    SYMBOL(x509_crt_get_activation_time),
    SYMBOL(x509_crt_get_expiration_time),
    SYMBOL(x509_crt_get_basic_constraints),
    SYMBOL(x509_crt_get_key_purpose_oid),
    SYMBOL(x509_crt_get_subject_alt_name),
    SYMBOL(x509_crt_list_verify),
    SYMBOL(x509_crq_init),
    SYMBOL(x509_crq_deinit),
    SYMBOL(x509_crq_import),
    SYMBOL(x509_crq_export),
    SYMBOL(x509_crq_set_version),
    SYMBOL(x509_crq_set_key),
    SYMBOL(x509_crq_set_dn_by_oid),
    SYMBOL(x509_crq_sign2),
    SYMBOL(x509_crq_verify),
};

bool gnutls_library_load(struct gnutls_library *out, struct error *err)
{
    return library_symbols_load("libgnutls.so.30", symbols, sizeof(symbols) / sizeof(symbols[0]), out, err);
}

bool gnutls_library_ok(const struct gnutls_library *gnutls, int code, const char *doing, struct error *err)
{
    return code >= 0 || error_set(err, "%s: %s", doing, gnutls->strerror(code));
}
