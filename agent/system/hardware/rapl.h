/* SPDX-License-Identifier: Apache-2.0 */
/* Energy counters of the processor, /sys/class/powercap/intel-rapl* (AMD's too). Only root may read the counter. */
#pragma once

#include "agent/system/hardware/sysfs.h"

/* List of maps, docs/facts.md. */
struct value *rapl_zones(const struct sysfs *fs);
