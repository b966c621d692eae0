/* SPDX-License-Identifier: Apache-2.0 */
/* One condition by the rules of language level 2.19: its result must be a boolean. */
#pragma once

#include "engine/template/template.h"

bool condition_strict(struct template_call *call, const struct value *condition, bool *out, struct error *err);
