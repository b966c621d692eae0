/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ed25519 signatures (RFC 8032) over a domain, a NUL and the message, so that what was signed for one purpose is worth
 * nothing for another. Through nettle's libhogweed; GnuTLS is not loaded.
 */
#pragma once

#include "common/trust/private_key.h"

#define SIGNATURE_BYTES 64
#define SIGNATURE_DIGITS ((size_t)(2 * SIGNATURE_BYTES)) /* in lower-case hexadecimal */

/* What a build record (controller/api/build_records.c) is signed for. */
#define BUILD_RECORD_DOMAIN "roost-build-record-v1"

struct signed_message {
    const char *domain; /* "roost-bundle-v1" */
    const void *data;
    size_t length;
};

bool signature_make(const struct private_key *key, const struct signed_message *message,
                    unsigned char out[SIGNATURE_BYTES], struct error *err);
bool signature_verify(const struct public_key *key, const struct signed_message *message,
                      const unsigned char signature[SIGNATURE_BYTES], struct error *err);
/* As text, NUL-terminated, and back: the first SIGNATURE_DIGITS bytes of `digits`, which must be there. */
void signature_write(const unsigned char signature[SIGNATURE_BYTES], char out[SIGNATURE_DIGITS + 1]);
bool signature_read(const char *digits, unsigned char out[SIGNATURE_BYTES], struct error *err);
