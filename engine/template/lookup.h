/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lookups: one table per family, found by name. Each gives a list. What they give comes from outside, so it is never templated
 * unless the lookup itself is about variables or templates.
 */
#pragma once

#include "engine/template/eval.h"

struct lookup {
    const char *name;
    /* `terms` a list, `options` a map; NULL: failed, eval->err says why. No function: a plugin in Python (plugin.h). */
    const struct value *(*run)(struct eval *eval, const struct value *terms, const struct value *options);
};

extern const struct lookup lookups_file[], lookups_list[], lookups_variable[], lookups_program[], lookups_table[],
    lookups_ini[], lookups_password[], lookups_sequence[];

const struct lookup *lookup_find(const char *name);
const char *lookup_unknown(struct arena *arena, const char *name);
/* lookup('name', term..., wantlist=, errors=, option=...); query() wants a list. */
const struct value *lookup_call(struct eval *eval, struct call_args *args, bool want_list);

/* Where the constants (template_config) hold options of plugins: "connection ssh" -> { "port": 22 }. */
#define CONSTANTS_PLUGINS "options of plugins"

/* --- for the families --- */
/* Where a file of this name is: absolute, or in `subfolder` of a search folder, or in a search folder. NULL: nowhere. */
const char *lookup_find_file(struct eval *eval, const char *subfolder, const char *name);
/* The term as text; NULL: error set. */
const char *lookup_term(struct eval *eval, const struct value *term);
/* An option's text; absent gives the fallback. */
const char *lookup_option(const struct value *options, const char *name, const char *fallback);
bool lookup_flag(const struct value *options, const char *name, bool fallback);
