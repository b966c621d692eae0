/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Versions of installed rpm packages, read from rpm's SQLite database (rpm 4.16 and later: Fedora 33, RHEL 9 ...) in a
 * millisecond and without running rpm. A transaction that is going on is not seen.
 */
#pragma once

#include "agent/system/hardware/sysfs.h"

/* Puts name -> "[epoch:]version-release" for those of `names` (NULL-terminated) that are installed. False: the node
 * has no such database. Of a package that is there several times (kernels) the last installed counts. */
bool rpm_versions(const struct sysfs *fs, const char *const *names, struct value *out);
