/* SPDX-License-Identifier: Apache-2.0 */
/* Python's pprint.pformat: repr() spread over lines of 80, keys of maps sorted. */
#pragma once

#include "common/base/text.h"
#include "engine/template/eval.h"

void python_pprint(struct eval *eval, struct text *out, const struct value *value);
