/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's time zone and whether its hardware clock runs in local time. */
#pragma once

#include "agent/system/host/system.h"

#define TIMEZONE_UNKNOWN "n/a"

bool timezone_exists(const struct system *system, struct arena *arena, const char *name);

/* With systemd: what /etc/localtime links to, "UTC" when it is no link. */
const char *timezone_linked(const struct system *system, struct arena *arena);
/* "local" or "UTC", from /etc/adjtime. */
const char *timezone_clock(const struct system *system, struct arena *arena);
bool timezone_set_by_systemd(const char *name, struct error *err);
bool timezone_set_clock_by_systemd(bool local, struct error *err);
bool timezone_systemd_answers(const struct system *system, struct arena *arena); /* timedated can be asked */

/* Without systemd: /etc/timezone beside /etc/localtime, UTC= in /etc/default/rcS (Debian's conventions). */
bool timezone_named(const struct system *system, struct arena *arena, const char *planned, const char **out,
                    struct error *err);
bool timezone_clock_named(const struct system *system, struct arena *arena, const char *planned, const char **out,
                          struct error *err);
bool timezone_set_files(const struct system *system, struct arena *arena, const char *name, struct error *err);
bool timezone_set_clock_files(const struct system *system, struct arena *arena, bool local, struct error *err);
