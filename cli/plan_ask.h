/* SPDX-License-Identifier: Apache-2.0 */
/* Where workloads would go, asked of the controller. */
#pragma once

#include "cli/center_verb.h"

/*
 * `list`: declarations. The answer of POST /api/v1/plan; while a node reads the header of a model that nobody has it is asked again, for at
 * most 20 s: then the answer says that it still does.
 */
bool plan_ask(struct center_verb *verb, const struct value *list, const struct value **out, struct error *err);
