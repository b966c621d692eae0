/* SPDX-License-Identifier: Apache-2.0 */
/* PCI slots, links that are not there, and names out of pci.ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/hardware/pci.h"
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

static void slots_are_told_from_other_names(void **state)
{
    static const char *const slots[] = { "0000:c1:00.0", "000f:01:00.7", "10000:e1:1f.0" };
    static const char *const others[] = { "c1:00.0", "0000:c1:00", "0000:c1:00.8", "0000:C1:00.0", "nvme0", "" };

    (void)state;
    for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++)
        assert_true(pci_is_slot(slots[i]));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_false(pci_is_slot(others[i]));
    assert_false(pci_is_slot(NULL));
}

static void names_come_from_the_vendors_part_only(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = fs_of(&tree);

    (void)state;
    recorded_tree_put(&tree, "/usr/share/misc/pci.ids",
                      "# list\n1001  One\n\t1586  wrong\n1002  Two\n\t0001  First\n\t\t1586 0000  sub\n\t1586  Right \n"
                      "1003  Three\n\t0002  wrong\n");
    assert_string_equal(pci_name(&fs, 0x1002, 0x1586), "Right");
    assert_null(pci_name(&fs, 0x1002, 2));
    assert_null(pci_name(&fs, 0x1003, 3));
    assert_null(pci_name(&fs, 0x9999, 1));
    recorded_tree_free(&tree);
}

static void links_that_are_not_there(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = fs_of(&tree);
    struct value *map = value_map(tree.arena);

    (void)state;
    recorded_tree_put(&tree, "/d/current_link_speed", "Unknown\n");
    recorded_tree_put(&tree, "/d/current_link_width", "0\n");
    recorded_tree_put(&tree, "/d/max_link_speed", "32.0 GT/s PCIe\n");
    recorded_tree_put(&tree, "/d/max_link_width", "255\n");
    pci_put_link(&fs, map, "/d");
    assert_json(&tree, map, "{\"link_speed_max_gts\": 32.0}");
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_are_told_from_other_names),
        cmocka_unit_test(names_come_from_the_vendors_part_only),
        cmocka_unit_test(links_that_are_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
