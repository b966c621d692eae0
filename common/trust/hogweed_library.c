/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading libhogweed.
 */
#include "common/trust/hogweed_library.h"

#include "common/trust/library_symbols.h"

#define SYMBOL(field)                                                                                                  \
    {                                                                                                                  \
        "nettle_ed25519_sha512_" #field, offsetof(struct hogweed_library, field)                                       \
    }

bool hogweed_library_load(struct hogweed_library *out, struct error *err)
{
    static const struct library_symbol symbols[] = { SYMBOL(public_key), SYMBOL(sign), SYMBOL(verify) };

    return library_symbols_load("libhogweed.so.6", symbols, sizeof(symbols) / sizeof(symbols[0]), out, err);
}
