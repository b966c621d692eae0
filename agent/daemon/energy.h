/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joules of this machine over time, from readings that are a second apart. The processors' counters (RAPL) are exact and come
 * first; an integrated GPU is in them. What only tells watts (cards; an APU without counters) is integrated by trapezoids. What a
 * kernel tells a thousandfold wrong is set right and named. Only small files are read, found once; no GPU is woken.
 */
#pragma once

#include "agent/system/hardware/sysfs.h"

#define ENERGY_ZONES 16
#define ENERGY_CHIPS 8

/* Where to read; texts are in the arena of `fs` as it was found. */
struct energy_sensors {
    struct energy_zone {
        const char *folder;
        double range; /* joules after which the counter begins anew; 0: not told */
    } zones[ENERGY_ZONES];
    struct energy_chip {
        const char *folder, *device, *file; /* of hwmon, of PCI, "power1_average" */
        bool is_counted;                    /* false: in the zones already, only compared with them */
    } chips[ENERGY_CHIPS];
    size_t zone_count, chip_count;
    const char *source; /* "rapl", "hwmon", "rapl+hwmon"; NULL: nothing measures power here */
};
void energy_sensors_find(const struct sysfs *fs, struct energy_sensors *out);

/* One look. NAN: it could not be read. */
struct energy_reading {
    int64_t at_us; /* CLOCK_MONOTONIC */
    double joules[ENERGY_ZONES];
    double watts;    /* of the chips that are counted; 0 without any */
    double compared; /* watts that a chip tells which is in the zones already, as the kernel prints them */
    double busy;     /* of the busiest GPU, 0..1 */
    bool is_flawed;  /* a chip's unit was wrong and set right */
};
void energy_sensors_read(const struct sysfs *fs, const struct energy_sensors *sensors, int64_t at_us,
                         struct energy_reading *out);

/* A stretch of time, from the first reading on. Zeroed at first. */
struct energy_meter {
    struct energy_reading last; /* at_us 0: none yet */
    int64_t from_us, to_us;     /* wall time; the next stretch begins where this one ends */
    double joules, watts_min, watts_max, busy;
    int64_t count; /* of steps */
    bool is_flawed;
};
/*
 * Takes one more reading. False: what lies between it and the one before cannot be told (too long ago, unreadable): the stretch
 * ends before it, and is to be told and begun anew with this reading (energy_meter_begin).
 */
bool energy_meter_take(struct energy_meter *meter, const struct energy_sensors *sensors,
                       const struct energy_reading *reading);
/* A new stretch from its last reading on; `wall_us` counts if the clock was set meanwhile, or there was a gap. */
void energy_meter_begin(struct energy_meter *meter, const struct energy_reading *reading, int64_t wall_us);
/* The report {from_us, to_us, joules, watts_min, watts_max, source, busy?, flaw?}; NULL: nothing was measured yet. */
struct value *energy_meter_value(struct arena *arena, const struct energy_meter *meter,
                                 const struct energy_sensors *sensors);
