/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a name means when there are plugins in Python: one that stands before Roost's own, Roost's own, any other one. A plugin is
 * a filter, test or lookup without a `run`.
 */
#pragma once

#include "engine/template/filter.h"
#include "engine/template/lookup.h"
#include "engine/template/template_plugin.h"
#include "engine/template/test.h"

/* NULL: the name means nothing. The first: of a node, whose own entry was found by the same name. */
const struct filter *plugin_filter_or(struct template_env *env, const struct filter *own, const char *name);
const struct test *plugin_test_or(struct template_env *env, const struct test *own, const char *name);
const struct filter *plugin_filter(struct template_env *env, const char *name);
const struct test *plugin_test(struct template_env *env, const char *name);
const struct lookup *plugin_lookup(struct template_env *env, const char *name);
/* The message for a name that means nothing here. */
const char *plugin_missing(struct template_env *env, struct arena *arena, enum template_plugin kind, const char *name);

/* Runs one; for a test what it gave, whatever its type. */
const struct value *plugin_run(struct eval *eval, enum template_plugin kind, const char *name,
                               const struct value *input, const struct call_args *args);
struct plugin_lookup {
    const char *name;
    const struct value *terms;
    const struct call_args *args; /* for its options; NULL: a loop asks (with_<name>) */
    bool wants_list;
    bool is_forgiven; /* afterwards: it failed, and errors= says that this does not count */
};
const struct value *plugin_lookup_run(struct eval *eval, struct plugin_lookup *lookup);
