/* SPDX-License-Identifier: Apache-2.0 */
/* A parsed template as a whole, and the text it is made from. */
#pragma once

#include "engine/template/node.h"
#include "engine/template/syntax.h"

struct source {
    const char *text;
    size_t length;
    bool is_expression; /* no delimiters around it */
};

struct template
{
    const char *text; /* as given, for messages */
    size_t length;
    struct syntax syntax;
    struct node *body; /* NODE_BODY, or an expression */
    bool is_expression;
    bool mutates;            /* calls a method that changes its receiver */
    struct node *only;       /* the single {{ expression }} that the text consists of, or NULL */
    const char *only_name;   /* the name, when that expression is just a name */
    struct node_list blocks; /* NODE_BLOCK, in order */
};
