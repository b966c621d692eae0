/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Macros: closures over the scope where they are defined; call blocks pass one as caller().
 */
#include <string.h>

#include "engine/template/eval_expression.h"
#include "engine/template/exec.h"
#include "engine/template/object.h"

struct macro {
    const struct node_macro *node;
    struct frame frame; /* where it was defined */
};

static bool is_param(const struct node_macro *macro, const char *name, uint32_t *index_out)
{
    for (uint32_t i = 0; i < macro->param_count; i++)
        if (macro->params[i] == name) {
            *index_out = i;
            return true;
        }
    return false;
}

/* A parameter without argument: its default, evaluated in the macro's scope, or undefined. */
static const struct value *missing_param(struct eval *eval, const struct node_macro *macro, uint32_t index)
{
    uint32_t first = macro->param_count - macro->defaults.count;

    if (index >= first)
        return eval_expression(eval, macro->defaults.items[index - first]);
    return eval_undefined(eval, "parameter '%s' was not provided", macro->params[index]);
}

static const struct value *given_param(const struct node_macro *macro, const struct call_args *args, uint32_t index)
{
    if (index < args->count)
        return args->items[index];
    for (uint32_t i = 0; i < args->named_count; i++)
        if (args->names[i] == macro->params[index])
            return args->named[i];
    return NULL;
}

static bool bind_params(struct eval *eval, const struct node_macro *macro, const struct call_args *args)
{
    for (uint32_t i = 0; i < macro->param_count; i++) {
        const struct value *value = given_param(macro, args, i);

        if (value == NULL)
            value = missing_param(eval, macro, i);
        if (value == NULL)
            return false;
        scope_set(eval, eval->scope, macro->params[i], value);
    }
    return true;
}

/* Named arguments that are no parameters: caller, kwargs, or an error. */
static bool bind_named(struct eval *eval, const struct node_macro *macro, const struct call_args *args)
{
    struct value *rest = eval_map(eval);
    const struct value *caller = NULL;
    uint32_t index = 0;

    for (uint32_t i = 0; i < args->named_count; i++) {
        if (is_param(macro, args->names[i], &index))
            continue;
        if (macro->uses_caller && args->names[i] == eval->env->known.caller)
            caller = args->named[i];
        else if (macro->uses_kwargs)
            value_map_put(eval->arena, rest, args->names[i], args->named[i]);
        else
            return eval_fail_type(eval, "macro '%s' takes no keyword argument '%s'", macro->name, args->names[i]) !=
                   NULL;
    }
    if (macro->uses_kwargs)
        scope_set(eval, eval->scope, eval->env->known.kwargs, rest);
    if (macro->uses_caller && !is_param(macro, eval->env->known.caller, &index))
        scope_set(eval, eval->scope, eval->env->known.caller,
                  caller != NULL ? caller : eval_undefined(eval, "No caller defined"));
    return true;
}

static bool bind_rest(struct eval *eval, const struct node_macro *macro, const struct call_args *args)
{
    struct value *rest = eval_tuple(eval);

    if (macro->uses_varargs) {
        for (uint32_t i = macro->param_count; i < args->count; i++)
            value_list_add(eval->arena, rest, args->items[i]);
        scope_set(eval, eval->scope, eval->env->known.varargs, rest);
    } else if (args->count > macro->param_count) {
        return eval_fail_type(eval, "macro '%s' takes not more than %u argument(s)", macro->name, macro->param_count) !=
               NULL;
    }
    return bind_named(eval, macro, args);
}

static const struct value *macro_call(struct eval *eval, void *data, struct call_args *args)
{
    const struct macro *macro = data;
    struct frame frame = frame_save(eval);
    const struct value *made = NULL;

    if (!eval_enter(eval))
        return NULL;
    frame_restore(eval, &macro->frame);
    eval->parent_tree = NULL;
    scope_push(eval);
    if (bind_rest(eval, macro->node, args) && bind_params(eval, macro->node, args))
        made = exec_capture(eval, macro->node->body);
    frame_restore(eval, &frame);
    eval->calls--;
    return made;
}

static const struct value *macro_attribute(struct eval *eval, void *data, const char *name)
{
    const struct node_macro *macro = ((const struct macro *)data)->node;
    struct value *list;

    if (strcmp(name, "name") == 0)
        return eval_text(eval, macro->name);
    if (strcmp(name, "catch_kwargs") == 0)
        return value_bool(macro->uses_kwargs);
    if (strcmp(name, "catch_varargs") == 0)
        return value_bool(macro->uses_varargs);
    if (strcmp(name, "caller") == 0)
        return value_bool(macro->uses_caller);
    if (strcmp(name, "arguments") != 0)
        return NULL;
    list = eval_tuple(eval);
    for (uint32_t i = 0; i < macro->param_count; i++)
        value_list_add(eval->arena, list, eval_text(eval, macro->params[i]));
    return list;
}

static void macro_str(struct text *out, void *data)
{
    text_printf(out, "<Macro '%s'>", ((const struct macro *)data)->node->name);
}

static const struct object_kind macro_kind = {
    .ops = OBJECT_OPS("Macro"), .attribute = macro_attribute, .call = macro_call, .str = macro_str
};

static const struct value *macro_new(struct eval *eval, const struct node_macro *node)
{
    struct macro *macro = arena_new_of(eval->arena, struct macro);

    macro->node = node;
    macro->frame = frame_save(eval);
    return object_new(eval, macro, &macro_kind);
}

bool exec_macro(struct eval *eval, const struct node *node, struct output *out)
{
    (void)out;
    scope_set(eval, eval->scope, node->as.macro.macro->name, macro_new(eval, node->as.macro.macro));
    return true;
}

static void add_caller(struct eval *eval, struct call_args *args, const struct value *caller)
{
    const struct value **named = arena_new_array(eval->arena, const struct value *, args->named_count + 1);
    const char **names = arena_new_array(eval->arena, const char *, args->named_count + 1);

    for (uint32_t i = 0; i < args->named_count; i++) {
        named[i] = args->named[i];
        names[i] = args->names[i];
    }
    named[args->named_count] = caller;
    names[args->named_count++] = eval->env->known.caller;
    args->named = named;
    args->names = names;
}

bool exec_call_block(struct eval *eval, const struct node *node, struct output *out)
{
    const struct node *call = node->as.macro.call;
    const struct value *callee = eval_expression(eval, call->as.call.target), *made;
    struct call_args args;

    if (callee == NULL || !eval_args(eval, &call->as.call.args, &args))
        return false;
    add_caller(eval, &args, macro_new(eval, node->as.macro.macro));
    made = object_call(eval, callee, &args);
    if (made != NULL && output_value(eval, out, made))
        return true;
    eval_locate(eval, node);
    return false;
}
