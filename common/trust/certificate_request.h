/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a node asks for a certificate: PKCS#10 (RFC 2986) in PEM. Only the key counts, and that the sender has it; name,
 * extensions and attributes in it are ignored, as the controller decides on them.
 */
#pragma once

#include "common/trust/private_key.h"

/* `name` is for those who look at it. */
bool certificate_request_make(struct arena *arena, const struct private_key *key, const char *name, char **pem_out,
                              struct error *err);
/* The key, if it is of ECDSA P-256 and has signed the request. */
bool certificate_request_read(const char *text, size_t length, struct public_key *out, struct error *err);
