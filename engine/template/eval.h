/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One evaluation of one tree. Functions that give a value return NULL on failure, with the error in
 * eval->err: filters, tests, methods and lookups are many and small, and this keeps each of them short.
 * Values made here live in eval->arena. Python's TypeError is told apart from other failures, because
 * Ansible words it differently.
 */
#pragma once

#include "common/value/value.h"
#include "engine/template/args.h"
#include "engine/template/environment.h"
#include "engine/template/node.h"

/*
 * The one mark bit that common/value leaves free. On a string: text by intention, never read as a literal
 * (to_json, string ...). On a list or map: made by this evaluation, so methods may change it in place. On undefined: nothing
 * rather than a failure. On
 * another scalar: the result of templating a variable, not a variable written as that scalar.
 */
#define VALUE_PRIVATE (1u << 7)

struct binding { const char *name; const struct value *value; };

struct scope {
    struct scope *parent;
    struct binding *bindings;
    uint32_t count, capacity;
};

enum flow { FLOW_NORMAL, FLOW_BREAK, FLOW_CONTINUE };

struct block_link { /* the definitions of one block, the most derived first */
    const struct node *block;
    const struct template *tree;
    struct block_link *next;
};

struct block_entry { const char *name; struct block_link *link; struct block_entry *next; };

struct eval {
    struct template_env *env;
    struct template_call *call;
    struct arena *arena;
    struct error *err;
    const struct template *tree;
    struct scope *scope;
    struct scope resolved;      /* variables are looked up once per evaluation */
    struct scope *module;       /* the outermost scope of the current template: what imports export */
    struct source_position base; /* where the template text begins in the user's file */
    uint64_t steps;
    int depth, calls;
    enum flow flow;
    bool type_error;     /* the failure is Python's TypeError */
    bool located;        /* err has its position */
    bool has_undefined;  /* an undefined value has been seen: printing must look for it */
    bool convert;        /* text that looks like a literal becomes one (macros, set blocks) */
    bool plain;          /* plain Jinja2: undefined prints as nothing, None as None */
    bool without_vars;   /* an import without context */
    bool unsafe;         /* text from outside (facts, results, lookups) has been used */
    struct block_entry *blocks;
    const struct template *parent_tree; /* set by extends: the template's own output is dropped from then on */
    const char *parent_path;
};

/* --- failing: always NULL --- */
const struct value *eval_fail(struct eval *eval, const char *format, ...) __attribute__((format(printf, 2, 3)));
const struct value *eval_fail_type(struct eval *eval, const char *format, ...) __attribute__((format(printf, 2, 3)));
const struct value *eval_fail_undefined(struct eval *eval, const struct value *undefined);
void eval_locate(struct eval *eval, const struct node *node);
const char *eval_type(const struct value *value); /* Python's type name */
/* An undefined value that fails when it is used. The others are nothing: those of plain Jinja2, and "x if false". */
bool eval_is_strict(const struct eval *eval, const struct value *value);

/* An evaluation of this call; `err` must not be NULL. */
struct eval eval_new(struct template_call *call, struct error *err);

/* --- running --- */
const struct value *eval_expression(struct eval *eval, const struct node *node);
const struct value *eval_name(struct eval *eval, const struct node *node);
/* *out is NULL if there is no such variable. False: error set. */
bool eval_variable(struct eval *eval, const char *name, size_t length, const struct value **out);
bool eval_truth(struct eval *eval, const struct value *value, bool *out);
/* A list with what iterating gives: items, keys, characters. `value` itself if it is a list. */
const struct value *eval_items(struct eval *eval, const struct value *value);
bool eval_args(struct eval *eval, const struct node_args *nodes, struct call_args *out);
/* Stops a loop in native code that a template started, when the budget is used up. */
bool eval_step(struct eval *eval);

/* What changes while a macro, block, include or import runs. */
struct frame {
    const struct template *tree, *parent_tree;
    struct scope *scope, *module;
    struct source_position base;
    bool without_vars;
};
struct frame frame_save(const struct eval *eval);
void frame_restore(struct eval *eval, const struct frame *frame);
/* One call deeper; false: too deep. Undone by eval->calls--. */
bool eval_enter(struct eval *eval);

/* --- scopes --- */
struct scope *scope_push(struct eval *eval);
void scope_set(struct eval *eval, struct scope *scope, const char *name, const struct value *value);
const struct value *scope_get(const struct scope *scope, const char *name);
bool eval_assign(struct eval *eval, const struct node *target, const struct value *value);

/* --- values --- */
const struct value *eval_string(struct eval *eval, const char *data, size_t length);
const struct value *eval_text(struct eval *eval, const char *text);
const struct value *eval_int(struct eval *eval, int64_t integer);
struct value *eval_list(struct eval *eval);
struct value *eval_tuple(struct eval *eval);
struct value *eval_map(struct eval *eval);
const struct value *eval_undefined(struct eval *eval, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* str(): a string is returned as it is; undefined fails (or is "" in plain Jinja2). */
const struct value *eval_str(struct eval *eval, const struct value *value);
bool eval_is_secret(const struct value *value);
/* Marks what was made from `from`, if that is secret. */
const struct value *eval_taint(struct eval *eval, const struct value *made, const struct value *from);
/* A copy that this evaluation may change; what it may already change is returned as it is. */
const struct value *eval_own(struct eval *eval, const struct value *value);
/* The container as something to change; NULL: it is not ours, the change would be lost. */
struct value *eval_mutable(const struct value *value);
