/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of GnuTLS that are used, found at run time: a program that touches no certificate does not load it.
 * Loading anew finds what is in memory; it costs some microseconds.
 */
#pragma once

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>

#include "common/base/error.h"

struct gnutls_library {
    __typeof__(gnutls_strerror) *strerror;
    __typeof__(gnutls_certificate_type_get2) *certificate_type_get2;
    __typeof__(gnutls_certificate_get_peers) *certificate_get_peers;
    __typeof__(gnutls_x509_privkey_init) *x509_privkey_init;
    __typeof__(gnutls_x509_privkey_deinit) *x509_privkey_deinit;
    __typeof__(gnutls_x509_privkey_generate) *x509_privkey_generate;
    __typeof__(gnutls_x509_privkey_import) *x509_privkey_import;
    __typeof__(gnutls_x509_privkey_export_pkcs8) *x509_privkey_export_pkcs8;
    __typeof__(gnutls_privkey_init) *privkey_init;
    __typeof__(gnutls_privkey_deinit) *privkey_deinit;
    __typeof__(gnutls_privkey_import_x509) *privkey_import_x509;
    __typeof__(gnutls_pubkey_init) *pubkey_init;
    __typeof__(gnutls_pubkey_deinit) *pubkey_deinit;
    __typeof__(gnutls_pubkey_import) *pubkey_import;
    __typeof__(gnutls_pubkey_import_privkey) *pubkey_import_privkey;
    __typeof__(gnutls_pubkey_import_x509) *pubkey_import_x509;
    __typeof__(gnutls_pubkey_import_x509_crq) *pubkey_import_x509_crq;
    __typeof__(gnutls_pubkey_export) *pubkey_export;
    __typeof__(gnutls_x509_crt_init) *x509_crt_init;
    __typeof__(gnutls_x509_crt_deinit) *x509_crt_deinit;
    __typeof__(gnutls_x509_crt_import) *x509_crt_import;
    __typeof__(gnutls_x509_crt_export) *x509_crt_export;
    __typeof__(gnutls_x509_crt_set_version) *x509_crt_set_version;
    __typeof__(gnutls_x509_crt_set_serial) *x509_crt_set_serial;
    __typeof__(gnutls_x509_crt_set_activation_time) *x509_crt_set_activation_time;
    __typeof__(gnutls_x509_crt_set_expiration_time) *x509_crt_set_expiration_time;
    __typeof__(gnutls_x509_crt_set_pubkey) *x509_crt_set_pubkey;
    __typeof__(gnutls_x509_crt_set_dn_by_oid) *x509_crt_set_dn_by_oid;
    __typeof__(gnutls_x509_crt_set_basic_constraints) *x509_crt_set_basic_constraints;
    __typeof__(gnutls_x509_crt_set_key_usage) *x509_crt_set_key_usage;
    __typeof__(gnutls_x509_crt_set_key_purpose_oid) *x509_crt_set_key_purpose_oid;
    __typeof__(gnutls_x509_crt_set_subject_alt_name) *x509_crt_set_subject_alt_name;
    __typeof__(gnutls_x509_crt_set_subject_key_id) *x509_crt_set_subject_key_id;
    __typeof__(gnutls_x509_crt_set_authority_key_id) *x509_crt_set_authority_key_id;
    __typeof__(gnutls_x509_crt_sign2) *x509_crt_sign2;
    __typeof__(gnutls_x509_crt_get_dn) *x509_crt_get_dn;
    __typeof__(gnutls_x509_crt_get_activation_time) *x509_crt_get_activation_time;
    __typeof__(gnutls_x509_crt_get_expiration_time) *x509_crt_get_expiration_time;
    __typeof__(gnutls_x509_crt_get_basic_constraints) *x509_crt_get_basic_constraints;
    __typeof__(gnutls_x509_crt_get_key_purpose_oid) *x509_crt_get_key_purpose_oid;
    __typeof__(gnutls_x509_crt_get_subject_alt_name) *x509_crt_get_subject_alt_name;
    __typeof__(gnutls_x509_crt_list_verify) *x509_crt_list_verify;
    __typeof__(gnutls_x509_crq_init) *x509_crq_init;
    __typeof__(gnutls_x509_crq_deinit) *x509_crq_deinit;
    __typeof__(gnutls_x509_crq_import) *x509_crq_import;
    __typeof__(gnutls_x509_crq_export) *x509_crq_export;
    __typeof__(gnutls_x509_crq_set_version) *x509_crq_set_version;
    __typeof__(gnutls_x509_crq_set_key) *x509_crq_set_key;
    __typeof__(gnutls_x509_crq_set_dn_by_oid) *x509_crq_set_dn_by_oid;
    __typeof__(gnutls_x509_crq_sign2) *x509_crq_sign2;
    __typeof__(gnutls_x509_crq_verify) *x509_crq_verify;
};

bool gnutls_library_load(struct gnutls_library *out, struct error *err);
/* True for a code of success; else the error says `doing: ` and GnuTLS's reason. */
bool gnutls_library_ok(const struct gnutls_library *gnutls, int code, const char *doing, struct error *err);
