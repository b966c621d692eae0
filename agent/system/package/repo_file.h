/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The .repo files of dnf and yum: sections of options, read and written as Python's RawConfigParser does, which Ansible
 * uses: options in lower case, values of several lines, no comments kept.
 */
#pragma once

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

/* Map of maps of strings, in the file's order. A section or option that comes twice: the last one counts. */
bool repo_file_parse(struct arena *arena, const char *text, struct value **out, struct error *err);
char *repo_file_text(struct arena *arena, const struct value *sections);
/* The same sorted, as Ansible compares and shows it. */
char *repo_file_shown(struct arena *arena, const struct value *sections);
