/* SPDX-License-Identifier: Apache-2.0 */
/* Tests ("is x"): one table per family, found by name while parsing. */
#pragma once

#include "engine/template/eval.h"

struct test {
    const char *name;
    /* NULL: a plugin in Python (plugin.h) */
    bool (*run)(struct eval *eval, const struct value *input, struct call_args *args, bool *out);
    const char *params; /* see args.h */
};

extern const struct test tests_kind[], tests_compare[], tests_result[], tests_text[], tests_path[];

const struct test *test_find(const char *name);
const char *test_unknown(struct arena *arena, const char *name);
bool test_run(struct eval *eval, const struct test *test, const struct value *input, struct call_args *args, bool *out);
