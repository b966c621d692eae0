/* SPDX-License-Identifier: Apache-2.0 */
/* Python's dialect of regular expressions -> PCRE2's, where they differ. */
#pragma once

#include "common/base/text.h"

struct text pattern_translate(struct arena *arena, const char *pattern, size_t length);
/* re.escape() */
void pattern_escape(struct text *out, const char *data, size_t length);
