/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as Python formats them: what the % operator and format specifications share. */
#pragma once

#include "common/base/text.h"
#include "common/value/value.h"

#define PYTHON_WIDTH_MAX (1024 * 1024)

struct number_style {
    char type;         /* one of b o x X d e E f F g G n %, or 0: as str() would */
    char sign;         /* '-', '+' or ' ' */
    char grouping;     /* ',' or '_' or 0 */
    bool alternate;    /* 0x before hexadecimal numbers, the point always in reals */
    int64_t precision; /* -1: not given */
    size_t zero_width; /* zeros fill the number up to this many characters, sign included */
};

/* The digits of an integer; `precision` is the least number of them. */
void number_add_integer(struct text *out, int64_t integer, const struct number_style *style);
/* An integer of any size, from the digits of its absolute value in the style's base (lower case). */
void number_add_digits(struct text *out, const char *digits, bool is_negative, const struct number_style *style);
/* 10 where the style's type is not b, o, x or X. */
int number_base(char type);
void number_add_real(struct text *out, double real, const struct number_style *style);
