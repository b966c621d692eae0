/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON both ways, as Python's json module does it: reading accepts what json.loads accepts, and the text
 * written equals json.dumps (filters to_json, to_nice_json, console output). Bytes that are no UTF-8 are
 * written as lone surrogates and read back as those bytes.
 */
#pragma once

#include "common/base/text.h"
#include "common/value/value.h"

/* `path` is for messages and positions (may be NULL). Duplicate keys: the last wins, as in Python. */
bool json_read(struct arena *arena, const char *data, size_t length, const char *path, const struct value **out,
               struct error *err);

struct json_style {
    int indent; /* 0: one line */
    bool sort_keys;
    bool ascii;                                 /* escape everything beyond ASCII, Python's default */
    bool compact;                               /* no blanks after separators */
    const char *item_separator, *key_separator; /* NULL: the usual ones */
    const char *indent_text;                    /* with an indent of 1: what stands for a level instead of a blank */
};

#define JSON_PYTHON ((struct json_style){ .ascii = true })    /* json.dumps(v) */
#define JSON_COMPACT ((struct json_style){ .compact = true }) /* protocol and JSON lines */

void json_write(struct text *out, const struct value *value, const struct json_style *style);
char *json_text(struct arena *arena, const struct value *value, struct json_style style);
