/* SPDX-License-Identifier: Apache-2.0 */
/* Python's ways of formatting: the % operator, str.format and its format specifications. */
#pragma once

#include "common/base/text.h"
#include "engine/template/eval.h"

/* text % args */
const struct value *python_percent(struct eval *eval, const struct value *format, const struct value *args);
/* text.format(*args, **kwargs) */
const struct value *python_str_format(struct eval *eval, const struct value *format, const struct call_args *args);
/* format(value, spec): "[[fill]align][sign][#][0][width][,][.precision][type]" */
bool python_format_spec(struct eval *eval, struct text *out, const struct value *value, const char *spec,
                        size_t length);
/* date - date, date + delta; *done_out is false if neither is a date. */
const struct value *python_date_binary(struct eval *eval, enum binary_op op, const struct value *a,
                                       const struct value *b, bool *done_out);
