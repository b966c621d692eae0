/* SPDX-License-Identifier: Apache-2.0 */
/* Values as Python prints them: str(), repr(), float repr. Secrets are printed in full here: only the
 * sinks that show text to people mask them (value_masked). */
#pragma once

#include "common/base/text.h"
#include "common/value/value.h"

void value_str(struct text *out, const struct value *value);         /* str(v): True, None, 1.5, ['a', 1] */
void value_repr(struct text *out, const struct value *value);        /* repr(v): strings quoted as Python does */
void value_real_repr(struct text *out, double real);                 /* shortest text that reads back equal */
char *value_to_text(struct arena *arena, const struct value *value); /* str() as a C string */
/* A copy in which every SECRET string, list or map is the text "********". */
const struct value *value_masked(struct arena *arena, const struct value *value);
/* Python type name: str, int, list, dict, NoneType, ... (filter type_debug, error messages). */
const char *value_python_type(const struct value *value);
/* Reads a Python literal (ast.literal_eval): containers, strings, numbers, True/False/None. */
bool value_from_python(struct arena *arena, const char *data, size_t length, const struct value **out,
                       struct error *err);
