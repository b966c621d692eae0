/* SPDX-License-Identifier: Apache-2.0 */
/* Turning a pattern of Python's `re` into one of PCRE2. Text only: compiles nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/error.h"
#include "common/base/text.h"

/* Adds the translation to `out`. `text_pattern`: a str pattern, which knows \u and \U. Refuses what Python
 * refuses. */
bool regex_python_translate(const char *pattern, size_t length, bool text_pattern, struct text *out, struct error *err);
