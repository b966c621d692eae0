/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments of a call, evaluated, and bound to declared parameters. A declaration is one string of
 * names: "a! b c" (! = required), ending in "*" if more positional and in "**" if more named arguments
 * are allowed. NULL declares nothing: the function looks at `items` and `named` itself.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/value/value.h"

#define ARGS_MAX 10

struct eval;

struct call_args {
    const struct value **items;
    const struct value **named;
    const char **names;
    uint32_t count, named_count;
    const struct value *bound[ARGS_MAX]; /* by declaration order; NULL: not given */
};

/* `what` names the callee in messages. */
bool args_bind(struct eval *eval, struct call_args *args, const char *what, const char *params);
/* The named argument, or NULL. */
const struct value *args_named(const struct call_args *args, const char *name);
/* Positional arguments from `from` on, as arguments of their own (map, select ...). */
struct call_args args_from(const struct call_args *args, uint32_t from);

/* The input or the first argument that is undefined, which is then the result of a filter or method; NULL: all are defined,
 * or the language level is lower than 2.19. */
const struct value *args_undefined(const struct eval *eval, const struct value *input, const struct call_args *args);

/* Typed access to bound arguments; absent or null gives the fallback. False or NULL: error set. */
bool args_int(struct eval *eval, const struct value *value, int64_t fallback, int64_t *out);
const char *args_text(struct eval *eval, const struct value *value, const char *fallback, const char *what);
bool args_true(const struct value *value, bool fallback);
