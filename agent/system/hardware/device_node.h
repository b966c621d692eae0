/* SPDX-License-Identifier: Apache-2.0 */
/* Who may open the GPU: device nodes with owner, group and mode; the groups of the name's custom; udev rules that
 * speak of them. Names of users and groups come from the node's files, directory services are not asked. */
#pragma once

#include "agent/system/hardware/sysfs.h"

/* The list `device_nodes`, docs/facts.md. */
struct value *device_nodes(const struct sysfs *fs);
/* The map `groups` for `names` (NULL-terminated). */
struct value *device_groups(const struct sysfs *fs, const char *const *names);
/* The list `udev_rules`: files that name kfd. */
struct value *device_rules(const struct sysfs *fs);
