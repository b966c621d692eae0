/* SPDX-License-Identifier: Apache-2.0 */
/* The callbacks of Ansible by their names, and what the settings say of them. Internal to output.c and its like. */
#pragma once

#include "engine/command/command.h"

enum callback_kind {
    CALLBACK_NONE, /* no such name */
    CALLBACK_CONSOLE,
    CALLBACK_MINIMAL,
    CALLBACK_ONELINE,
    CALLBACK_JSON,
    CALLBACK_JSONL,
    CALLBACK_RECORDS, /* Roost's own JSON lines */
    CALLBACK_BESIDE,  /* from here on: not on the output */
    CALLBACK_JUNIT = CALLBACK_BESIDE,
    CALLBACK_TREE,
    CALLBACK_TIMER,
    CALLBACK_PROFILE_TASKS,
    CALLBACK_PROFILE_ROLES,
};

struct callback {
    enum callback_kind kind;
    enum result_format format; /* of CALLBACK_CONSOLE */
};

/* By its short or its whole name. */
struct callback callback_find(const char *name);
/* Those that can be on the output, as "default, minimal ...". */
const char *callback_names(void);

/* A setting of callbacks: `variable` of the environment wins over `key`; NULL: neither is set. */
const char *callback_text(const struct command *command, const char *variable, const char *key);
bool callback_bool(const struct command *command, const char *variable, const char *key, bool fallback);
int callback_int(const struct command *command, const char *variable, const char *key, int fallback);

/* The sinks of callbacks_enabled and --tree, at most `room`, behind sinks[*count]; unknown names go into the warnings. */
void callbacks_enabled(struct command *command, const struct console_options *console, struct event_sink **sinks,
                       size_t *count, size_t room);
