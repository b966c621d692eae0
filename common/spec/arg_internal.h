/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of common/spec share among themselves. */
#pragma once

#include "common/spec/arg_spec.h"

/* One argument after conversion; which member counts follows from its type. */
union arg_field {
    const char *text;
    bool boolean;
    enum arg_tri tri;
    int64_t integer;
    double real;
    const struct value *value;
};

/* One check or binding. `given` has one entry per declared argument: what was written, or NULL. */
struct arg_binding {
    struct arena *arena;
    const struct task_spec *spec;
    const struct value *args; /* map or NULL */
    const struct value **given;
    const char *noun; /* plain words, in which an argument is called this; NULL: Ansible's */
    bool is_plan;     /* templated values are not known yet */
    struct error *err;
};

size_t arg_count(const struct task_spec *spec);
/* Position in the table by name or alias, or -1. */
int arg_index(const struct task_spec *spec, const char *name);
/* True if the value may still change because it holds template syntax. */
bool arg_is_open(const struct arg_binding *binding, const struct value *value);

/* Converts to the declared type and checks the choices. */
bool arg_convert(const struct arg_binding *binding, const struct arg_spec *arg, const struct value *value,
                 union arg_field *out);
/* Reads `k=v k2="v 2", ...` or JSON or a Python dict. False: it is none of these. */
bool arg_map_from_text(struct arena *arena, const char *text, const struct value **out);
/* ~ and $VARS of this process. */
const char *arg_expand_path(struct arena *arena, const char *path);

/* The checks before and after conversion. */
bool arg_rules_exclusive(const struct arg_binding *binding);
bool arg_rules_needed(const struct arg_binding *binding);
