/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Differences that hold secrets. What a node holds may be an older secret that nobody here knows, and lines may hold one in a
 * form that nobody recognises: such a difference is withheld as a whole, both sides.
 */
#pragma once

#include "common/value/value.h"

/*
 * Marks the sides of each difference in `result` that holds a secret text. `made_of_secrets`: so do all, as what the task wrote
 * was made of secrets; only the attributes of files (mode, owner ...) are looked at by themselves.
 */
void result_diff_mark(struct arena *arena, struct value *result, bool made_of_secrets);
/* `diff` with a notice in the place of what is marked; itself if nothing is. */
const struct value *result_diff_shown(struct arena *arena, const struct value *diff);
