/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sensors of /sys/class/hwmon: power, temperatures, fans (Documentation/hwmon/sysfs-interface of the kernel:
 * microwatts, thousandths of a degree, turns a minute). Chips whose values cost a round trip to a radio or a disk
 * are left out, and so is a GPU that sleeps.
 */
#pragma once

#include "agent/system/hardware/sysfs.h"

struct hwmon_sensors {
    struct value *power, *temperatures, *fans; /* lists of maps, docs/facts.md */
};

void hwmon_read(const struct sysfs *fs, struct hwmon_sensors *out);

enum power_unit { POWER_UNIT_RIGHT, POWER_UNIT_TOO_SMALL, POWER_UNIT_TOO_LARGE };

/* One reading of amdgpu's power, checked: some kernels are wrong by a factor of thousand. */
struct power_reading {
    int64_t reported_microwatts;
    int64_t socket_milliwatts; /* gpu_metrics' own figure of the same chip; <= 0: not known */
};

struct power_verdict {
    enum power_unit unit;
    const char *evidence; /* "gpu_metrics", "range"; NULL when the unit is right */
    double watts;         /* corrected */
};

struct power_verdict power_check(const struct power_reading *reading);
