/* SPDX-License-Identifier: Apache-2.0 */
/* Joules by counters and by trapezoids, over wraps, gaps and set clocks; the thousandfold error; recorded machines. */
#include "agent/daemon/energy.h"

#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define SECOND INT64_C(1000000)
#define WALL (INT64_C(1795200000) * SECOND)

static struct energy_reading reading(double second, double watts)
{
    return (struct energy_reading){
        .at_us = (int64_t)(second * 1e6) + SECOND, .watts = watts, .compared = (double)NAN, .busy = 0.5
    };
}

static double real_of(const struct value *map, const char *key)
{
    const struct value *value = value_map_get(map, key);

    return value_is(value, VALUE_REAL) ? value->as.real : (double)NAN;
}

/* The recorded trace in stretches of ten seconds: gapless, and their sum is the integral. */
static void test_trace(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct energy_sensors sensors = { .source = "hwmon" };
    struct energy_meter meter = { .count = 0 };
    struct error err = ERROR_INIT;
    char *text = NULL;
    const char *cursor, *line = NULL;
    size_t length = 0, line_length = 0;
    double before = 0, integral = 0, sum = 0;
    int64_t next_us = WALL + SECOND;
    int stretches = 0;

    (void)state;
    assert_true(file_read(arena, TEST_DATA "/energy/strix-halo-trace.tsv", SIZE_MAX, &text, &length, &err));
    for (cursor = text; text_line(&cursor, text + length, &line, &line_length);) {
        double second = 0, watts = 0;

        if (sscanf(line, "%lf %lf", &second, &watts) != 2)
            continue;
        const struct energy_reading now = reading(second, watts);

        integral += second > 0 ? (before + watts) / 2 : 0;
        before = watts;
        if (energy_meter_take(&meter, &sensors, &now) && meter.to_us - meter.from_us < 10 * SECOND)
            continue;
        if (meter.count > 0) {
            assert_int_equal(meter.from_us, next_us);
            next_us = meter.to_us;
            sum += meter.joules;
            stretches++;
        }
        energy_meter_begin(&meter, &now, WALL + now.at_us);
    }
    assert_int_equal(stretches, 180);
    assert_true(fabs(sum - integral) < integral * 1e-9 && integral > 1000);
}

static void test_counters(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct energy_sensors sensors = { .zones = { { "a", 1000 }, { "b", 0 } }, .zone_count = 2, .source = "rapl" };
    struct energy_meter meter = { .count = 0 };
    struct energy_reading now = reading(0, 0);
    const struct value *body;

    (void)state;
    now.joules[0] = 990;
    now.joules[1] = 5;
    assert_false(energy_meter_take(&meter, &sensors, &now));
    assert_null(energy_meter_value(arena, &meter, &sensors));
    energy_meter_begin(&meter, &now, WALL);
    now = reading(1, 0);
    now.joules[0] = 40; /* it went over its range: 50 J */
    now.joules[1] = 15;
    assert_true(energy_meter_take(&meter, &sensors, &now));
    now.at_us += SECOND;
    now.joules[0] = 50;
    assert_true(energy_meter_take(&meter, &sensors, &now));
    body = energy_meter_value(arena, &meter, &sensors);
    assert_true(fabs(real_of(body, "joules") - 70) < 1e-9);
    assert_true(fabs(real_of(body, "watts_min") - 10) < 1e-9 && fabs(real_of(body, "watts_max") - 60) < 1e-9);
    assert_true(fabs(real_of(body, "busy") - 0.5) < 1e-9);
    assert_string_equal(value_map_text(body, "source"), "rapl");
    assert_null(value_map_get(body, "flaw"));
    /* one whose range is not known has begun anew: what was between cannot be told */
    now.at_us += SECOND;
    now.joules[1] = 1;
    assert_false(energy_meter_take(&meter, &sensors, &now));
    assert_true(fabs(meter.joules - 70) < 1e-9);
    /* minutes are no trouble for counters, many are */
    energy_meter_begin(&meter, &now, WALL + 3 * SECOND);
    now.at_us += 60 * SECOND;
    now.joules[1] = 601;
    assert_true(energy_meter_take(&meter, &sensors, &now) && fabs(meter.joules - 600) < 1e-9);
    now.at_us += 600 * SECOND;
    assert_false(energy_meter_take(&meter, &sensors, &now));
}

/* A gap is not made up; a clock that was set moves the next stretch, a clock that creeps does not. */
static void test_gap(void **state)
{
    const struct energy_sensors sensors = { .source = "hwmon" };
    struct energy_meter meter = { .count = 0 };
    struct energy_reading now = reading(0, 10);

    (void)state;
    energy_meter_begin(&meter, &now, WALL);
    now = reading(1, 20);
    assert_true(energy_meter_take(&meter, &sensors, &now));
    energy_meter_begin(&meter, &now, WALL + SECOND + 1500);
    assert_int_equal(meter.from_us, WALL + SECOND);
    now = reading(40, 20);
    assert_false(energy_meter_take(&meter, &sensors, &now));
    energy_meter_begin(&meter, &now, WALL + 40 * SECOND);
    assert_int_equal(meter.from_us, WALL + 40 * SECOND);
    now = reading(41, 20);
    assert_true(energy_meter_take(&meter, &sensors, &now));
    energy_meter_begin(&meter, &now, WALL - 3600 * SECOND);
    assert_int_equal(meter.from_us, WALL - 3600 * SECOND);
    now = reading(42, (double)NAN);
    assert_false(energy_meter_take(&meter, &sensors, &now));
}

static void file_put(struct arena *arena, const char *root, const char *name, const char *text)
{
    const char *path = arena_printf(arena, "%s/%s", root, name);
    struct error err = ERROR_INIT;
    FILE *file;

    if (!path_is_folder(path_dirname(arena, path)))
        assert_true(folder_create(arena, path_dirname(arena, path), 0755, &err));
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

/* A kernel that prints a thousandth: what it tells is set right without counters, and only named beside them. */
static void test_thousandfold(void **state)
{
    ARENA_SCOPED arena = arena_new();
    char root[] = "/tmp/roost-energy-XXXXXX";
    struct system system = { .root = root };
    const struct sysfs fs = { .system = &system, .arena = arena };
    struct energy_sensors sensors;
    struct energy_meter meter = { .count = 0 };
    struct energy_reading now;

    (void)state;
    assert_non_null(mkdtemp(root));
    file_put(arena, root, "sys/class/hwmon/hwmon3/name", "amdgpu\n");
    file_put(arena, root, "sys/class/hwmon/hwmon3/power1_average", "61000\n");
    energy_sensors_find(&fs, &sensors);
    assert_string_equal(sensors.source, "hwmon");
    energy_sensors_read(&fs, &sensors, SECOND, &now);
    assert_true(fabs(now.watts - 61) < 1e-9 && now.is_flawed);
    /* beside counters the GPU is in them (here it is no card of its own that is known: it is counted) */
    sensors.chips[0].is_counted = false;
    sensors.zone_count = 1;
    sensors.zones[0] = (struct energy_zone){ "/sys/class/powercap/intel-rapl:0", 65532.6 };
    sensors.source = "rapl";
    file_put(arena, root, "sys/class/powercap/intel-rapl:0/energy_uj", "1000000\n");
    energy_sensors_read(&fs, &sensors, SECOND, &now);
    assert_true(now.watts == 0 && !now.is_flawed && fabs(now.compared - 0.061) < 1e-9);
    energy_meter_begin(&meter, &now, WALL);
    file_put(arena, root, "sys/class/powercap/intel-rapl:0/energy_uj", "62000000\n");
    energy_sensors_read(&fs, &sensors, 2 * SECOND, &now);
    assert_true(energy_meter_take(&meter, &sensors, &now));
    assert_true(fabs(meter.joules - 61) < 1e-9 && meter.is_flawed);
    assert_string_equal(value_map_text(energy_meter_value(arena, &meter, &sensors), "flaw"),
                        "the GPU's power sensor is wrong by a factor of thousand");
    assert_int_equal(nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void test_machines(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct system system = { .root = TEST_DATA "/boxes/strix-halo-debian13" };
    const struct sysfs fs = { .system = &system, .arena = arena };
    struct energy_sensors sensors;
    struct energy_reading now;

    (void)state;
    energy_sensors_find(&fs, &sensors);
    assert_non_null(sensors.source);
    energy_sensors_read(&fs, &sensors, 5, &now);
    assert_true(sensors.zone_count > 0 ? now.joules[0] > 0 : now.watts > 1 && now.watts < 300);
    if (sensors.zone_count > 0) /* the socket's figure is in the counter */
        assert_string_equal(sensors.source, "rapl");
    system.root = "/nowhere";
    energy_sensors_find(&fs, &sensors);
    assert_null(sensors.source);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_trace), cmocka_unit_test(test_counters),
                                        cmocka_unit_test(test_gap), cmocka_unit_test(test_thousandfold),
                                        cmocka_unit_test(test_machines) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
