/* SPDX-License-Identifier: Apache-2.0 */
/* The state that the two files of the Python literal reader share. */
#pragma once

#include "common/value/value.h"

struct literal {
    struct arena *arena;
    const char *start, *at, *end;
    int depth; /* open brackets */
    struct error *err;
};

bool literal_fail(struct literal *in, const char *what); /* always false */
bool literal_is_string(const struct literal *in);
const struct value *literal_string(struct literal *in); /* NULL: failed */
const struct value *literal_number(struct literal *in);
