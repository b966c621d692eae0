/* SPDX-License-Identifier: Apache-2.0 */
/* Ansible's conversion of rendered text: what looks like a list, a dict or a boolean becomes one. */
#pragma once

#include "engine/template/eval.h"

/* The result of a template that consists of this one value. */
const struct value *convert_value(struct eval *eval, const struct value *value);
/* A string; other text is returned as it is. */
const struct value *convert_text(struct eval *eval, const struct value *text);
