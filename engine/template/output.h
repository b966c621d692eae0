/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What statements write to. The first piece is kept as a value, so that a template of one expression
 * gives that value without a detour through text.
 */
#pragma once

#include "common/base/text.h"
#include "engine/template/eval.h"

struct output {
    const struct value *first;
    uint32_t pieces;
    bool secret;
    struct text text; /* used from the second piece on */
};

/* False: there is an undefined value in it, error set. */
bool output_check_defined(struct eval *eval, const struct value *value);
bool output_value(struct eval *eval, struct output *out, const struct value *value);
/* Everything as one string. */
const struct value *output_string(struct eval *eval, struct output *out);
/* The result by Ansible's rules: a literal where the text looks like one, if eval->convert. */
const struct value *output_result(struct eval *eval, struct output *out);
