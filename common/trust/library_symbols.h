/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the functions of a library that is loaded at its first use. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"

struct library_symbol {
    const char *name;
    size_t offset; /* of the pointer in the struct that is filled */
};

/* The library stays loaded: the second load finds it in memory. */
bool library_symbols_load(const char *soname, const struct library_symbol *symbols, size_t count, void *out,
                          struct error *err);
