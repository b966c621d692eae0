/* SPDX-License-Identifier: Apache-2.0 */
/* URLs and mail addresses in text become links. */
#pragma once

#include "engine/template/eval.h"

struct link_options {
    int64_t trim;                /* characters of the URL that are shown; -1: all */
    const char *rel, *target;    /* "" : none */
    const struct value *schemes; /* list of further prefixes, or NULL */
};

/* NULL: error set. The text is escaped on the way. */
const struct value *markup_link(struct eval *eval, const struct value *text, const struct link_options *options);
