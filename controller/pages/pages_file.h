/* SPDX-License-Identifier: Apache-2.0 */
/* The files of templates/ and assets/ as cmake/embed.cmake puts them into the program. */
#pragma once

#include <stddef.h>

struct pages_file {
    const char *name;
    const unsigned char *bytes; /* a NUL behind them */
    const size_t *length;
    const char *hash; /* SHA-256, hex */
};

extern const struct pages_file pages_file_table[];
extern const size_t pages_file_table_count;
