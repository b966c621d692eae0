/* SPDX-License-Identifier: Apache-2.0 */
/* Routers, machines and services on the Thunderbolt bus, and the speed of their links. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/hardware/thunderbolt.h"
#include "common/json/json.h"
#include "tests/unit/agent/system/recorded_tree.h"

static struct sysfs fs_of(struct recorded_tree *tree)
{
    return (struct sysfs){ .system = recorded_tree_system(tree), .arena = tree->arena };
}

static void assert_json(struct recorded_tree *tree, const struct value *value, const char *expected)
{
    assert_string_equal(json_text(tree->arena, value, JSON_PYTHON), expected);
}

static void thunderbolt_tells_routers_from_machines(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = fs_of(&tree);

    (void)state;
    recorded_tree_put(&tree, "/sys/bus/thunderbolt/devices/0-3/authorized", "0\n");
    recorded_tree_put(&tree, "/sys/bus/thunderbolt/devices/0-3/rx_speed", "20.0 Gb/s\n");
    recorded_tree_put(&tree, "/sys/bus/thunderbolt/devices/0-3/rx_lanes", "1\n");
    recorded_tree_put(&tree, "/sys/bus/thunderbolt/devices/0-3/tx_speed", "40.0 Gb/s\n");
    recorded_tree_put(&tree, "/sys/bus/thunderbolt/devices/0-3/tx_lanes", "3\n");
    recorded_tree_put(&tree, "/sys/bus/thunderbolt/devices/0-301/rx_speed", "fast\n");
    recorded_tree_put(&tree, "/sys/bus/thunderbolt/devices/0-301.0/key", "network\n");
    recorded_tree_put(&tree, "/sys/bus/thunderbolt/devices/usb4_port1/link", "usb4\n");
    assert_json(&tree, thunderbolt_value(&fs),
                "{\"domains\": [], \"devices\": [{\"id\": \"0-3\", \"kind\": \"device\", \"is_authorized\": false, "
                "\"rx_speed_gbps\": 20.0, \"rx_lanes\": 1, \"tx_speed_gbps\": 40.0, \"tx_lanes\": 3, "
                "\"link_gbps\": 20.0}, {\"id\": \"0-301\", \"kind\": \"xdomain\"}]}");
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thunderbolt_tells_routers_from_machines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
