/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of a parsed template. Built once by the parser in the environment's arena and never changed
 * afterwards; names are interned, so that scopes compare pointers.
 */
#pragma once

#include "common/value/value.h"
#include "engine/template/node_kind.h"
#include "engine/template/node_parts.h"

struct node {
    uint8_t kind; /* enum node_kind */
    uint8_t op;   /* binary_op; for NODE_COMPARE the first compare_op */
    bool flag;    /* for: recursive; include: ignore missing; block: scoped */
    bool context; /* include, import: with context */
    uint32_t line, column;
    union {
        const struct value *constant; /* CONST, DATA */
        struct {
            const char *name;
            size_t length;
            const struct value *global;
        } name;
        struct node_list list; /* LIST, TUPLE, DICT (key, value, ...), CONCAT, BODY */
        struct {
            struct node *target;
            const char *name;
            struct method_set methods;
        } attribute;
        struct {
            struct node *target, *index;
        } item;
        struct {
            struct node *start, *stop, *step;
        } slice;
        struct {
            struct node *target;
            struct node_args args;
        } call;
        struct {
            struct node *target;
            const char *name;
            const struct filter *entry;
            struct node_args args;
        } filter;
        struct {
            struct node *target;
            const char *name;
            const struct test *entry;
            struct node_args args;
        } test;
        struct node *operand; /* NOT, NEGATE, POSITIVE, PRINT, DO, EXTENDS, SCOPE */
        struct {
            struct node *left, *right;
        } binary; /* BINARY, AND, OR */
        struct {
            struct node *first;
            struct node_list operands;
            uint8_t *ops;
        } compare;
        struct {
            struct node *test, *yes, *no;
        } condition; /* CONDITION, IF */
        struct {
            struct node *target, *items, *test, *body, *otherwise;
        } loop;
        struct {
            struct node *target, *value, *filter, *body;
        } set; /* SET, SET_BLOCK, FILTER_BLOCK */
        struct {
            struct node_macro *macro;
            struct node *call;
        } macro; /* MACRO, CALL_BLOCK */
        struct {
            struct node_list targets, values;
            struct node *body;
        } with;
        struct {
            struct node *source;
            const char *name;
            struct name_pair *names;
            uint32_t count;
        } import;
        struct {
            const char *name;
            struct node *body;
            bool required;
        } block;
    } as;
};
