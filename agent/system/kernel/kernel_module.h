/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loadable kernel modules: is one there, and the files that load one at boot (modules-load.d(5)) and give it options
 * (modprobe.d(5)), as community.general.modprobe keeps them: one NAME.conf of each, one option a line. Text is pure.
 */
#pragma once

#include "agent/system/host/system.h"

#define MODULES_LOAD_FOLDER "/etc/modules-load.d"
#define MODULES_OPTIONS_FOLDER "/etc/modprobe.d"

/* Loaded, or part of the kernel. The error is Ansible's for a list that cannot be read. */
bool kernel_module_is_loaded(const struct system *system, struct arena *arena, const char *name, bool *out,
                             struct error *err);
/* Does a line of the text name the module? */
bool modules_load_names(const char *text, const char *name);
/* The text with such lines made comments. */
char *modules_load_without(struct arena *arena, const char *text, const char *name);
/* Adds the options (name=value) of `options NAME name=value` lines to the map's keys. */
void module_options_collect(struct arena *arena, const char *text, const char *name, struct value *out);
char *module_options_without(struct arena *arena, const char *text, const char *name);
