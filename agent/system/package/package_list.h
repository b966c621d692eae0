/* SPDX-License-Identifier: Apache-2.0 */
/* All installed packages with the details that Ansible's fact `packages` has. */
#pragma once

#include <stdbool.h>

#include "agent/system/host/system.h"

/* `manager` is apt or rpm. */
bool package_list_available(const struct system *system, struct arena *arena, const char *manager);
/* Adds name -> list of maps to `packages`: name version arch source; apt: category origin; rpm: release epoch. */
bool package_list_read(const struct system *system, struct arena *arena, const char *manager, struct value *packages,
                       struct error *err);
/* What `apt-cache policy` says of each package: name -> the first source its installed version comes from, as
 * "URL suite/component arch"; nothing for packages that come from no source any more. */
struct value *package_list_sources(struct arena *arena, const char *policy);
/* What `apt-cache policy` says of all sources: source -> origin (o=). */
struct value *package_list_origins(struct arena *arena, const char *policy);
