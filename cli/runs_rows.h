/* SPDX-License-Identifier: Apache-2.0 */
/* Runs as rows of a table. */
#pragma once

#include "common/base/arena.h"
#include "common/value/value.h"

/* STATE tells the outcome where it says more: a check that went well and found drift is no plain "ok". */
const struct value *runs_rows(struct arena *arena, const struct value *runs);
