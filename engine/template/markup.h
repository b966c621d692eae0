/* SPDX-License-Identifier: Apache-2.0 */
/* HTML escaping as MarkupSafe does it. */
#pragma once

#include "common/base/text.h"
#include "engine/template/eval.h"

void markup_escape(struct text *out, const char *data, size_t length);
/* Markup(text): the text, marked as escaped. */
const struct value *markup_new(struct eval *eval, const char *data, size_t length);
/* escape(value): what is marked already stays as it is. */
const struct value *markup_of(struct eval *eval, const struct value *value);
