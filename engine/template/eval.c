/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ground of the evaluator: failures with positions, scopes, and values that evaluation makes.
 */
#include "engine/template/eval.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/value/value_big.h"
#include "common/value/value_python.h"
#include "engine/template/object.h"
#include "engine/template/output.h"
#include "engine/template/undefined.h"

#define MEMORY_MAX (8 * LIMIT_TEMPLATE_OUTPUT)
#define TOO_MANY_DIGITS (SIZE_MAX / 4) /* as a size: larger than every other */
#define TOO_DEEP (SIZE_MAX / 2)
#define NESTING_LOOKED_AT ((size_t)1024 * 1024) /* bytes of text */

struct eval eval_new(struct template_call *call, struct error *err)
{
    return (struct eval){ .env = call->env,
                          .call = call,
                          .arena = call->arena,
                          .err = err,
                          .convert = true,
                          .memory_start = arena_used(call->arena),
                          .plain = !call->env->config.strict_undefined };
}

static const struct value *fail(struct eval *eval, bool type_error, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
static const struct value *fail(struct eval *eval, bool type_error, const char *format, va_list args)
{
    char text[LIMIT_ERROR_TEXT];

    vsnprintf(text, sizeof(text), format, args);
    error_set(eval->err, "%s", text);
    eval->type_error = type_error;
    eval->located = false;
    return NULL;
}

const struct value *eval_fail(struct eval *eval, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fail(eval, false, format, args);
    va_end(args);
    return NULL;
}

const struct value *eval_fail_type(struct eval *eval, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fail(eval, true, format, args);
    va_end(args);
    return NULL;
}

const struct value *eval_raise(struct eval *eval, const char *class_name, const char *text)
{
    eval_fail(eval, "%s", text);
    error_raise(eval->err, class_name);
    return NULL;
}

const struct value *eval_fail_undefined(struct eval *eval, const struct value *undefined)
{
    struct text message = text_new(eval->arena);

    undefined_message(&message, undefined);
    error_set_kind(eval->err, ERROR_UNDEFINED, "%s", message.data);
    eval->type_error = false;
    eval->located = false;
    return NULL;
}

/* The innermost node that failed gives the position. */
void eval_locate(struct eval *eval, const struct node *node)
{
    struct source_position at = eval->base;

    if (eval->located)
        return;
    eval->located = true;
    if (at.line == 0 && at.path == NULL)
        return;
    at.line = eval->base.line + (int)node->line - 1;
    at.column = node->line > 1 ? (int)node->column : eval->base.column + (int)node->column - 1;
    error_locate(eval->err, &at);
}

const char *eval_type(const struct value *value)
{
    return value_is(value, VALUE_UNDEFINED) ? "AnsibleUndefined" : value_python_type(value);
}

bool eval_is_strict(const struct eval *eval, const struct value *value)
{
    return value->kind == VALUE_UNDEFINED && !eval->plain && (value->marks & VALUE_PRIVATE) == 0;
}

bool eval_budget(struct eval *eval)
{
    if (eval->steps > LIMIT_TEMPLATE_STEPS)
        return error_set_kind(eval->err, ERROR_LIMIT, "the template takes more than %d steps", LIMIT_TEMPLATE_STEPS);
    if (arena_used(eval->arena) - eval->memory_start > MEMORY_MAX)
        return error_set_kind(eval->err, ERROR_LIMIT, "the template needs more than %d bytes of memory", MEMORY_MAX);
    return true;
}

struct frame frame_save(const struct eval *eval)
{
    return (struct frame){ .tree = eval->tree,
                           .parent_tree = eval->parent_tree,
                           .scope = eval->scope,
                           .module = eval->module,
                           .base = eval->base,
                           .without_vars = eval->without_vars };
}

void frame_restore(struct eval *eval, const struct frame *frame)
{
    eval->tree = frame->tree;
    eval->parent_tree = frame->parent_tree;
    eval->scope = frame->scope;
    eval->module = frame->module;
    eval->base = frame->base;
    eval->without_vars = frame->without_vars;
}

bool eval_enter(struct eval *eval)
{
    if (++eval->calls <= LIMIT_TEMPLATE_CALLS)
        return true;
    return error_set_kind(eval->err, ERROR_LIMIT, "recursive loop detected in template string: %.*s",
                          (int)(eval->tree->length > 1000 ? 1000 : eval->tree->length), eval->tree->text);
}

/* --- scopes --- */

struct scope *scope_push(struct eval *eval)
{
    struct scope *scope = arena_new_of(eval->arena, struct scope);

    scope->parent = eval->scope;
    eval->scope = scope;
    return scope;
}

static void scope_grow(struct eval *eval, struct scope *scope)
{
    uint32_t capacity = scope->capacity == 0 ? 4 : scope->capacity * 2;
    struct binding *grown = arena_new_array(eval->arena, struct binding, capacity);

    if (scope->count > 0)
        memcpy(grown, scope->bindings, scope->count * sizeof(*grown));
    scope->bindings = grown;
    scope->capacity = capacity;
}

void scope_set(struct eval *eval, struct scope *scope, const char *name, const struct value *value)
{
    for (uint32_t i = 0; i < scope->count; i++)
        if (scope->bindings[i].name == name) {
            scope->bindings[i].value = value;
            return;
        }
    if (scope->count == scope->capacity)
        scope_grow(eval, scope);
    scope->bindings[scope->count++] = (struct binding){ name, value };
}

/* --- values --- */

const struct value *eval_string(struct eval *eval, const char *data, size_t length)
{
    return value_string_n(eval->arena, data, length);
}

const struct value *eval_text(struct eval *eval, const char *text)
{
    return value_string_n(eval->arena, text, strlen(text));
}

const struct value *eval_int(struct eval *eval, int64_t integer)
{
    if (integer >= 0 && integer < SMALL_INTS)
        return &eval->env->ints[integer];
    return value_int(eval->arena, integer);
}

static struct value *own_if_mutating(struct eval *eval, struct value *value)
{
    if (eval->tree != NULL && eval->tree->mutates)
        value->marks |= VALUE_PRIVATE;
    return value;
}

struct value *eval_list(struct eval *eval)
{
    return own_if_mutating(eval, value_list(eval->arena));
}

struct value *eval_tuple(struct eval *eval)
{
    struct value *tuple = value_list(eval->arena);

    tuple->marks |= VALUE_TUPLE;
    return tuple;
}

struct value *eval_map(struct eval *eval)
{
    return own_if_mutating(eval, value_map(eval->arena));
}

const struct value *eval_undefined(struct eval *eval, const char *format, ...)
{
    char text[LIMIT_ERROR_TEXT];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    eval->has_undefined = true;
    return value_undefined(eval->arena, text);
}

const struct value *eval_too_deep(struct eval *eval)
{
    error_set_kind(eval->err, ERROR_LIMIT, "a value is nested deeper than %d levels", LIMIT_VALUE_DEPTH);
    return NULL;
}

/* What printing takes, at least; no more is looked at than `left` bytes. Shared parts count as often as they are printed. */
static size_t printed_size(const struct value *value, size_t left, int depth)
{
    size_t size = 2;

    if (value->kind == VALUE_STRING)
        return value->as.string.length + 2;
    if (value->kind == VALUE_BIG)
        return value_big_digits(value) > VALUE_DIGITS_MAX ? TOO_MANY_DIGITS : value->as.string.length;
    if (depth >= LIMIT_VALUE_DEPTH && value_count(value) > 0)
        return TOO_DEEP;
    for (size_t i = 0; value->kind == VALUE_LIST && i < value->as.list.count && size <= left; i++)
        size += 2 + printed_size(value->as.list.items[i], left - size, depth + 1);
    for (size_t i = 0; value->kind == VALUE_MAP && i < value->as.map.count && size <= left; i++)
        size += 6 + printed_size(value->as.map.pairs[i].item, left - size, depth + 1);
    return size;
}

bool eval_fits(struct eval *eval, const struct value *value)
{
    size_t size;

    if (value->kind != VALUE_LIST && value->kind != VALUE_MAP && value->kind != VALUE_BIG)
        return true;
    size = printed_size(value, LIMIT_TEMPLATE_OUTPUT, 0);
    if (size <= LIMIT_TEMPLATE_OUTPUT)
        return true;
    if (size >= TOO_DEEP)
        return eval_too_deep(eval) != NULL;
    if (size >= TOO_MANY_DIGITS)
        return eval_fail(eval, VALUE_DIGITS_ERROR) != NULL;
    return error_set_kind(eval->err, ERROR_LIMIT, "the value makes more than %d bytes of text", LIMIT_TEMPLATE_OUTPUT);
}

bool eval_nests(struct eval *eval, const struct value *value)
{
    return printed_size(value, NESTING_LOOKED_AT, 0) < TOO_DEEP || eval_too_deep(eval) != NULL;
}

bool eval_printable(struct eval *eval, const struct value *value)
{
    return eval_fits(eval, value) && (!eval->env->has_undefined || output_check_defined(eval, value));
}

const struct value *eval_str(struct eval *eval, const struct value *value)
{
    struct text out;

    if (value->kind == VALUE_STRING && (value->marks & VALUE_BYTES) == 0)
        return value;
    if (value->kind == VALUE_UNDEFINED)
        return eval_is_strict(eval, value) ? eval_fail_undefined(eval, value) : eval_string(eval, "", 0);
    if (!eval_printable(eval, value))
        return NULL;
    out = text_new(eval->arena);
    object_str(&out, value);
    return eval_taint(eval, value_string_borrow(eval->arena, out.data, out.length), value);
}

bool eval_is_secret(const struct value *value)
{
    if (value == NULL)
        return false;
    if (value->kind == VALUE_LIST || value->kind == VALUE_MAP)
        return value_has_mark(value, VALUE_SECRET);
    return (value->marks & VALUE_SECRET) != 0;
}

const struct value *eval_taint(struct eval *eval, const struct value *made, const struct value *from)
{
    if (made == NULL || made == from || !eval_is_secret(from))
        return made;
    return value_mark(eval->arena, made, VALUE_SECRET, 0);
}

static const struct value *own_list(struct eval *eval, const struct value *value)
{
    struct value *copy = value_list(eval->arena);

    copy->marks = (uint8_t)(value->marks | VALUE_PRIVATE);
    for (size_t i = 0; i < value->as.list.count; i++)
        value_list_add(eval->arena, copy, eval_own(eval, value->as.list.items[i]));
    return copy;
}

static const struct value *own_map(struct eval *eval, const struct value *value)
{
    struct value *copy = value_map(eval->arena);

    copy->marks = (uint8_t)(value->marks | VALUE_PRIVATE);
    for (size_t i = 0; i < value->as.map.count; i++)
        value_map_put_value(eval->arena, copy, value->as.map.pairs[i].key, eval_own(eval, value->as.map.pairs[i].item));
    return copy;
}

const struct value *eval_own(struct eval *eval, const struct value *value)
{
    if ((value->marks & VALUE_PRIVATE) != 0)
        return value;
    if (value->kind == VALUE_LIST)
        return own_list(eval, value);
    return value->kind == VALUE_MAP ? own_map(eval, value) : value;
}

struct value *eval_mutable(const struct value *value)
{
    union {
        const struct value *fixed;
        struct value *free;
    } cast = { .fixed = value };

    return (value->marks & VALUE_PRIVATE) != 0 ? cast.free : NULL;
}
