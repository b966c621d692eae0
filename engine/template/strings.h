/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on text that filters and methods share. Strings are values of kind VALUE_STRING. */
#pragma once

#include "common/base/text.h"
#include "engine/template/eval.h"

/* str.split(separator, limit); NULL separator: white space. limit < 0: none. */
const struct value *strings_split(struct eval *eval, const struct value *text, const char *separator, int64_t limit);
const struct value *strings_rsplit(struct eval *eval, const struct value *text, const char *separator, int64_t limit);
const struct value *strings_splitlines(struct eval *eval, const char *data, size_t length, bool keep_ends);
/* str.strip(chars); NULL: white space. */
const struct value *strings_strip(struct eval *eval, const struct value *text, const char *chars, bool left,
                                  bool right);
/* str.replace(old, new, count); count < 0: all. */
const struct value *strings_replace(struct eval *eval, const struct value *text, const struct value *old,
                                    const struct value *new_text, int64_t count);
/* separator.join(items); items must be strings unless `convert`. */
const struct value *strings_join(struct eval *eval, const struct value *items, const char *separator, bool convert);
/* Fills to `width` code points: left part of the fill / right part. */
const struct value *strings_pad(struct eval *eval, const struct value *text, size_t left, size_t right,
                                const char *fill);
const struct value *strings_case(struct eval *eval, const struct value *text, int how);
/* Start of a part, or -1. Byte offsets. */
int64_t strings_find(const char *data, size_t length, const char *part, size_t part_length);
int64_t strings_rfind(const char *data, size_t length, const char *part, size_t part_length);
