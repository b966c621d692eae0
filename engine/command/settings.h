/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration: ansible.cfg (settings_file.h) and variables of the environment, which win, by one table of all settings
 * (settings_table.h). The result is one map: the keys of [defaults], [privilege_escalation] and [ssh_connection] by their names,
 * those of other sections as "section.key"; values are texts. A setting that can stand in several places is there under each.
 */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

struct settings {
    const char *path;           /* the file that was read, or NULL */
    const struct value *values; /* map */
    const struct value *file;   /* map: "section.key" as written in the file; NULL: this came from elsewhere */
};

/* Values of a wrong type are an error with their line; keys that nothing knows are a warning with the nearest one. */
bool settings_load(struct arena *arena, struct value *warnings, struct settings *out, struct error *err);
/* An explicit file, or NULL for none. `warnings` may be NULL. */
bool settings_load_from(struct arena *arena, const char *path, struct value *warnings, struct settings *out,
                        struct error *err);
bool settings_load_file(struct arena *arena, const char *path, struct settings *out, struct error *err);

const char *settings_text(const struct settings *settings, const char *key); /* NULL: not set */
bool settings_bool(const struct settings *settings, const char *key, bool fallback);
int settings_int(const struct settings *settings, const char *key, int fallback);
/* A path setting, made absolute against the configuration file's folder; lists are separated by ':'. */
const char *settings_path(const struct settings *settings, struct arena *arena, const char *text);

struct setting_row;
/* What a setting is now, with its type, and where that comes from: "env: NAME", the file's path, or "default". */
struct setting_state {
    const struct value *value; /* null: nothing is set and there is no default */
    const char *origin;
    struct source_position at; /* in the file */
};
bool setting_state(struct arena *arena, const struct settings *settings, const struct setting_row *row,
                   struct setting_state *out, struct error *err);
