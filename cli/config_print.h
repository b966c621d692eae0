/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `roost config`. */
#pragma once

#include "common/base/text.h"
#include "engine/command/settings.h"

#define CONFIG_PLUGINS_MAX 64

struct config_options {
    const char *action, *file, *type, *format;
    const char *plugins[CONFIG_PLUGINS_MAX + 1]; /* NULL-terminated; none: all of the type */
    size_t plugin_count;
    bool only_changed, disabled, help;
};

struct cursor_words {
    int argc, at;
    char **argv;
};

struct config_job {
    struct arena *arena;
    const struct config_options *options;
    struct settings settings;
    struct value *warnings;
    struct text out;
};

bool config_dump(struct config_job *job, struct error *err);
bool config_list(struct config_job *job, struct error *err);
bool config_init(struct config_job *job, struct error *err);
