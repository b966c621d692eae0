/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate and a public key as GnuTLS holds them, ended with the block. */
#pragma once

#include "common/trust/gnutls_library.h"
#include "common/trust/public_key.h"

struct certificate_handle {
    struct gnutls_library gnutls;
    gnutls_x509_crt_t crt;
    gnutls_pubkey_t key;
};

#define CERTIFICATE_HANDLE_SCOPED __attribute__((cleanup(certificate_handle_end))) struct certificate_handle

/* Loads the library, both handles empty. */
bool certificate_handle_begin(struct certificate_handle *handle, struct error *err);
bool certificate_handle_import(struct certificate_handle *handle, struct der der, struct error *err);
void certificate_handle_end(struct certificate_handle *handle); /* of one that is all zeros, too */
/* As GnuTLS wants bytes that it only reads. */
gnutls_datum_t certificate_datum(struct der der);
/* The key of the handle, exported. */
bool certificate_handle_key(struct certificate_handle *handle, struct public_key *out, struct error *err);
