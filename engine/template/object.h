/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values that are not data: globals, bound methods, macros, namespaces, loops, modules, dates. Each is a
 * VALUE_OBJECT whose ops are the head of a struct object_kind of this folder; objects of other folders
 * (hostvars) have plain ops and are read-only mappings.
 */
#pragma once

#include "common/base/text.h"
#include "engine/template/eval.h"

struct object_kind {
    struct value_object_ops ops; /* made by OBJECT_OPS: how the kind is recognized */
    /* All may be NULL. attribute gives NULL without an error for "no such attribute". */
    const struct value *(*attribute)(struct eval *eval, void *data, const char *name);
    const struct value *(*call)(struct eval *eval, void *data, struct call_args *args);
    const struct value *(*items)(struct eval *eval, void *data); /* iteration */
    void (*str)(struct text *out, void *data);
};

const struct value *object_no_item(void *object, struct arena *arena, const char *key, size_t length);
#define OBJECT_OPS(name)                                                                                               \
    {                                                                                                                  \
        .type_name = (name), .get = object_no_item                                                                     \
    }

/* NULL: not an object of this folder. */
const struct object_kind *object_kind(const struct value *value);
const struct value *object_new(struct eval *eval, void *data, const struct object_kind *kind);
bool object_is_callable(const struct value *value);
const struct value *object_call(struct eval *eval, const struct value *callee, struct call_args *args);
/* str() of any value, objects of this folder included. */
void object_str(struct text *out, const struct value *value);

/* --- globals and methods --- */
struct builtin {
    const char *name;
    const struct value *(*run)(struct eval *eval, struct call_args *args);
    const char *params; /* see args.h */
};

const struct builtin *builtin_find(const char *name);
const struct value *builtin_value(struct arena *arena, const struct builtin *builtin);
const struct value *object_bound_method(struct eval *eval, const struct method *method, const struct value *self);

/* The class of a value: prints as <class 'str'>, has a __name__. */
const struct value *object_class(struct eval *eval, const struct value *value);
bool object_is_class(const struct value *value);

/* --- the others --- */
const struct value *namespace_new(struct eval *eval, struct call_args *args);
/* False: error set ("cannot assign attribute on non-namespace object"). */
bool namespace_assign(struct eval *eval, const struct value *value, const char *name, const struct value *item);
const struct value *cycler_new(struct eval *eval, struct call_args *args);
const struct value *joiner_new(struct eval *eval, struct call_args *args);
