/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What modprobe.d says about kernel modules, as modprobe(8) and kmod read it: folders in order of precedence, a file
 * masks one of the same name in a later folder. Only reading.
 */
#pragma once

#include "agent/system/hardware/sysfs.h"

struct module_option {
    const char *module, *name, *value; /* value is "" for a name without = */
    const char *file;
};

struct module_options {
    struct module_option *items;
    size_t count, capacity;
    struct value *blacklisted; /* module -> file: `blacklist`, or `install` that runs true or false */
};

void module_options_read(const struct sysfs *fs, struct module_options *out);
/* Underscores for dashes: the kernel takes both for the same letter. */
char *module_name_normal(struct arena *arena, const char *name, size_t length);
