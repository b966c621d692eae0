/* SPDX-License-Identifier: Apache-2.0 */
/* One version specifier of PEP 440: an operator (~= == != <= >= < > ===) and a version, which may end in ".*". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"

/* The specifier at the start of text, without white space, and how long it was. NULL: there is none. */
char *python_specifier_take(struct arena *arena, const char *text, size_t *length_out);
/* Whether it takes that version. A version that is none meets nothing but ===. */
bool python_specifier_met(const char *specifier, const char *version);
