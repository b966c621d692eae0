/* SPDX-License-Identifier: Apache-2.0 */
/* Sensors of a tree: which chips are read, and the labels, limits and kinds of their channels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "agent/system/hardware/hwmon.h"
#include "common/json/json.h"
#include "tests/unit/agent/system/recorded_tree.h"

static void put(struct recorded_tree *tree, const char *chip, const char *file, const char *content)
{
    recorded_tree_put(tree, arena_printf(tree->arena, "/sys/class/hwmon/%s/%s", chip, file), content);
}

static struct hwmon_sensors sensors_of(struct recorded_tree *tree)
{
    struct sysfs fs = { .system = recorded_tree_system(tree), .arena = tree->arena };
    struct hwmon_sensors sensors;

    hwmon_read(&fs, &sensors);
    return sensors;
}

static void assert_json(struct arena *arena, const struct value *value, const char *expected)
{
    assert_string_equal(json_text(arena, value, JSON_PYTHON), expected);
}

static void a_discrete_card_has_both_kinds_of_power(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    put(&tree, "hwmon3", "name", "amdgpu\n");
    put(&tree, "hwmon3", "power1_average", "38000000\n");
    put(&tree, "hwmon3", "power1_input", "41000000\n");
    put(&tree, "hwmon3", "power1_label", "PPT\n");
    put(&tree, "hwmon3", "power1_cap", "220000000\n");
    assert_json(tree.arena, sensors_of(&tree).power,
                "[{\"chip\": \"amdgpu\", \"hwmon\": \"hwmon3\", \"label\": \"PPT\", \"kind\": \"average\", "
                "\"watts\": 38.0, \"reported_watts\": 38.0, \"cap_watts\": 220.0}, "
                "{\"chip\": \"amdgpu\", \"hwmon\": \"hwmon3\", \"label\": \"PPT\", \"kind\": \"input\", "
                "\"watts\": 41.0, \"reported_watts\": 41.0, \"cap_watts\": 220.0}]");
    recorded_tree_free(&tree);
}

static void only_amdgpus_power_is_corrected(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    put(&tree, "hwmon0", "name", "ina226\n");
    put(&tree, "hwmon0", "power1_input", "12000\n");
    assert_json(tree.arena, sensors_of(&tree).power,
                "[{\"chip\": \"ina226\", \"hwmon\": \"hwmon0\", \"kind\": \"input\", \"watts\": 0.012, "
                "\"reported_watts\": 0.012}]");
    recorded_tree_free(&tree);
}

static void radios_disks_and_sleepers_are_left_alone(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    put(&tree, "hwmon0", "name", "mt7925_phy0\n");
    put(&tree, "hwmon0", "temp1_input", "40000\n");
    put(&tree, "hwmon1", "name", "drivetemp\n");
    put(&tree, "hwmon1", "temp1_input", "40000\n");
    put(&tree, "hwmon2", "name", "amdgpu\n");
    put(&tree, "hwmon2", "temp1_input", "40000\n");
    put(&tree, "hwmon2", "device/power/runtime_status", "suspended\n");
    put(&tree, "hwmon3", "temp1_input", "40000\n"); /* no name */
    assert_int_equal(value_count(sensors_of(&tree).temperatures), 0);
    recorded_tree_free(&tree);
}

static void channels_come_in_their_order(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    put(&tree, "hwmon0", "name", "nct6799\n");
    put(&tree, "hwmon0", "fan10_input", "900\n");
    put(&tree, "hwmon0", "fan2_input", "0\n");
    put(&tree, "hwmon0", "fan2_label", "pump\n");
    put(&tree, "hwmon0", "fan3_input", "garbage\n");
    put(&tree, "hwmon0", "fan_input", "1\n");
    put(&tree, "hwmon0", "temp1_input", "-273000\n");
    put(&tree, "hwmon0", "temp2_input", "-5500\n");
    put(&tree, "hwmon0", "temp2_crit", "2147483647\n");
    struct hwmon_sensors sensors = sensors_of(&tree);
    assert_json(tree.arena, sensors.fans,
                "[{\"chip\": \"nct6799\", \"hwmon\": \"hwmon0\", \"label\": \"pump\", \"rpm\": 0}, "
                "{\"chip\": \"nct6799\", \"hwmon\": \"hwmon0\", \"rpm\": 900}]");
    assert_json(tree.arena, sensors.temperatures,
                "[{\"chip\": \"nct6799\", \"hwmon\": \"hwmon0\", \"celsius\": -5.5}]");
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_discrete_card_has_both_kinds_of_power),
        cmocka_unit_test(only_amdgpus_power_is_corrected),
        cmocka_unit_test(radios_disks_and_sleepers_are_left_alone),
        cmocka_unit_test(channels_come_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
