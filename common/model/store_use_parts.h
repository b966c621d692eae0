/* SPDX-License-Identifier: Apache-2.0 */
/* Between the parts of store_use: one user that is being looked at. */
#pragma once

#include <sys/types.h>

#include "common/model/store_use.h"

struct blob;

struct use_scan {
    const struct model_store *store;
    struct arena *scratch;
    struct blob *blobs;
    size_t blob_count;
    struct store_users *users;
    int pid;             /* 0: a unit */
    const char *command; /* a process's command, a unit's name */
    const char *folder;  /* where relative names begin */
};

/* A word of a command line or of an environment: what it names is in use. */
void use_scan_word(struct use_scan *scan, const char *word);
/* Units of systemd that will start again, and what they name. Nothing where systemd does not run. */
bool use_scan_units(struct use_scan *scan, struct error *err);
