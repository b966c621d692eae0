/* SPDX-License-Identifier: Apache-2.0 */
/* Upper and lower case, and character classes, for the scripts that have cases: independent of the locale. */
#pragma once

#include "common/base/text.h"

enum text_case { CASE_UPPER, CASE_LOWER, CASE_SWAP, CASE_CAPITALIZE, CASE_TITLE };

void text_case_convert(struct text *out, const char *data, size_t length, enum text_case how);
uint32_t text_case_lower(uint32_t codepoint);
uint32_t text_case_upper(uint32_t codepoint);
bool text_is_alpha(uint32_t codepoint);
bool text_is_space(uint32_t codepoint);
