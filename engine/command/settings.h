/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration: ansible.cfg (ANSIBLE_CONFIG, ./ansible.cfg, ~/.ansible.cfg, /etc/ansible/ansible.cfg: the first that exists, not in a
 * world-writable folder) and ANSIBLE_* variables, which win. The result is one map: the keys of [defaults], [privilege_escalation]
 * and [ssh_connection] by their names, those of other sections as "section.key"; values are texts.
 */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

struct settings {
    const char *path;           /* the file that was read, or NULL */
    const struct value *values; /* map */
};

bool settings_load(struct arena *arena, struct value *warnings, struct settings *out, struct error *err);
/* An explicit file: for tests. */
bool settings_load_file(struct arena *arena, const char *path, struct settings *out, struct error *err);

const char *settings_text(const struct settings *settings, const char *key); /* NULL: not set */
bool settings_bool(const struct settings *settings, const char *key, bool fallback);
int settings_int(const struct settings *settings, const char *key, int fallback);
/* A path setting, made absolute against the configuration file's folder; lists are separated by ':'. */
const char *settings_path(const struct settings *settings, struct arena *arena, const char *text);
