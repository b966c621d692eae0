/* SPDX-License-Identifier: Apache-2.0 */
/* What the tasks `systemd` and `service` are asked for; unit_task_run carries it out. */
#pragma once

#include "agent/task/module.h"

struct unit_request {
    const char *name, *state, *scope;
    enum arg_tri enabled, masked;
    bool force, daemon_reload, daemon_reexec, no_block;
};

/* Rows for a module's arg table; `type_` has a member `struct unit_request request`. The name's own row is
 * the module's. */
#define UNIT_ARG(type_, field_, kind_, ...) ARG_NAMED(#field_, type_, request.field_, kind_, __VA_ARGS__)
#define UNIT_REQUEST_ARGUMENTS(type_)                                                                                  \
    UNIT_ARG(type_, state, ARG_STRING, .choices = ARG_NAMES("reloaded", "restarted", "started", "stopped"),            \
             .help = "what the unit should be doing; reloaded and restarted start a stopped unit"),                    \
        UNIT_ARG(type_, enabled, ARG_TRI, .help = "start the unit at boot"),                                           \
        UNIT_ARG(type_, masked, ARG_TRI, .help = "make it impossible to start the unit"),                              \
        UNIT_ARG(type_, force, ARG_BOOL, .help = "replace links that are in the way when enabling or masking"),        \
        UNIT_ARG(type_, daemon_reload, ARG_BOOL, .default_text = "no", .aliases = ARG_NAMES("daemon-reload"),          \
                 .help = "have systemd read its unit files again first"),                                              \
        UNIT_ARG(type_, daemon_reexec, ARG_BOOL, .default_text = "no", .aliases = ARG_NAMES("daemon-reexec"),          \
                 .help = "have systemd execute itself anew first"),                                                    \
        UNIT_ARG(type_, scope, ARG_STRING, .default_text = "system", .choices = ARG_NAMES("system", "user", "global"), \
                 .help = "system, the user's own systemd, or the unit files of all users"),                            \
        UNIT_ARG(type_, no_block, ARG_BOOL, .default_text = "no",                                                      \
                 .help = "do not wait until the unit is started or stopped")

bool unit_task_run(struct task_context *task, const struct unit_request *request, struct error *err);
/* Where systemd does not run or has no manager to ask: links by systemctl, state by init scripts; all else
 * is refused. */
bool unit_task_run_offline(struct task_context *task, const struct unit_request *request, struct error *err);
