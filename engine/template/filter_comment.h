/* SPDX-License-Identifier: Apache-2.0 */
/* The filter comment, which is large enough for a file of its own. */
#pragma once

#include "engine/template/filter.h"

const struct value *filter_comment(struct eval *eval, const struct value *input, struct call_args *args);
