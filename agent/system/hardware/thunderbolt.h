/* SPDX-License-Identifier: Apache-2.0 */
/* Thunderbolt and USB4: domains, routers and links to other machines, /sys/bus/thunderbolt/devices
 * (Documentation/ABI/testing/sysfs-bus-thunderbolt of the kernel). */
#pragma once

#include "agent/system/hardware/sysfs.h"

/* {domains: [...], devices: [...]}, docs/facts.md; both empty without the bus. */
struct value *thunderbolt_value(const struct sysfs *fs);
