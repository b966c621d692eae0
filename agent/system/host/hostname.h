/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's name: the one in use, the one kept for the next boot, and its full form. */
#pragma once

#include "agent/system/host/system.h"

/* The files that keep the name, by the conventions of the system that reads them. */
enum hostname_file {
    HOSTNAME_FILE_PLAIN,  /* /etc/hostname: the name alone */
    HOSTNAME_FILE_SLES,   /* /etc/HOSTNAME: the name alone */
    HOSTNAME_FILE_REDHAT, /* /etc/sysconfig/network: HOSTNAME=name */
    HOSTNAME_FILE_OPENRC, /* /etc/conf.d/hostname: hostname="name" */
};

const char *hostname_current(struct arena *arena);
/* "" when the file does not say. */
bool hostname_kept(const struct system *system, struct arena *arena, enum hostname_file file, const char **out,
                   struct error *err);
bool hostname_keep(const struct system *system, struct arena *arena, enum hostname_file file, const char *name,
                   struct error *err);
bool hostname_set(const char *name, struct error *err); /* until the next boot */

/* The kernel keeps 64 characters; systemd refuses more. */
bool hostname_fits(const char *name, struct error *err);
/* Through systemd's hostnamed, which tells others: the kept name (and the pretty one), the one in use. */
bool hostname_keep_by_systemd(const char *name, struct error *err);
bool hostname_set_by_systemd(const char *name, struct error *err);

/* The name with its domain, as far as the resolver knows it; else the plain name. */
const char *hostname_full(struct arena *arena);
