/* SPDX-License-Identifier: Apache-2.0 */
/* A stable sort by keys, with Python's errors for keys that have no order. */
#pragma once

#include "engine/template/eval.h"

struct sort_item {
    const struct value *key, *item;
};

bool sorting_run(struct eval *eval, struct sort_item *items, size_t count, bool reverse);
