/* SPDX-License-Identifier: Apache-2.0 */
/* Names of kernel parameters that Roost looks after and that a slip of the pen comes near to, and the words some of them take. */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"

/* False, with the right name, when `name` is one slip (a letter too many, missing, wrong, or two swapped) from a known one. */
bool kernel_param_check_name(const char *name, struct error *err);
/* False when `name` takes words from a list, and `value` (NULL: none) holds one that the kernel ignores. */
bool kernel_param_check_words(struct arena *arena, const char *name, const char *value, struct error *err);
/* All parameters of a module that has few; NULL: not known here. */
const char *const *kernel_param_names(const char *module, size_t *count_out);
