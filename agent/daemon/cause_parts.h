/* SPDX-License-Identifier: Apache-2.0 */
/* What the parsers of logs share. */
#pragma once

#include <stdbool.h>

#include "agent/daemon/cause_log.h"

#define EVIDENCE_COMMAND_MAX ((size_t)200)

/* The oldest goes when there are too many. */
void evidence_add(struct evidence_list *list, const struct evidence *evidence);
/* By strptime(3); without %z local time. 0: it is no such time. */
int64_t evidence_time(const char *text, const char *format);
/* A command line without options, assignments and addresses; the program by its name. `only_paths`: of its words no others. */
const char *evidence_command(struct arena *arena, const char *line, bool only_paths);
