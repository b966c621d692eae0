/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of installed packages, and the dates in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/package/package_versions.h"
#include "tests/unit/agent/system/recorded_tree.h"

static struct sysfs fs_of(struct recorded_tree *tree)
{
    return (struct sysfs){ .system = recorded_tree_system(tree), .arena = tree->arena };
}

static void installed_ones_only(void **state)
{
    static const char *const names[] = { "linux-firmware", "tuned", "absent", NULL };
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = fs_of(&tree);
    struct value *versions = value_map(tree.arena);

    (void)state;
    assert_null(package_versions(&fs, names, versions));
    recorded_tree_put(&tree, "/var/lib/dpkg/status",
                      "Package: linux-firmware\nStatus: hold ok installed\nArchitecture: all\nVersion: 20250410-2\n\n"
                      "Package: tuned\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 2.25\n\n");
    assert_string_equal(package_versions(&fs, names, versions), "dpkg");
    assert_int_equal(value_count(versions), 1);
    assert_string_equal(value_map_text(versions, "linux-firmware"), "20250410-2");
    recorded_tree_free(&tree);
}

static void dates_in_versions(void **state)
{
    (void)state;
    assert_int_equal(package_version_date("20260110-1.fc43"), 20260110);
    assert_int_equal(package_version_date("20240318.git3b128b60-0ubuntu2.15"), 20240318);
    assert_int_equal(package_version_date("1:20250410-2"), 20250410);
    assert_int_equal(package_version_date("6.16.6.30200100-2255209"), 0);
    assert_int_equal(package_version_date("202601100"), 0);
    assert_int_equal(package_version_date(""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(installed_ones_only),
        cmocka_unit_test(dates_in_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
