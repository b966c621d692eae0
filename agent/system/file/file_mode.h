/* SPDX-License-Identifier: Apache-2.0 */
/* File modes as text: octal ("0644") and symbolic ("u=rwX,g+s,o-w"), with the meaning ansible.builtin.file
 * gives them. Pure. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/base/error.h"

/* `current` is the st_mode of the file the text is applied to: type bits count for X, permissions for + - and
 * copies. An empty list of users ("+w") takes part in the umask `mask`. */
bool file_mode_parse(const char *text, mode_t current, mode_t mask, mode_t *out, struct error *err);
/* "0644", "01777" as results show it; at least 6 bytes. */
void file_mode_format(mode_t mode, char *out, unsigned long size);
/* A umask in octal digits, with 0o before them or not; only the permissions of it count. False: it is none. */
bool file_mode_umask(const char *text, mode_t *out);
