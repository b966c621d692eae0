/* SPDX-License-Identifier: Apache-2.0 */
/* ascii() and repr() of any value, objects of this folder included. */
#pragma once

#include "common/base/text.h"
#include "common/value/value.h"

void object_repr(struct text *out, const struct value *value);
void python_ascii(struct text *out, const struct value *value);
