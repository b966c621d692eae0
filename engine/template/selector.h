/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "attribute" arguments of map, sort, groupby, join ...: a name, a dotted path or an index; and applying
 * a test or filter that is named by an argument.
 */
#pragma once

#include "engine/template/eval.h"

/* item.a.b for "a.b", item[0] for 0; undefined if there is none. */
const struct value *select_attribute(struct eval *eval, const struct value *item, const struct value *path);
/* The same for every item of a list. */
const struct value *select_attributes(struct eval *eval, const struct value *items, const struct value *path);
/* A key to compare by: the attribute (if any), strings in lower case unless case_sensitive. */
const struct value *select_key(struct eval *eval, const struct value *item, const struct value *path,
                               bool case_sensitive);
/* Does the test named by args->items[0] (or truth, without arguments) hold? */
bool select_test(struct eval *eval, const struct value *item, const struct call_args *args, bool *out);
