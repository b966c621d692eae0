/* SPDX-License-Identifier: Apache-2.0 */
/* Questions on the terminal (/dev/tty), with or without echo, and password files. */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"

/* False when there is no terminal or the input ended. `context` is not used: the shape is run_options.ask's. */
bool ask_terminal(void *context, const char *prompt, bool secret, struct arena *arena, const char **out);
/* On the terminal when standard input is one; else the prompt goes to standard output and the answer is a line of standard input. */
bool ask_terminal_or_input(void *context, const char *prompt, bool secret, struct arena *arena, const char **out);
/* A line of standard input, where there is no terminal. False: it has ended. */
bool ask_input(struct arena *arena, const char **out);
/* First line of a file, or of what the file prints when it is executable. "-" reads standard input. */
bool ask_password_file(struct arena *arena, const char *path, const char **out, struct error *err);
