/* SPDX-License-Identifier: Apache-2.0 */
/* Installed versions of some packages, whatever the package manager: dpkg's status file or rpm's database. Only
 * reading, no program is run. */
#pragma once

#include "agent/system/hardware/sysfs.h"

/* Puts name -> version for those of `names` (NULL-terminated) that are installed. Returns "dpkg", "rpm", or NULL when the
 * node has neither. */
const char *package_versions(const struct sysfs *fs, const char *const *names, struct value *out);
/* The date in a version such as 20260110-1.fc43 or 20240318.git3b128b60-0ubuntu2: 20260110; 0: there is none. */
int64_t package_version_date(const char *version);
