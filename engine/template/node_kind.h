/* SPDX-License-Identifier: Apache-2.0 */
/* What nodes of a template's tree are, and the operators in them. */
#pragma once

enum node_kind {
    /* expressions */
    NODE_CONST,
    NODE_NAME,
    NODE_LIST,
    NODE_TUPLE,
    NODE_DICT,
    NODE_ATTRIBUTE,
    NODE_ITEM,
    NODE_SLICE,
    NODE_CALL,
    NODE_FILTER,
    NODE_TEST,
    NODE_NOT,
    NODE_NEGATE,
    NODE_POSITIVE,
    NODE_BINARY,
    NODE_AND,
    NODE_OR,
    NODE_CONCAT,
    NODE_COMPARE,
    NODE_CONDITION,
    /* statements */
    NODE_DATA,
    NODE_PRINT,
    NODE_BODY,
    NODE_IF,
    NODE_FOR,
    NODE_SET,
    NODE_SET_BLOCK,
    NODE_MACRO,
    NODE_CALL_BLOCK,
    NODE_FILTER_BLOCK,
    NODE_WITH,
    NODE_SCOPE,
    NODE_INCLUDE,
    NODE_IMPORT,
    NODE_FROM,
    NODE_EXTENDS,
    NODE_BLOCK,
    NODE_DO,
    NODE_BREAK,
    NODE_CONTINUE,
};

enum binary_op { BINARY_ADD, BINARY_SUB, BINARY_MUL, BINARY_DIV, BINARY_FLOORDIV, BINARY_MOD, BINARY_POW };
enum compare_op { COMPARE_EQ, COMPARE_NE, COMPARE_GT, COMPARE_GE, COMPARE_LT, COMPARE_LE, COMPARE_IN, COMPARE_NOT_IN };
