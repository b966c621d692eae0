/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of other encodings as UTF-8 and back: ASCII, Latin-1 and the UTFs, without the C library's tables. Pure. */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/base/text.h"

enum replace_encoding {
    REPLACE_UTF8, /* bytes that are no UTF-8 are kept */
    REPLACE_ASCII,
    REPLACE_LATIN1,
    REPLACE_UTF16, /* with a byte order mark; written in the machine's order */
    REPLACE_UTF16_LE,
    REPLACE_UTF16_BE,
};

/* By Python's names ("utf-8", "latin_1", "ISO-8859-1" ...). False: not one of these. */
bool replace_encoding_find(const char *name, enum replace_encoding *out);
bool replace_encoding_read(enum replace_encoding encoding, const char *data, size_t length, struct text *out,
                           struct error *err);
bool replace_encoding_write(enum replace_encoding encoding, const char *text, size_t length, struct text *out,
                            struct error *err);
