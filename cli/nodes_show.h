/* SPDX-License-Identifier: Apache-2.0 */
/* roost nodes show NODE for people: how it is, what it is to be, what it did last. */
#pragma once

#include "cli/center_verb.h"

bool nodes_show(struct center_verb *verb, const char *name, struct error *err);
