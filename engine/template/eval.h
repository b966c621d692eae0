/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One evaluation of one tree. Functions that give a value return NULL on failure, with the error in
 * eval->err: filters, tests, methods and lookups are many and small, and this keeps each of them short.
 * Values made here live in eval->arena. Python's TypeError is told apart from other failures, because
 * Ansible words it differently.
 */
#pragma once

#include <string.h>

#include "common/value/value.h"
#include "engine/template/args.h"
#include "engine/template/environment.h"
#include "engine/template/tree.h"
#include "engine/template/scope.h"

/*
 * The one mark bit that common/value leaves free. On a string: text by intention, never read as a literal
 * (to_json, string ...). On a list or map: made by this evaluation, so methods may change it in place. On undefined: nothing
 * rather than a failure. On
 * another scalar: the result of templating a variable, not a variable written as that scalar.
 */
#define VALUE_PRIVATE (1u << 7)

enum flow { FLOW_NORMAL, FLOW_BREAK, FLOW_CONTINUE };

struct block_link { /* the definitions of one block, the most derived first */
    const struct node *block;
    const struct template *tree;
    struct block_link *next;
};

struct block_entry {
    const char *name;
    struct block_link *link;
    struct block_entry *next;
};

struct eval {
    struct template_env *env;
    struct template_call *call;
    struct arena *arena;
    struct error *err;
    const struct template *tree;
    struct scope *scope;
    struct scope resolved;       /* variables are looked up once per evaluation */
    struct scope *module;        /* the outermost scope of the current template: what imports export */
    struct source_position base; /* where the template text begins in the user's file */
    uint64_t steps;
    size_t memory_start; /* of the arena, when this evaluation began */
    int depth, calls;
    enum flow flow;
    bool type_error;    /* the failure is Python's TypeError */
    bool located;       /* err has its position */
    bool has_undefined; /* an undefined value has been seen: printing must look for it */
    bool convert;       /* text that looks like a literal becomes one (macros, set blocks) */
    bool plain;         /* plain Jinja2: undefined prints as nothing, None as None */
    bool without_vars;  /* an import without context */
    bool keeps_vault;   /* what is evaluated now may be a !vault value that no password opens */
    bool is_data;       /* level 2.19: the template is one expression, and its value is no text */
    bool unsafe;        /* text from outside (facts, results, lookups) has been used */
    const char *missed; /* the file that the lookup under way looked for last, in vain; or NULL */
    struct block_entry *blocks;
    const struct template *parent_tree; /* set by extends: the template's own output is dropped from then on */
    const char *parent_path;
};

/* --- failing: always NULL --- */
const struct value *eval_fail(struct eval *eval, const char *format, ...) __attribute__((format(printf, 2, 3)));
const struct value *eval_fail_type(struct eval *eval, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Python's exception of this class, where Ansible lets it through: "ZeroDivisionError". */
const struct value *eval_raise(struct eval *eval, const char *class_name, const char *text);
const struct value *eval_fail_undefined(struct eval *eval, const struct value *undefined);
void eval_locate(struct eval *eval, const struct node *node);
const char *eval_type(const struct value *value); /* Python's type name */
static inline bool eval_name_is(const char *name, const char *word)
{
    return name[0] == word[0] && strcmp(name, word) == 0;
}
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
/* The same of what has left its template: Ansible then has hostvars without a localhost that no inventory names. */
const struct value *eval_shown_items(struct eval *eval, const struct value *value);
bool eval_args(struct eval *eval, const struct node_args *nodes, struct call_args *out);
bool eval_budget(struct eval *eval); /* false: steps or memory are used up, error set */
/* Once per node and per round of a loop in native code. */
static inline bool eval_step(struct eval *eval)
{
    return (++eval->steps & 0x3FF) != 0 || eval_budget(eval);
}

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

bool eval_assign(struct eval *eval, const struct node *target, const struct value *value);

#include "engine/template/eval_value.h"
