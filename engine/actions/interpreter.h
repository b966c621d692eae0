/* SPDX-License-Identifier: Apache-2.0 */
/* Which interpreter a host's variables and the settings name, for modules that want one and for what is told about it. */
#pragma once

#include "engine/run/action.h"

/* A variable as text without white space around it; *out NULL: it is not set. */
bool interpreter_variable(struct action_call *call, const char *name, const char **out, struct error *err);
/* ansible_python_interpreter, else the setting interpreter_python; *out NULL: neither, or "auto": the node looks for its own. */
bool interpreter_python(struct action_call *call, const char **out, struct error *err);
