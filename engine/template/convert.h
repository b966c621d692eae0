/* SPDX-License-Identifier: Apache-2.0 */
/* Ansible's conversion of rendered text: what looks like a list, a dict or a boolean becomes one. */
#pragma once

#include "engine/template/eval.h"

/* Native types: one piece of output as it is, but text that is a literal of Python becomes that. */
const struct value *convert_native(struct eval *eval, const struct value *value);
/* What leaves the templates: dates and their like, which live as long as those, are text, also within lists and maps. NULL: error set. */
const struct value *convert_to_leave(struct eval *eval, const struct value *value);
/* The result of a template that consists of this one value. */
const struct value *convert_value(struct eval *eval, const struct value *value);
/* A string; other text is returned as it is. */
const struct value *convert_text(struct eval *eval, const struct value *text);
