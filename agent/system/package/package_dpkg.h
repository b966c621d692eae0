/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What dpkg has installed, read from its status file in one pass: no process, a few milliseconds. The text
 * stays in the arena; strings of the packages are made when a package is looked up.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent/system/host/system.h"

struct dpkg_package {
    const char *name;
    const char *architecture;
    const char *version;
    const char *want;     /* install, hold, deinstall, purge, unknown */
    const char *state;    /* installed, config-files, half-configured, unpacked, not-installed ... */
    const char *provides; /* as in the file; NULL: none */
    bool is_installed;    /* state is exactly "installed" */
};

struct dpkg_status;

/* A missing status file is an empty one: nothing is installed. Limit: 256 MiB. */
bool dpkg_status_read(const struct system *system, struct arena *arena, struct dpkg_status **out, struct error *err);
/* "name" (the native architecture is preferred) or "name:arch". NULL: dpkg does not know it. */
const struct dpkg_package *dpkg_status_find(struct dpkg_status *status, const char *name);
size_t dpkg_status_count(const struct dpkg_status *status);
const struct dpkg_package *dpkg_status_at(struct dpkg_status *status, size_t index);
/* The architecture of the package dpkg itself; NULL when that is not known. */
const char *dpkg_status_architecture(struct dpkg_status *status);
/* True if dpkg's list of the package's files is there and not empty (also after removal without purge). */
bool dpkg_has_files(const struct system *system, struct arena *arena, const struct dpkg_package *package);
/* *out: apt has one of the packages (NULL-terminated names) marked as installed automatically (extended_states). */
bool dpkg_any_automatic(const struct system *system, struct arena *arena, const char *const *names, bool *out,
                        struct error *err);
