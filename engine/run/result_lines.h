/* SPDX-License-Identifier: Apache-2.0 */
/* stdout_lines and stderr_lines of command-like results. */
#pragma once

#include "common/value/value.h"

/* Puts the lines of the text `from` as a list `to`, unless it is there. Lines end as Python's splitlines sees them. */
void result_add_lines(struct arena *arena, struct value *result, const char *from, const char *to);
