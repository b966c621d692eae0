/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a request as the module uri makes it of an argument: JSON, a form, a form with files. */
#pragma once

#include "common/base/text.h"
#include "common/value/value.h"

struct uri_body {
    const char *data; /* NULL: no body */
    size_t length;
    const char *content_type; /* NULL: none of its own */
};

/* `format` is raw, json, form-urlencoded or form-multipart; NULL `body`: none was given. `files` (may be NULL): by field the
 * contents of a form's files that are not read from disk. */
bool uri_body_make(struct arena *arena, const char *format, const struct value *body, const struct value *files,
                   struct uri_body *out, struct error *err);
