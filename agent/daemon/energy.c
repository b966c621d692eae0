/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the sensors, reading them, adding up. */
#include "agent/daemon/energy.h"

#include <math.h>
#include <string.h>

#include "agent/system/hardware/gpu.h"
#include "agent/system/hardware/hwmon.h"
#include "agent/system/hardware/rapl.h"
#include "common/base/text.h"

#define RAPL_FOLDER "/sys/class/powercap"
#define HWMON_FOLDER "/sys/class/hwmon"
#define SECOND_US INT64_C(1000000)
#define GAP_US (15 * SECOND_US)          /* between two readings of watts */
#define GAP_COUNTER_US (120 * SECOND_US) /* of counters: they wrap after minutes */
#define CLOCK_SET_US (2 * SECOND_US)     /* the wall clock is off by more than that: it was set */
#define THOUSANDFOLD_LEAST 250.0         /* as agent/system/hardware/hwmon_power.c has it */
#define THOUSANDFOLD_MOST 4000.0

/* --- finding --- */

static void zones_find(const struct sysfs *fs, struct energy_sensors *out)
{
    const struct value *zones = rapl_zones(fs);

    for (size_t i = 0; i < value_count(zones) && out->zone_count < ENERGY_ZONES; i++) {
        const struct value *zone = value_item(zones, i), *range = value_map_get(zone, "energy_range_joules");

        if (value_map_get(zone, "parent") != NULL || value_map_get(zone, "energy_joules") == NULL ||
            !text_starts(value_map_text(zone, "name"), "package"))
            continue;
        out->zones[out->zone_count++] = (struct energy_zone){
            .folder = arena_printf(fs->arena, RAPL_FOLDER "/%s", value_map_text(zone, "zone")),
            .range = value_is(range, VALUE_REAL) ? range->as.real : 0,
        };
    }
}

/* The mean that the chip tells; else the moment. NULL: it tells neither. */
static const char *power_file(const struct sysfs *fs, const char *folder)
{
    static const char *const files[] = { "power1_average", "power1_input", NULL };
    int64_t number;

    for (size_t i = 0; files[i] != NULL; i++)
        if (sysfs_number(fs, folder, files[i], &number) && number >= 0)
            return files[i];
    return NULL;
}

static bool is_integrated(const struct gpu *gpus, size_t count, const char *slot)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal(gpus[i].pci.slot, slot))
            return gpus[i].kind == GPU_INTEGRATED;
    return false;
}

static void chips_find(const struct sysfs *fs, struct energy_sensors *out)
{
    size_t count = 0;
    const struct gpu *gpus = gpu_list(fs, &count);

    for (const char *const *name = sysfs_numbered(fs, HWMON_FOLDER, "hwmon"); *name != NULL; name++) {
        const char *folder = arena_printf(fs->arena, HWMON_FOLDER "/%s", *name);
        const char *slot = sysfs_link(fs, folder, "device"), *file = NULL;

        if (out->chip_count == ENERGY_CHIPS || !text_equal(sysfs_text(fs, folder, "name"), "amdgpu"))
            continue;
        file = power_file(fs, folder);
        if (file == NULL)
            continue;
        out->chips[out->chip_count++] =
            (struct energy_chip){ .folder = folder,
                                  .device = arena_printf(fs->arena, "%s/device", folder),
                                  .file = file,
                                  .is_counted = out->zone_count == 0 || !is_integrated(gpus, count, slot) };
    }
}

void energy_sensors_find(const struct sysfs *fs, struct energy_sensors *out)
{
    bool has_chips = false;

    *out = (struct energy_sensors){ .source = NULL };
    zones_find(fs, out);
    chips_find(fs, out);
    for (size_t i = 0; i < out->chip_count; i++)
        has_chips = has_chips || out->chips[i].is_counted;
    if (out->zone_count > 0)
        out->source = has_chips ? "rapl+hwmon" : "rapl";
    else if (has_chips)
        out->source = "hwmon";
}

/* --- reading --- */

/* Set right, if the kernel is one of those that print a thousandth. A card that sleeps takes what nobody can tell: nothing. */
static double chip_watts(const struct sysfs *fs, const struct energy_chip *chip, bool *is_flawed_out)
{
    struct power_reading reading = { .socket_milliwatts = -1 };
    struct gpu_metrics metrics;
    struct power_verdict verdict;

    if (text_equal(sysfs_text(fs, chip->device, "power/runtime_status"), "suspended"))
        return 0;
    if (!sysfs_number(fs, chip->folder, chip->file, &reading.reported_microwatts) || reading.reported_microwatts < 0)
        return (double)NAN;
    if (gpu_metrics_read(fs, chip->device, &metrics))
        reading.socket_milliwatts = metrics.socket_mw;
    verdict = power_check(&reading);
    *is_flawed_out = *is_flawed_out || verdict.unit != POWER_UNIT_RIGHT;
    return verdict.watts;
}

static void chip_read(const struct sysfs *fs, const struct energy_chip *chip, struct energy_reading *out)
{
    int64_t number;

    if (chip->is_counted)
        out->watts += chip_watts(fs, chip, &out->is_flawed);
    else if (sysfs_number(fs, chip->folder, chip->file, &number) && number > 0)
        out->compared = (double)number / 1e6;
    if (sysfs_number(fs, chip->device, "gpu_busy_percent", &number) && number >= 0 && number <= 100)
        out->busy = isnan(out->busy) ? (double)number / 100 : fmax(out->busy, (double)number / 100);
}

void energy_sensors_read(const struct sysfs *fs, const struct energy_sensors *sensors, int64_t at_us,
                         struct energy_reading *out)
{
    int64_t number;

    *out = (struct energy_reading){ .at_us = at_us, .compared = (double)NAN, .busy = (double)NAN };
    for (size_t i = 0; i < sensors->zone_count; i++)
        out->joules[i] = sysfs_number(fs, sensors->zones[i].folder, "energy_uj", &number) && number >= 0
                             ? (double)number / 1e6
                             : (double)NAN;
    for (size_t i = 0; i < sensors->chip_count; i++)
        chip_read(fs, &sensors->chips[i], out);
}

/* --- adding up --- */

/* Joules of the counters since the reading before; one that wrapped went over its range. */
static double zones_grown(const struct energy_sensors *sensors, const struct energy_reading *a,
                          const struct energy_reading *b)
{
    double sum = 0;

    for (size_t i = 0; i < sensors->zone_count; i++) {
        double grown = b->joules[i] - a->joules[i];

        if (grown < 0)
            grown = sensors->zones[i].range > 0 ? grown + sensors->zones[i].range : (double)NAN;
        sum += grown; /* NAN stays */
    }
    return sum;
}

/* The chip that is in the counters tells a thousandth (or thousandfold) of them: nothing is made of it, but it is said. */
static bool is_thousandfold(double compared, double watts)
{
    double ratio = compared > 0 && watts > 0 ? fmax(compared / watts, watts / compared) : 1;

    return ratio >= THOUSANDFOLD_LEAST && ratio <= THOUSANDFOLD_MOST;
}

bool energy_meter_take(struct energy_meter *meter, const struct energy_sensors *sensors,
                       const struct energy_reading *reading)
{
    const struct energy_reading *last = &meter->last;
    bool has_chips = sensors->zone_count == 0 || strchr(sensors->source, '+') != NULL;
    double seconds = (double)(reading->at_us - last->at_us) / 1e6, joules, watts;

    if (last->at_us == 0 || reading->at_us <= last->at_us ||
        reading->at_us - last->at_us > (has_chips ? GAP_US : GAP_COUNTER_US))
        return false;
    joules = zones_grown(sensors, last, reading) + (last->watts + reading->watts) / 2 * seconds;
    if (!isfinite(joules) || joules < 0)
        return false;
    watts = joules / seconds;
    meter->watts_min = meter->count == 0 ? watts : fmin(meter->watts_min, watts);
    meter->watts_max = meter->count == 0 ? watts : fmax(meter->watts_max, watts);
    meter->joules += joules;
    meter->busy += reading->busy;
    meter->is_flawed = meter->is_flawed || reading->is_flawed || is_thousandfold(reading->compared, watts);
    meter->to_us += reading->at_us - last->at_us;
    meter->count++;
    meter->last = *reading;
    return true;
}

void energy_meter_begin(struct energy_meter *meter, const struct energy_reading *reading, int64_t wall_us)
{
    int64_t from_us = meter->to_us;
    bool is_next = meter->last.at_us != 0 && meter->last.at_us == reading->at_us;

    if (!is_next || wall_us - from_us > CLOCK_SET_US || from_us - wall_us > CLOCK_SET_US)
        from_us = wall_us;
    *meter = (struct energy_meter){ .last = *reading, .from_us = from_us, .to_us = from_us };
}

struct value *energy_meter_value(struct arena *arena, const struct energy_meter *meter,
                                 const struct energy_sensors *sensors)
{
    struct value *out = value_map(arena);

    if (meter->count == 0)
        return NULL;
    value_map_put_int(arena, out, "from_us", meter->from_us);
    value_map_put_int(arena, out, "to_us", meter->to_us);
    value_map_put(arena, out, "joules", value_real(arena, meter->joules));
    value_map_put(arena, out, "watts_min", value_real(arena, meter->watts_min));
    value_map_put(arena, out, "watts_max", value_real(arena, meter->watts_max));
    value_map_put_string(arena, out, "source", sensors->source);
    if (!isnan(meter->busy))
        value_map_put(arena, out, "busy", value_real(arena, meter->busy / (double)meter->count));
    if (meter->is_flawed)
        value_map_put_string(arena, out, "flaw", "the GPU's power sensor is wrong by a factor of thousand");
    return out;
}
