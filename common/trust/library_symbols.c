/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dlopen and a table of dlsym.
 */
#include "common/trust/library_symbols.h"

#include <dlfcn.h>
#include <string.h>

bool library_symbols_load(const char *soname, const struct library_symbol *symbols, size_t count, void *out,
                          struct error *err)
{
    void *library = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

    if (library == NULL)
        return error_set(err, "%s is not installed here", soname);
    for (size_t i = 0; i < count; i++) {
        void *symbol = dlsym(library, symbols[i].name);

        if (symbol == NULL)
            return error_set(err, "%s is too old: it has no %s", soname, symbols[i].name);
        memcpy((char *)out + symbols[i].offset, &symbol, sizeof(symbol));
    }
    return true;
}
