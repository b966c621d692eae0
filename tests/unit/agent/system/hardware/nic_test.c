/* SPDX-License-Identifier: Apache-2.0 */
/* Which interfaces are told, and what is not known of them without a link. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "agent/system/hardware/nic.h"
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

static void only_interfaces_with_a_device(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = fs_of(&tree);

    (void)state;
    recorded_tree_put(&tree, "/sys/class/net/lo/mtu", "65536\n");
    recorded_tree_put(&tree, "/sys/class/net/ib0/type", "32\n");
    recorded_tree_put(&tree, "/sys/class/net/ib0/speed", "4294967295\n");
    recorded_tree_put(&tree, "/sys/class/net/ib0/duplex", "full\n");
    recorded_tree_put(&tree, "/sys/class/net/bonding_masters", "bond0\n");
    assert_int_equal(
        symlink("../../../0000:17:00.1", arena_printf(tree.arena, "%s/sys/class/net/ib0/device", tree.root)), 0);
    assert_json(&tree, nic_list(&fs),
                "[{\"name\": \"ib0\", \"slot\": \"0000:17:00.1\", \"kind\": \"other\", \"is_up\": false}]");
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_interfaces_with_a_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
