/* SPDX-License-Identifier: Apache-2.0 */
/* rules.yml as it was when the program was built: cmake/embed.cmake writes it as C. */
#pragma once

#include <stddef.h>

extern const unsigned char doctor_builtin_rules[]; /* a NUL is behind it */
extern const size_t doctor_builtin_rules_length;
