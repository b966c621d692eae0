/* SPDX-License-Identifier: Apache-2.0 */
/* Which sinks a command's options and settings ask for. */
#pragma once

#include "engine/command/command.h"

bool output_wants_color(const struct command *command);
/* Of the terminal; 0 where `out` is none. */
int output_columns(FILE *out);
/* What the settings say of how output looks, but for the format of results. False: a colour is unknown. */
bool output_console_options(const struct command *command, struct console_options *out, struct error *err);
/* The tee of everything asked for; also sums up the recap into command->totals. */
bool output_open(struct command *command, struct event_sink **out, struct error *err);
