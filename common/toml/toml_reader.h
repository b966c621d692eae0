/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TOML 1.0 to values: tables and inline tables are maps in the order in which they stand, arrays are lists, dates and times are
 * texts in ISO form. Whatever is no TOML is an error with file:line:column; depth and size are bounded.
 */
#pragma once

#include "common/value/value.h"

#define TOML_DEPTH 64 /* nested arrays and inline tables; parts of a dotted key */

struct toml_source {
    const char *data; /* NUL at data[length] */
    size_t length;
    const char *path; /* for positions; lives as long as the values */
    bool trusted;     /* marks strings TRUSTED (inventories) */
};

/* *out is a map, empty for an empty text. */
bool toml_read(struct arena *arena, const struct toml_source *source, const struct value **out, struct error *err);
