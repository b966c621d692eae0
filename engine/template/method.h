/* SPDX-License-Identifier: Apache-2.0 */
/* Methods of Python's str, list, dict, int and float that templates may call. */
#pragma once

#include "engine/template/eval.h"

struct method {
    const char *name;
    const struct value *(*run)(struct eval *eval, const struct value *self, struct call_args *args);
    const char *params;
    bool mutates;
};

/* One sorted table per receiver; each ends with a NULL name. */
extern const struct method method_of_string[];
extern const struct method method_of_string_case[];
extern const struct method method_of_string_test[];
extern const struct method method_of_list[];
extern const struct method method_of_map[];
extern const struct method method_of_number[];

/* All the methods that `name` may mean. */
struct method_set method_find(const char *name);
bool method_mutates(const struct method_set *set);
/* The one for this receiver, or NULL. */
const struct method *method_for(const struct method_set *set, const struct value *self);
const struct value *method_run(struct eval *eval, const struct method *method, const struct value *self,
                               struct call_args *args);
