/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the chips of /sys/class/hwmon. A channel is what one number stands for: power1, temp3, fan2. */
#include "agent/system/hardware/hwmon.h"

#include <stdlib.h>
#include <string.h>

#include "agent/system/hardware/gpu_metrics.h"
#include "common/base/text.h"

#define HWMON_FOLDER "/sys/class/hwmon"
#define CHANNELS_MAX 128

struct chip {
    const struct sysfs *fs;
    const char *hwmon, *folder, *name, *device;
    const char *const *files;
    struct hwmon_sensors *sensors;
};

/* Radios answer over their firmware, and may have to be woken; drivetemp asks the disk. */
static bool is_costly(const char *name)
{
    static const char *const prefixes[] = { "mt7", "iwlwifi", "ath", "rtw", "brcm", "drivetemp" };

    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (text_starts(name, prefixes[i]))
            return true;
    return false;
}

static int compare_numbers(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

/* Numbers of the channels that have a file prefix + number + suffix, ascending. */
static size_t channels_of(const struct chip *chip, const char *prefix, const char *suffix, int64_t *out)
{
    size_t count = 0, length = strlen(prefix);

    for (const char *const *file = chip->files; *file != NULL && count < CHANNELS_MAX; file++) {
        const char *digits = *file + length;
        size_t digit_count = text_starts(*file, prefix) ? strspn(digits, "0123456789") : 0;
        if (digit_count > 0 && digit_count < 6 && strcmp(digits + digit_count, suffix) == 0)
            out[count++] = strtoll(digits, NULL, 10);
    }
    qsort(out, count, sizeof *out, compare_numbers);
    return count;
}

static const char *channel_file(const struct chip *chip, const char *prefix, int64_t number, const char *suffix)
{
    return arena_printf(chip->fs->arena, "%s%lld%s", prefix, (long long)number, suffix);
}

static bool channel_number(const struct chip *chip, const char *prefix, int64_t number, const char *suffix,
                           int64_t *out)
{
    return sysfs_number(chip->fs, chip->folder, channel_file(chip, prefix, number, suffix), out);
}

static struct value *channel_value(const struct chip *chip, const char *prefix, int64_t number)
{
    struct value *map = value_map(chip->fs->arena);

    sysfs_put(chip->fs, map, "chip", chip->name);
    sysfs_put(chip->fs, map, "device", chip->device);
    sysfs_put(chip->fs, map, "hwmon", chip->hwmon);
    sysfs_put_text(chip->fs, map, "label", chip->folder, channel_file(chip, prefix, number, "_label"));
    return map;
}

/* --- power --- */

static int64_t socket_milliwatts(const struct chip *chip)
{
    struct gpu_metrics metrics;
    const char *device = arena_printf(chip->fs->arena, "%s/device", chip->folder);

    return gpu_metrics_read(chip->fs, device, &metrics) ? metrics.socket_mw : -1;
}

static void put_watts(const struct chip *chip, struct value *map, int64_t microwatts)
{
    static const char *const errors[] = { NULL, "too_small", "too_large" };
    bool is_amdgpu = strcmp(chip->name, "amdgpu") == 0;
    struct power_reading reading = { .reported_microwatts = microwatts,
                                     .socket_milliwatts = is_amdgpu ? socket_milliwatts(chip) : -1 };
    struct power_verdict verdict = { .watts = (double)microwatts / 1e6 };

    if (is_amdgpu)
        verdict = power_check(&reading);
    sysfs_put_real(chip->fs, map, "watts", verdict.watts);
    sysfs_put_real(chip->fs, map, "reported_watts", (double)microwatts / 1e6);
    sysfs_put(chip->fs, map, "unit_error", errors[verdict.unit]);
    sysfs_put(chip->fs, map, "unit_evidence", verdict.evidence);
}

static void power_add(const struct chip *chip, int64_t number, const char *kind)
{
    int64_t microwatts, cap;
    const char *suffix = arena_printf(chip->fs->arena, "_%s", kind);

    if (!channel_number(chip, "power", number, suffix, &microwatts) || microwatts < 0)
        return;
    struct value *map = channel_value(chip, "power", number);
    sysfs_put(chip->fs, map, "kind", kind);
    put_watts(chip, map, microwatts);
    if (channel_number(chip, "power", number, "_cap", &cap) && cap > 0)
        sysfs_put_real(chip->fs, map, "cap_watts", (double)cap / 1e6);
    value_list_add(chip->fs->arena, chip->sensors->power, map);
}

static void power_read(const struct chip *chip)
{
    static const char *const kinds[] = { "average", "input" };
    int64_t numbers[CHANNELS_MAX];

    for (size_t kind = 0; kind < 2; kind++) {
        size_t count = channels_of(chip, "power", kind == 0 ? "_average" : "_input", numbers);
        for (size_t i = 0; i < count; i++)
            power_add(chip, numbers[i], kinds[kind]);
    }
}

/* --- temperatures and fans --- */

static bool is_temperature(int64_t millidegrees)
{
    return millidegrees > -100000 && millidegrees < 1000000;
}

static void temperatures_read(const struct chip *chip)
{
    int64_t numbers[CHANNELS_MAX], now, critical;
    size_t count = channels_of(chip, "temp", "_input", numbers);

    for (size_t i = 0; i < count; i++) {
        if (!channel_number(chip, "temp", numbers[i], "_input", &now) || !is_temperature(now))
            continue;
        struct value *map = channel_value(chip, "temp", numbers[i]);
        sysfs_put_real(chip->fs, map, "celsius", (double)now / 1000);
        if (channel_number(chip, "temp", numbers[i], "_crit", &critical) && is_temperature(critical))
            sysfs_put_real(chip->fs, map, "critical_celsius", (double)critical / 1000);
        value_list_add(chip->fs->arena, chip->sensors->temperatures, map);
    }
}

static void fans_read(const struct chip *chip)
{
    int64_t numbers[CHANNELS_MAX], rpm;
    size_t count = channels_of(chip, "fan", "_input", numbers);

    for (size_t i = 0; i < count; i++) {
        if (!channel_number(chip, "fan", numbers[i], "_input", &rpm) || rpm < 0 || rpm > 200000)
            continue;
        struct value *map = channel_value(chip, "fan", numbers[i]);
        value_map_put_int(chip->fs->arena, map, "rpm", rpm);
        value_list_add(chip->fs->arena, chip->sensors->fans, map);
    }
}

void hwmon_read(const struct sysfs *fs, struct hwmon_sensors *out)
{
    *out = (struct hwmon_sensors){ value_list(fs->arena), value_list(fs->arena), value_list(fs->arena) };
    for (const char *const *name = sysfs_numbered(fs, HWMON_FOLDER, "hwmon"); *name != NULL; name++) {
        struct chip chip = { .fs = fs, .hwmon = *name, .sensors = out };
        chip.folder = arena_printf(fs->arena, HWMON_FOLDER "/%s", *name);
        chip.name = sysfs_text(fs, chip.folder, "name");
        chip.device = sysfs_link(fs, chip.folder, "device");
        if (chip.name == NULL || is_costly(chip.name) ||
            text_equal(sysfs_text(fs, chip.folder, "device/power/runtime_status"), "suspended"))
            continue;
        chip.files = sysfs_names(fs, chip.folder);
        power_read(&chip);
        temperatures_read(&chip);
        fans_read(&chip);
    }
}
