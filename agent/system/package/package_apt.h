/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What apt knows and dpkg does not: candidates, versions on offer, providers of virtual packages, age of the
 * lists; and running apt's programs. Reading goes through apt-cache: one process for any number of names.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/system/process/process.h"
#include "agent/system/host/system.h"

struct apt_policy {
    const char *name;      /* as apt prints it: without the native architecture */
    const char *installed; /* NULL: not installed */
    const char *candidate; /* NULL: none */
    const char **versions; /* best source first; the installed one is among them */
    size_t version_count;  /* 0: purely virtual, or only named by other packages */
};

struct apt_policies {
    struct apt_policy *items;
    size_t count;
};

/* `names` is NULL-terminated; names apt does not know are left out. `release`: what apt-get -t takes, or NULL. */
bool apt_policies_read(const struct system *system, struct arena *arena, const char *const *names, const char *release,
                       struct apt_policies *out, struct error *err);
void apt_policies_parse(struct arena *arena, const char *text, struct apt_policies *out);
const struct apt_policy *apt_policies_find(const struct apt_policies *policies, const char *name);
/* The highest version on offer that the glob matches; NULL: none. */
const char *apt_policy_best_match(const struct apt_policy *policy, const char *version_glob);

/* List of the names apt knows that the glob matches, sorted. Without ':' in the glob only native names count. */
bool apt_names_matching(const struct system *system, struct arena *arena, const char *glob, struct value *names,
                        struct error *err);
/* List of the packages whose candidate provides `name`. */
bool apt_providers(const struct system *system, struct arena *arena, const char *name, struct value *providers,
                   struct error *err);
void apt_providers_parse(struct arena *arena, const char *text, struct value *names_and_versions);

/* Second of the last update of the lists: the success stamp's time, else the lists folder's; 0: never. */
int64_t apt_lists_time(const struct system *system, struct arena *arena);

/* The environment apt's programs get: no questions, text that can be parsed, UTF-8 where there is such a locale. */
const struct value *apt_environment(const struct system *system, struct arena *arena);
/* Runs one of apt's programs; as long as another one holds a lock, again each second until `lock_timeout_s`
 * have passed. */
bool apt_run(const struct system *system, struct arena *arena, const char *const *argv, int64_t lock_timeout_s,
             struct process_result *out, struct error *err);
