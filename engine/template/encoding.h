/* SPDX-License-Identifier: Apache-2.0 */
/* Text in other encodings than UTF-8, by Python's names of them. */
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"

/* *out is iconv's name, NULL for UTF-8 (and for no name). */
bool encoding_find(struct arena *arena, const char *name, const char **out, struct error *err);
bool encoding_convert(const char *to, const char *from, const char *data, size_t length, struct text *out,
                      struct error *err);
/* The bytes of a file in this encoding become UTF-8. */
bool encoding_read(struct arena *arena, const char *name, char **data, size_t *length, struct error *err);
