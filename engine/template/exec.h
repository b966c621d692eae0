/* SPDX-License-Identifier: Apache-2.0 */
/* Running statements. Every handler has the same signature; those that print nothing ignore `out`. */
#pragma once

#include "engine/template/output.h"

bool exec_node(struct eval *eval, const struct node *node, struct output *out);
/* A body into a result of its own (macros, set blocks, filter blocks); NULL: error. */
const struct value *exec_capture(struct eval *eval, const struct node *body);

/* exec_loop.c */
bool exec_for(struct eval *eval, const struct node *node, struct output *out);

/* exec_macro.c */
bool exec_macro(struct eval *eval, const struct node *node, struct output *out);
bool exec_call_block(struct eval *eval, const struct node *node, struct output *out);

/* exec_import.c */
bool exec_include(struct eval *eval, const struct node *node, struct output *out);
bool exec_import(struct eval *eval, const struct node *node, struct output *out);
bool exec_from(struct eval *eval, const struct node *node, struct output *out);

/* exec_block.c */
bool exec_extends(struct eval *eval, const struct node *node, struct output *out);
bool exec_block(struct eval *eval, const struct node *node, struct output *out);
/* A whole template: its blocks are registered, its parents run in its place. */
bool exec_template(struct eval *eval, const struct template *tree, struct output *out);
const struct value *exec_super(struct eval *eval, const struct block_link *link);

/* template_source.c: finds `name` in the search folders and parses it. *out is NULL if there is none. */
bool template_source_load(struct eval *eval, const char *name, const struct template **out, const char **path_out);
