/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Energy while something is placed here that is measured: a reading each second, a report each ten. When nothing is measured the
 * daemon is not woken for it.
 */
#include <stdlib.h>

#include "agent/daemon/daemon_internal.h"
#include "agent/daemon/energy.h"
#include "common/base/clock.h"

#define READ_MS 1000
#define TELL_US (INT64_C(10) * 1000000)
#define TELL_AWAY_US (INT64_C(60) * 1000000) /* the spool is for what matters more */

struct daemon_energy {
    struct arena *arena; /* of the sensors' names */
    struct energy_sensors sensors;
    struct energy_meter meter;
    int64_t due_ms;
};

static void reading_take(struct daemon_energy *energy, struct energy_reading *out)
{
    ARENA_SCOPED scratch = arena_new();
    const struct system system = { .root = "" };

    energy_sensors_read(&(struct sysfs){ .system = &system, .arena = scratch }, &energy->sensors, clock_monotonic_us(),
                        out);
}

static void stretch_tell(struct daemon *daemon)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *body = energy_meter_value(arena, &daemon->measured->meter, &daemon->measured->sensors);

    if (body != NULL)
        daemon_report(daemon, "energy", body);
}

static void stretch_step(struct daemon *daemon)
{
    struct daemon_energy *energy = daemon->measured;
    struct energy_reading reading;
    int64_t most_us = uplink_is_connected(daemon->uplink) ? TELL_US : TELL_AWAY_US;

    reading_take(energy, &reading);
    if (energy_meter_take(&energy->meter, &energy->sensors, &reading) &&
        energy->meter.to_us - energy->meter.from_us < most_us)
        return;
    stretch_tell(daemon);
    energy_meter_begin(&energy->meter, &reading, clock_wall_us());
}

static void begin(struct daemon *daemon)
{
    const struct system system = { .root = "" };
    struct daemon_energy *energy = calloc(1, sizeof(*energy));

    if (energy == NULL)
        return;
    energy->arena = arena_new();
    energy_sensors_find(&(struct sysfs){ .system = &system, .arena = energy->arena }, &energy->sensors);
    energy->due_ms = energy->sensors.source == NULL ? -1 : clock_monotonic_ms();
    if (energy->sensors.source == NULL)
        daemon_trouble(daemon, "energy cannot be measured: this machine has no power sensor that can be read");
    daemon->measured = energy;
}

void daemon_energy_close(struct daemon *daemon)
{
    if (daemon->measured == NULL)
        return;
    if (daemon->measured->due_ms >= 0) {
        struct energy_reading reading;

        reading_take(daemon->measured, &reading);
        (void)energy_meter_take(&daemon->measured->meter, &daemon->measured->sensors, &reading);
        stretch_tell(daemon);
    }
    arena_free(daemon->measured->arena);
    free(daemon->measured);
    daemon->measured = NULL;
}

void daemon_energy_measure(struct daemon *daemon, bool is_wanted)
{
    if (is_wanted && daemon->measured == NULL)
        begin(daemon);
    else if (!is_wanted)
        daemon_energy_close(daemon);
}

int64_t daemon_energy_due_ms(const struct daemon *daemon)
{
    return daemon->measured == NULL ? -1 : daemon->measured->due_ms;
}

void daemon_energy_step(struct daemon *daemon)
{
    int64_t now_ms = clock_monotonic_ms(), due_ms = daemon_energy_due_ms(daemon);

    if (due_ms < 0 || now_ms < due_ms)
        return;
    stretch_step(daemon);
    daemon->measured->due_ms = now_ms - due_ms > READ_MS ? now_ms + READ_MS : due_ms + READ_MS;
}
