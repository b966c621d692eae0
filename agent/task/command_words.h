/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines as Ansible's command module takes them apart: no shell, but quotes, $VARS and ~. */
#pragma once

#include "agent/system/host/system.h"

/* Words of a line by the rules of Python's shlex.split(posix=True). Errors: "No closing quotation", "No escaped
 * character". */
bool command_split(struct arena *arena, const char *line, struct value **words_out, struct error *err);
/* One word with $NAME, ${NAME} and a leading ~ or ~user expanded; unknown names stay as they are. */
const char *command_expand(const struct system *system, struct arena *arena, const char *word);
/* Words joined to a line that a shell reads back as the same words. */
char *command_join(struct arena *arena, const struct value *words);
/* The same of one word. */
char *command_quote(struct arena *arena, const char *word);
