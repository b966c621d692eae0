/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of expression evaluation, one file each; eval_expression.c dispatches. */
#pragma once

#include "engine/template/eval.h"

/* eval_access.c: attributes, subscripts, slices */
const struct value *eval_attribute_node(struct eval *eval, const struct node *node);
const struct value *eval_item_node(struct eval *eval, const struct node *node);
/* As {{ target.name }} and {{ target[index] }}; undefined when there is no such thing. */
const struct value *eval_attribute(struct eval *eval, const struct value *target, const char *name);
const struct value *eval_item(struct eval *eval, const struct value *target, const struct value *index);
const struct value *eval_slice(struct eval *eval, const struct value *target, const int64_t *parts[3]);

/* eval_operator.c */
const struct value *eval_binary(struct eval *eval, enum binary_op op, const struct value *a, const struct value *b);
const struct value *eval_negate(struct eval *eval, const struct value *value, bool negate);
bool eval_number(const struct value *value, double *out); /* int, bool, real */

/* eval_compare.c */
bool eval_compare(struct eval *eval, enum compare_op op, const struct value *a, const struct value *b, bool *out);
bool eval_contains(struct eval *eval, const struct value *container, const struct value *item, bool *out);

/* eval_call.c */
const struct value *eval_call_node(struct eval *eval, const struct node *node);
const struct value *eval_filter_node(struct eval *eval, const struct node *node);
/* `input` stands for the target of the innermost filter of the chain (filter and set blocks). */
const struct value *eval_filter_chain(struct eval *eval, const struct node *node, const struct value *input);
const struct value *eval_test_node(struct eval *eval, const struct node *node);
