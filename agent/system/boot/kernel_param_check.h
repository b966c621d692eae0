/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel parameters that people misspell. The kernel does not complain about an unknown one (at most a line in its log), so
 * it is refused here, with the right one named. Also what may stand in a word at all.
 */
#pragma once

#include "agent/system/host/system.h"

/* False with a sentence when the kernel would ignore `name` = `value` (NULL: no value), or when the word cannot be written. */
bool kernel_param_check(const struct system *system, struct arena *arena, const char *name, const char *value,
                        struct error *err);
/* The same for a parameter that is to be removed: a misspelt one may well be removed, root= may not. */
bool kernel_param_check_absent(const char *name, const char *value, struct error *err);
/* A sentence about a parameter that works but should not be used any more, or NULL. */
const char *kernel_param_deprecated(const char *name);
/* A sentence about a value that the kernel takes and that does not fit this host (in arena), or NULL. */
const char *kernel_param_doubt(const struct system *system, struct arena *arena, const char *name, const char *value);
