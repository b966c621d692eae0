/* SPDX-License-Identifier: Apache-2.0 */
/*
 * systemd's units over its bus (sd-bus), without systemctl: state, jobs, unit files. As root it talks to the
 * manager's private socket, so that no dbus-daemon is needed. Everything lives in the arena given at opening;
 * the connection is closed by guard.
 */
#pragma once

#include <stdbool.h>

#include "agent/system/host/system.h"

enum unit_scope { UNIT_SCOPE_SYSTEM, UNIT_SCOPE_USER };

struct unit_manager;

/* False with a clear sentence where systemd is not running (containers, chroots, other init systems). */
bool unit_manager_open(const struct system *system, struct arena *arena, enum unit_scope scope,
                       struct unit_manager **out, struct error *err);
void unit_manager_close(struct unit_manager *manager); /* NULL is fine */
void unit_manager_guard(struct unit_manager **manager);
#define UNIT_MANAGER_SCOPED __attribute__((cleanup(unit_manager_guard))) struct unit_manager *
bool unit_is_booted(const struct system *system, struct arena *arena); /* systemd is this machine's init */

/* The full name that systemctl would take: ".service" added, paths become mounts and devices, odd characters
 * escaped. */
const char *unit_name_complete(struct arena *arena, const char *name);
/* "name@.service": names a template, which has files but no state. */
bool unit_name_is_template(const char *name);

/* All properties as `systemctl show` prints them (empty ones left out), name -> text. False if systemd
 * cannot say, e.g. for a template. A unit that does not exist has LoadState "not-found". */
bool unit_show(struct unit_manager *manager, const char *unit, struct value **out, struct error *err);
/* "enabled", "static", "masked" ...; "" when there is no such unit file. */
bool unit_file_state(struct unit_manager *manager, const char *unit, const char **out, struct error *err);
/* True if the unit file has links in wants/requires folders or aliases. */
bool unit_file_has_links(struct unit_manager *manager, const char *unit, bool *out, struct error *err);

enum unit_file_change { UNIT_FILE_ENABLE, UNIT_FILE_DISABLE, UNIT_FILE_MASK, UNIT_FILE_UNMASK, UNIT_FILE_PRESET };
/* Changes the links and has the manager read its configuration again. */
bool unit_file_change(struct unit_manager *manager, const char *unit, enum unit_file_change change, bool force,
                      struct error *err);

/* `verb` is Start, Stop, Restart or Reload. Waits for the job to end unless `wait` is false; a job that
 * fails is an error that tells why. */
bool unit_job_run(struct unit_manager *manager, const char *unit, const char *verb, bool wait, struct error *err);

bool unit_manager_reload(struct unit_manager *manager, struct error *err);
bool unit_manager_reexecute(struct unit_manager *manager, struct error *err);

/* Names of units that the manager has loaded and that begin with `prefix`; NULL-terminated. */
bool unit_loaded_names(struct unit_manager *manager, const char *prefix, const char ***out, struct error *err);
/* Forgets that it failed; one that is not loaded is fine. */
bool unit_reset_failed(struct unit_manager *manager, const char *unit, struct error *err);
/* The number in front of systemd's version: 252; 0: not known. */
int unit_manager_version(struct unit_manager *manager);
