/* SPDX-License-Identifier: Apache-2.0 */
/* What is set for one row of the table, and what nothing knows. */
#pragma once

#include "engine/command/settings.h"
#include "engine/command/settings_table.h"

struct setting_text {
    const char *text;     /* NULL: not set */
    const char *variable; /* of the environment, or NULL: the file says it */
    struct source_position at;
};
struct setting_text setting_find(struct arena *arena, const struct settings *settings, const struct setting_row *row);
/* $NAME and ${NAME} that are set, as os.path.expandvars; {{CWD}} is the current folder. */
const char *setting_expand(struct arena *arena, const char *text);
void settings_warn_unknown(struct arena *arena, const struct settings *settings, struct value *warnings);
