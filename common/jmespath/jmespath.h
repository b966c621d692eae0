/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JMESPath (https://jmespath.org/specification.html): a query language for JSON-like values. The whole language, with the
 * messages of jmespath.py 1.0.1. Nesting and work are bounded.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

/* Objects count as maps. Parts of `data` are borrowed. */
bool jmespath_search(struct arena *arena, const struct value *expression, const struct value *data,
                     const struct value **out, struct error *err);
