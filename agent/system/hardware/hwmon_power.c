/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thousandfold error of amdgpu's power. Kernels before the fix of July 2026 (757ba079) print milliwatts of some
 * APUs where the interface has microwatts: "12.00 mW" for a machine that draws 12 W. The firmware's table
 * gpu_metrics has the figure in a unit that is known; without it the range tells: no package that is awake draws
 * less than a watt, none ten kilowatts.
 */
#include "agent/system/hardware/hwmon.h"

#define MICROWATTS_LEAST 1000000.0
#define MICROWATTS_MOST 10000000000.0
#define PACKAGE_MICROWATTS_MOST 1000000000.0 /* what a corrected value may be at most */
#define FACTOR_LEAST 250.0                   /* two averages over different times differ by less than four times */
#define FACTOR_MOST 4000.0

static bool is_thousandfold(double ratio)
{
    return ratio >= FACTOR_LEAST && ratio <= FACTOR_MOST;
}

static struct power_verdict verdict_of(double microwatts, enum power_unit unit, const char *evidence)
{
    double watts = microwatts / 1e6;

    if (unit == POWER_UNIT_TOO_SMALL)
        watts = microwatts / 1e3;
    else if (unit == POWER_UNIT_TOO_LARGE)
        watts = microwatts / 1e9;
    return (struct power_verdict){ .unit = unit, .evidence = evidence, .watts = watts };
}

struct power_verdict power_check(const struct power_reading *reading)
{
    double reported = (double)reading->reported_microwatts, socket = (double)reading->socket_milliwatts * 1000;

    if (reported <= 0)
        return verdict_of(reported, POWER_UNIT_RIGHT, NULL);
    if (socket >= MICROWATTS_LEAST) {
        if (is_thousandfold(socket / reported))
            return verdict_of(reported, POWER_UNIT_TOO_SMALL, "gpu_metrics");
        if (is_thousandfold(reported / socket))
            return verdict_of(reported, POWER_UNIT_TOO_LARGE, "gpu_metrics");
        return verdict_of(reported, POWER_UNIT_RIGHT, NULL);
    }
    if (reported < MICROWATTS_LEAST && reported * 1000 >= MICROWATTS_LEAST &&
        reported * 1000 <= PACKAGE_MICROWATTS_MOST / 2)
        return verdict_of(reported, POWER_UNIT_TOO_SMALL, "range");
    if (reported > MICROWATTS_MOST)
        return verdict_of(reported, POWER_UNIT_TOO_LARGE, "range");
    return verdict_of(reported, POWER_UNIT_RIGHT, NULL);
}
