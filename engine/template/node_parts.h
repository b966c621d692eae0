/* SPDX-License-Identifier: Apache-2.0 */
/* What nodes are made of: lists, arguments, macros, names. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct node;
struct filter;
struct test;
struct method;

struct node_list {
    struct node **items;
    uint32_t count, capacity;
};

struct node_args {
    struct node_list items; /* positional */
    struct node_list named; /* values of `names` */
    const char **names;
    struct node *star, *star_star; /* *args, **kwargs, or NULL */
};

struct node_macro {
    const char *name; /* "caller" for a call block */
    const char **params;
    struct node_list defaults; /* of the last parameters */
    uint32_t param_count;
    bool uses_caller, uses_varargs, uses_kwargs;
    struct node *body;
};

struct name_pair {
    const char *name, *alias;
};

/* The methods that a call by this name means, by kind of the receiver; NULL: none. */
struct method_set {
    const struct method *of_string, *of_list, *of_map, *of_number;
};
