/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of kernel modules in modprobe.d(5). Files of one name are masked by the first folder that has it: /etc, /run,
 * /usr/local/lib, /usr/lib, /lib. Only those in /etc are anybody's to edit; the rest belong to packages.
 */
#pragma once

#include "agent/system/host/system.h"

#define MODPROBE_FOLDER "/etc/modprobe.d"
#define MODPROBE_FILES_MAX 256

struct modprobe_file {
    const char *path;
    const char *text;
    bool is_editable;
};

struct modprobe_files {
    struct modprobe_file items[MODPROBE_FILES_MAX];
    size_t count;
};

/* An option that is set, or shall not be. */
struct modprobe_option {
    const char *module;
    const char *name; /* NULL: every option of the module */
};

bool modprobe_files_read(const struct system *system, struct arena *arena, struct modprobe_files *out,
                         struct error *err);
/* The value the text gives the option (the last one counts), or NULL. */
const char *modprobe_conf_value(struct arena *arena, const char *text, const char *module, const char *name);
/* Is any of the options set? */
bool modprobe_conf_sets(struct arena *arena, const char *text, const struct modprobe_option *options, size_t count);
/* The text without those options: other options of the same line stay, a line with none left goes, every other line is kept
 * as it is. NULL when nothing but blanks is left. `text` itself when nothing was set. */
const char *modprobe_conf_without(struct arena *arena, const char *text, const struct modprobe_option *options,
                                  size_t count);
