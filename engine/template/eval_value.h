/* SPDX-License-Identifier: Apache-2.0 */
/* Values that an evaluation makes: included by eval.h. They live in eval->arena. */
#pragma once

#include "common/value/value.h"

struct eval;

const struct value *eval_string(struct eval *eval, const char *data, size_t length);
const struct value *eval_text(struct eval *eval, const char *text);
const struct value *eval_int(struct eval *eval, int64_t integer);
struct value *eval_list(struct eval *eval);
struct value *eval_tuple(struct eval *eval);
struct value *eval_map(struct eval *eval);
const struct value *eval_undefined(struct eval *eval, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Error set: nested deeper than LIMIT_VALUE_DEPTH. Always NULL. */
const struct value *eval_too_deep(struct eval *eval);
/* False: its text would be larger than what a template may make, or it is too deep to be printed; error set. */
bool eval_fits(struct eval *eval, const struct value *value);
/* For what is kept while a template runs, and may grow each time: false, error set, when it is nested too deep. */
bool eval_nests(struct eval *eval, const struct value *value);
/* The same, or something in it is undefined. */
bool eval_printable(struct eval *eval, const struct value *value);
/* str(): a string is returned as it is; undefined fails (or is "" in plain Jinja2). */
const struct value *eval_str(struct eval *eval, const struct value *value);
/* What is about to be used, if it is a !vault value that was left as it is: its text, or NULL with the error. */
const struct value *eval_open(struct eval *eval, const struct value *value);
static inline const struct value *eval_opened(struct eval *eval, const struct value *value)
{
    return value_is_envelope(value) ? eval_open(eval, value) : value;
}
/* False: there is such a value in a list or map that is about to be used; error set. */
bool eval_opened_deep(struct eval *eval, const struct value *value);
/* hostvars and its like: something in it is secret. As dear as printing it. */
bool eval_object_is_secret(struct eval *eval, const struct value *value);
bool eval_is_secret(const struct value *value);
/* Marks what was made from `from`, if that is secret. */
const struct value *eval_taint(struct eval *eval, const struct value *made, const struct value *from);
/* A copy that this evaluation may change; what it may already change is returned as it is. */
const struct value *eval_own(struct eval *eval, const struct value *value);
/* The container as something to change; NULL: it is not ours, the change would be lost. */
struct value *eval_mutable(const struct value *value);
