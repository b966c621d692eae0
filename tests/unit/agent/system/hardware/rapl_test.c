/* SPDX-License-Identifier: Apache-2.0 */
/* RAPL zones, readable and not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/hardware/rapl.h"
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

static void counters_that_may_not_be_read(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = fs_of(&tree);

    (void)state;
    recorded_tree_put(&tree, "/sys/class/powercap/intel-rapl/enabled", "1\n");
    recorded_tree_put(&tree, "/sys/class/powercap/intel-rapl:0/name", "package-0\n");
    recorded_tree_put(&tree, "/sys/class/powercap/intel-rapl:0/energy_uj/x",
                      ""); /* fails as for a user who is not root */
    recorded_tree_put(&tree, "/sys/class/powercap/intel-rapl:0:1/energy_uj", "1500000\n");
    recorded_tree_put(&tree, "/sys/class/powercap/intel-rapl:0:1/constraint_0_power_limit_uw", "85000000\n");
    recorded_tree_put(&tree, "/sys/class/powercap/intel-rapl-mmio:0/max_energy_range_uj", "-4\n");
    recorded_tree_put(&tree, "/sys/class/powercap/dtpm/energy_uj", "1\n");
    assert_json(&tree, rapl_zones(&fs),
                "[{\"zone\": \"intel-rapl-mmio:0\", \"is_readable\": false}, "
                "{\"zone\": \"intel-rapl:0\", \"name\": \"package-0\", \"is_readable\": false}, "
                "{\"zone\": \"intel-rapl:0:1\", \"parent\": \"intel-rapl:0\", \"is_readable\": true, "
                "\"energy_joules\": 1.5, \"limit_watts\": 85.0}]");
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_that_may_not_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
