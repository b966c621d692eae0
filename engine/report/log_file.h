/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file that `log_path` names: what the display shows, a record for each message, "TIME p=PID u=USER n=ansible | TEXT", as
 * ansible-core writes it. Appended to; made with the rights that the umask leaves. It sees what the screen sees: masked values.
 */
#pragma once

#include <stdio.h>

#include "common/base/arena.h"
#include "common/base/error.h"

struct log_file;

/* `filter`: the value of log_filter, or NULL. `errors`: where it is told, once, that the file cannot be written any more.
 * The descriptor stays open until the program ends. NULL: `err` says why. */
struct log_file *log_file_open(struct arena *arena, const char *path, const char *filter, FILE *errors,
                               struct error *err);
/* Newlines in front are left out. `log` may be NULL: nothing is written. */
void log_file_add(struct log_file *log, const char *text, size_t length);
