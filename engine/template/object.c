/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dispatch on kinds of objects, and the two simplest kinds: globals and bound methods.
 */
#include "engine/template/object.h"

#include "common/value/value_python.h"
#include "engine/template/method.h"
#include "engine/template/python_ascii.h"

const struct value *object_no_item(void *object, struct arena *arena, const char *key, size_t length)
{
    (void)object;
    (void)arena;
    (void)key;
    (void)length;
    return NULL;
}

const struct object_kind *object_kind(const struct value *value)
{
    if (value->kind != VALUE_OBJECT || value->as.object.ops->get != object_no_item)
        return NULL;
    return (const struct object_kind *)value->as.object.ops; /* ops is its first member */
}

const struct value *object_new(struct eval *eval, void *data, const struct object_kind *kind)
{
    return value_object(eval->arena, data, &kind->ops);
}

bool object_is_callable(const struct value *value)
{
    const struct object_kind *kind = object_kind(value);

    return kind != NULL && kind->call != NULL;
}

const struct value *object_call(struct eval *eval, const struct value *callee, struct call_args *args)
{
    const struct object_kind *kind;

    if (callee->kind == VALUE_UNDEFINED && eval->env->config.level_2_19)
        return callee;
    if (callee->kind == VALUE_UNDEFINED)
        return eval_fail_undefined(eval, callee);
    kind = object_kind(callee);
    if (kind == NULL || kind->call == NULL)
        return eval_fail_type(eval, "'%s' object is not callable", eval_type(callee));
    return kind->call(eval, callee->as.object.data, args);
}

void object_str(struct text *out, const struct value *value)
{
    const struct object_kind *kind = object_kind(value);

    if (value->kind == VALUE_LIST || value->kind == VALUE_MAP)
        object_repr(out, value); /* there may be objects inside */
    else if (kind == NULL)
        value_str(out, value);
    else if (kind->str != NULL)
        kind->str(out, value->as.object.data);
    else
        text_printf(out, "<%s object>", kind->ops.type_name);
}

/* --- globals --- */

static const struct value *builtin_call(struct eval *eval, void *data, struct call_args *args)
{
    const struct builtin *builtin = data;

    return args_bind(eval, args, builtin->name, builtin->params) ? builtin->run(eval, args) : NULL;
}

static void builtin_str(struct text *out, void *data)
{
    const struct builtin *builtin = data;

    text_printf(out, "<function %s>", builtin->name);
}

static const struct object_kind builtin_kind = { .ops = OBJECT_OPS("function"),
                                                 .call = builtin_call,
                                                 .str = builtin_str };

const struct value *builtin_value(struct arena *arena, const struct builtin *builtin)
{
    struct builtin *copy = arena_new_of(arena, struct builtin);

    *copy = *builtin;
    return value_object(arena, copy, &builtin_kind.ops);
}

/* --- bound methods --- */

struct bound_method {
    const struct method *method;
    const struct value *self;
};

static const struct value *method_object_call(struct eval *eval, void *data, struct call_args *args)
{
    const struct bound_method *bound = data;

    return method_run(eval, bound->method, bound->self, args);
}

static void method_object_str(struct text *out, void *data)
{
    const struct bound_method *bound = data;

    text_printf(out, "<built-in method %s of %s object>", bound->method->name, eval_type(bound->self));
}

static const struct object_kind method_kind = { .ops = OBJECT_OPS("builtin_function_or_method"),
                                                .call = method_object_call,
                                                .str = method_object_str };

const struct value *object_bound_method(struct eval *eval, const struct method *method, const struct value *self)
{
    struct bound_method *bound = arena_new_of(eval->arena, struct bound_method);

    bound->method = method;
    bound->self = self;
    return object_new(eval, bound, &method_kind);
}

/* --- classes: what x.__class__ gives --- */

static const struct value *class_attribute(struct eval *eval, void *data, const char *name)
{
    const char *type = data, *dot = strrchr(type, '.');

    return strcmp(name, "__name__") == 0 ? eval_text(eval, dot == NULL ? type : dot + 1) : NULL;
}

static void class_str(struct text *out, void *data)
{
    text_printf(out, "<class '%s'>", (const char *)data);
}

static const struct object_kind class_kind = { .ops = OBJECT_OPS("type"),
                                               .attribute = class_attribute,
                                               .str = class_str };

/* The object holds nothing but the name, which outlives every arena: it may be kept as a fact. */
const struct value *object_class(struct eval *eval, const struct value *value)
{
    union {
        const char *name;
        void *data;
    } cast = { .name = eval_type(value) };

    return object_new(eval, cast.data, &class_kind);
}

bool object_is_class(const struct value *value)
{
    return object_kind(value) == &class_kind;
}
