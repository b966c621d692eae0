/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading GMP. It is there wherever nettle's libhogweed is, which stands on it.
 */
#include "common/integer/gmp_library.h"

#include "common/trust/library_symbols.h"

#define SYMBOL(field)                                                                                                  \
    {                                                                                                                  \
        "__gmpz_" #field, offsetof(struct gmp_library, field)                                                          \
    }

bool gmp_library_load(struct gmp_library *out, struct error *err)
{
    static const struct library_symbol symbols[] = {
        SYMBOL(init),    SYMBOL(clear),   SYMBOL(init_set_si), SYMBOL(init_set_str), SYMBOL(add),
        SYMBOL(sub),     SYMBOL(mul),     SYMBOL(mul_2exp),    SYMBOL(fdiv_q),       SYMBOL(fdiv_r),
        SYMBOL(tdiv_qr), SYMBOL(pow_ui),  SYMBOL(sizeinbase),  SYMBOL(fits_slong_p), SYMBOL(get_si),
        SYMBOL(get_ui),  SYMBOL(get_str), SYMBOL(import),      SYMBOL(export),
    };

    return library_symbols_load("libgmp.so.10", symbols, sizeof(symbols) / sizeof(symbols[0]), out, err) ||
           error_prefix(err, "an integer beyond 64 bits");
}
