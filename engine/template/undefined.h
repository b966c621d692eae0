/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Undefined values. The text of one is either a bare name ("foo", the message is "'foo' is undefined") or
 * the whole message ("'dict object' has no attribute 'bar'").
 */
#pragma once

#include "common/base/text.h"
#include "common/value/value.h"

#define UNDEFINED_WHOLE VALUE_MARKUP /* the text is the message even where it reads like a name */

void undefined_message(struct text *out, const struct value *undefined);
/* The name in it, or NULL. */
const char *undefined_name(struct arena *arena, const struct value *undefined);
