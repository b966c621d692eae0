/* SPDX-License-Identifier: Apache-2.0 */
/* Wrapping one paragraph to a width, as Python's textwrap does. */
#pragma once

#include "engine/template/eval.h"

struct wrap_options {
    int64_t width;
    bool break_long_words, break_on_hyphens;
};

/* Adds the lines to `lines`. False: error set. */
bool text_wrap(struct eval *eval, struct value *lines, const char *data, size_t length,
               const struct wrap_options *options);
