/* SPDX-License-Identifier: Apache-2.0 */
/* What an action plugin in Python is told when it starts: the task, where it runs, the variables. */
#pragma once

#include "engine/run/action.h"

/* A map for run_handler of engine/python/driver_action.py. */
bool python_question(struct action_call *call, struct value **out, struct error *err);
/* A variable that was not sent but is asked for: the map itself, or, with a second name in `path`, a map of what is in it. */
bool python_variable(struct action_call *call, const struct value *path, const struct value **out, struct error *err);
