/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unit files where no manager can be asked: scope "global" (all users), chroots and image builds. Goes through
 * the program systemctl, which then edits the links itself. And init scripts, which systemd does not manage
 * either.
 */
#pragma once

#include "agent/system/host/system.h"

/* What a program said: trimmed output, or its errors when it failed without output. */
struct unit_answer {
    int status;
    const char *text;
};

/* Runs `systemctl --global|--system VERB UNIT`. False only if it cannot be run; its "no" is an answer. */
bool unit_offline_systemctl(const struct system *system, struct arena *arena, const char *const scope_verb_unit[3],
                            struct unit_answer *out, struct error *err);

/* The name of the init script beside a service ("cron" for "cron.service"), or NULL: systemctl enables and disables
 * both together. */
const char *init_script_of(const struct system *system, struct arena *arena, const char *unit);
bool init_script_exists(const struct system *system, struct arena *arena, const char *name);
/* A start link in one of the run levels 2 to 5. */
bool init_script_is_enabled(const struct system *system, struct arena *arena, const char *name);
bool init_script_enable(const struct system *system, struct arena *arena, const char *name, bool enable,
                        struct error *err);
/* `service NAME VERB`. For status: 0 is running, 1 to 3 not. */
bool init_script_run(const struct system *system, struct arena *arena, const char *name, const char *verb,
                     struct unit_answer *out, struct error *err);
