/* SPDX-License-Identifier: Apache-2.0 */
/* Running a module that is not Roost's own, for an action that needs one. */
#pragma once

#include "engine/foreign/foreign.h"
#include "engine/run/action.h"

struct foreign_call {
    const struct foreign_module *module;
    const char *name;   /* as the module is told it */
    struct value *args; /* a map of its own: more is put into it */
};
/* Fills call->module. Its reply is read with foreign_output_of. */
bool foreign_call_send(struct action_call *call, enum action_next *next, const struct foreign_call *foreign,
                       struct error *err);
