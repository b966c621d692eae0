/* SPDX-License-Identifier: Apache-2.0 */
/* The command lines of sudo, su and doas. Pure: starts nothing. */
#pragma once

#include "agent/session/become.h"

#define BECOME_PROMPT "[roost-sudo-prompt] password: "

/* A method that asks on a terminal, for somebody whom it may ask: the helper then has its input and output at 3 and 4
 * (process_request.terminal). */
bool become_wants_terminal(const struct become_request *request);
/* NULL-terminated words in arena that start `self` as the wanted user. Refuses what a method cannot do, by name. */
bool become_command(struct arena *arena, const struct become_request *request, const char *const *self,
                    const char *const **out, struct error *err);
