/* SPDX-License-Identifier: Apache-2.0 */
/* Ed25519 of nettle, found at run time: its library brings GMP, which an agent's session does not need. */
#pragma once

#include <nettle/eddsa.h>
#include <stdbool.h>

#include "common/base/error.h"

struct hogweed_library {
    __typeof__(ed25519_sha512_public_key) *public_key;
    __typeof__(ed25519_sha512_sign) *sign;
    __typeof__(ed25519_sha512_verify) *verify;
};

bool hogweed_library_load(struct hogweed_library *out, struct error *err);
