/* SPDX-License-Identifier: Apache-2.0 */
/* Sums and maxima over what the readers of agent/system/hardware find. */
#include "agent/daemon/sample.h"

#include <math.h>
#include <string.h>

#include "agent/system/hardware/host_memory.h"
#include "agent/system/hardware/hwmon.h"
#include "agent/system/hardware/rapl.h"
#include "common/base/text.h"

static bool number_of(const struct value *map, const char *key, double *out)
{
    const struct value *value = value_map_get(map, key);

    if (value_is(value, VALUE_REAL))
        *out = value->as.real;
    else if (value_is(value, VALUE_INT))
        *out = (double)value->as.integer;
    return value_is(value, VALUE_REAL) || value_is(value, VALUE_INT);
}

static void put(const struct sysfs *fs, struct value *out, const char *key, double number)
{
    if (!isnan(number))
        value_map_put(fs->arena, out, key, value_real(fs->arena, number));
}

static void put_bytes(const struct sysfs *fs, struct value *out, const char *key, int64_t bytes)
{
    if (bytes >= 0)
        value_map_put_int(fs->arena, out, key, bytes);
}

/* --- power --- */

/* A chip tells its mean, or the moment, or both: the mean comes first in the list. */
static double gpu_watts(const struct value *power)
{
    double sum = (double)NAN, watts;

    for (size_t i = 0; i < value_count(power); i++) {
        const struct value *one = value_item(power, i);
        const char *hwmon = value_map_text(one, "hwmon");
        bool is_again = false;

        for (size_t k = 0; k < i; k++)
            is_again = is_again || text_equal(value_map_text(value_item(power, k), "hwmon"), hwmon);
        if (!is_again && text_equal(value_map_text(one, "chip"), "amdgpu") && number_of(one, "watts", &watts))
            sum = isnan(sum) ? watts : sum + watts;
    }
    return sum;
}

/* Whole processors only: their parts are in them. The first time there is nothing to compare with; a counter that began anew
 * leaves the sample out. */
static double processor_watts(const struct sysfs *fs, struct sample_energy *energy, int64_t now_us)
{
    const struct value *zones = rapl_zones(fs);
    struct sample_energy now = { .at_us = now_us };
    double grown = 0;

    for (size_t i = 0; i < value_count(zones) && now.count < SAMPLE_ZONES; i++) {
        const struct value *zone = value_item(zones, i);

        if (value_map_get(zone, "parent") == NULL && text_starts(value_map_text(zone, "name"), "package") &&
            number_of(zone, "energy_joules", &now.joules[now.count]))
            now.count++;
    }
    for (size_t i = 0; i < now.count && i < energy->count; i++)
        grown = now.joules[i] < energy->joules[i] ? (double)NAN : grown + now.joules[i] - energy->joules[i];
    if (now.count == 0 || now.count != energy->count || now_us <= energy->at_us)
        grown = (double)NAN;
    grown = grown * 1e6 / (double)(now_us - energy->at_us);
    *energy = now;
    return grown;
}

static double watts_of(const struct sysfs *fs, const struct hwmon_sensors *sensors, bool is_integrated,
                       struct sample_energy *energy, int64_t now_us)
{
    double gpus = gpu_watts(sensors->power), processors = processor_watts(fs, energy, now_us);

    if (isnan(gpus))
        return processors;
    return is_integrated || isnan(processors) ? gpus : gpus + processors;
}

/* --- heat --- */

static double hottest(const struct value *temperatures, const char *const *chips)
{
    double most = (double)NAN, celsius;

    for (size_t i = 0; i < value_count(temperatures); i++) {
        const struct value *one = value_item(temperatures, i);

        if (text_in(value_map_text(one, "chip"), chips) && number_of(one, "celsius", &celsius) &&
            (isnan(most) || celsius > most))
            most = celsius;
    }
    return most;
}

static double celsius_of(const struct value *temperatures)
{
    static const char *const gpus[] = { "amdgpu", "nouveau", "i915", "xe", NULL };
    static const char *const processors[] = { "k10temp", "zenpower", "coretemp", "cpu_thermal", "acpitz", NULL };
    double gpu = hottest(temperatures, gpus);

    return isnan(gpu) ? hottest(temperatures, processors) : gpu;
}

/* --- memory and load --- */

static void add_bytes(int64_t *sum, int64_t bytes)
{
    if (bytes >= 0)
        *sum = *sum < 0 ? bytes : *sum + bytes;
}

static void gpus_put(const struct sysfs *fs, struct value *out, const struct gpu *gpus, size_t count)
{
    struct gpu_memory all = {
        .vram_total_bytes = -1, .vram_used_bytes = -1, .gtt_total_bytes = -1, .gtt_used_bytes = -1
    };
    int64_t busiest = -1, busy;

    for (size_t i = 0; i < count; i++) {
        struct gpu_memory memory;

        gpu_memory_read(fs, &gpus[i], &memory);
        add_bytes(&all.vram_total_bytes, memory.vram_total_bytes);
        add_bytes(&all.vram_used_bytes, memory.vram_used_bytes);
        add_bytes(&all.gtt_total_bytes, memory.gtt_total_bytes);
        add_bytes(&all.gtt_used_bytes, memory.gtt_used_bytes);
        if (!gpus[i].is_suspended && sysfs_number(fs, gpus[i].pci.folder, "gpu_busy_percent", &busy) && busy >= 0 &&
            busy <= 100 && busy > busiest)
            busiest = busy;
    }
    if (busiest >= 0)
        put(fs, out, "gpu_busy", (double)busiest / 100);
    put_bytes(fs, out, "gtt_used", all.gtt_used_bytes);
    put_bytes(fs, out, "gtt_total", all.gtt_total_bytes);
    put_bytes(fs, out, "vram_used", all.vram_used_bytes);
    put_bytes(fs, out, "vram_total", all.vram_total_bytes);
}

static double load_of(const struct sysfs *fs)
{
    const char *text = sysfs_text(fs, "/proc", "loadavg");
    double load;

    return text != NULL && text_to_real(arena_copy_n(fs->arena, text, strcspn(text, " ")), &load) ? load : (double)NAN;
}

struct value *sample_read(const struct sysfs *fs, struct sample_energy *energy, int64_t now_us)
{
    struct value *out = value_map(fs->arena);
    struct hwmon_sensors sensors;
    struct host_memory memory;
    size_t count = 0;
    const struct gpu *gpus = gpu_list(fs, &count);

    hwmon_read(fs, &sensors);
    host_memory_read(fs, &memory);
    value_map_put_int(fs->arena, out, "at_us", now_us);
    put(fs, out, "watts", watts_of(fs, &sensors, gpu_find_integrated(gpus, count) != NULL, energy, now_us));
    put(fs, out, "celsius", celsius_of(sensors.temperatures));
    if (memory.total_bytes > 0 && memory.available_bytes >= 0)
        put_bytes(fs, out, "memory_used", memory.total_bytes - memory.available_bytes);
    put_bytes(fs, out, "memory_total", memory.total_bytes);
    gpus_put(fs, out, gpus, count);
    put(fs, out, "load", load_of(fs));
    return out;
}
