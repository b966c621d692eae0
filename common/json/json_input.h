/* SPDX-License-Identifier: Apache-2.0 */
/* The state that the files of the JSON reader share. */
#pragma once

#include "common/value/value.h"

struct json_input {
    struct arena *arena;
    const char *path; /* NULL: values get no position */
    const char *start, *at, *end;
    const char *line_start;
    uint32_t line; /* from 1 */
    int depth;
    struct error *err;
};

/* Always false. `where` is the place that is wrong. */
bool json_fail(const struct json_input *in, const char *where, const char *what);
/* A string whose opening quote is at `at`; NULL: failed. */
struct value *json_read_string(struct json_input *in);
/* A number, or NaN, Infinity, -Infinity; NULL: failed. */
struct value *json_read_number(struct json_input *in);
