/* SPDX-License-Identifier: Apache-2.0 */
/* rpm: order of versions, names taken apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/package/rpm_query.h"

static void orders_versions(void **state)
{
    static const char *const rising[] = { "1.0~rc1", "1.0", "1.0^git1", "1.0.1", "1.0.a", "1.0a", "1.1", "1.10", "2" };

    (void)state;
    assert_int_equal(rpm_version_compare("1.0", "1.00"), 0);
    assert_int_equal(rpm_version_compare("1.0", "1_0"), 0);
    assert_int_equal(rpm_version_compare("1.0~rc1", "1.0"), -1);
    assert_int_equal(rpm_version_compare("1.0^git1", "1.0"), 1);
    assert_int_equal(rpm_version_compare("1.0^git1", "1.0.1"), -1);
    assert_int_equal(rpm_version_compare("1.10", "1.9"), 1);
    assert_int_equal(rpm_version_compare("1.a", "1.1"), -1);
    assert_int_equal(rpm_version_compare("abc", "abd"), -1);
    assert_int_equal(rpm_version_compare("ab", "abc"), -1);
    for (size_t i = 0; i < sizeof(rising) / sizeof(rising[0]); i++)
        assert_int_equal(rpm_version_compare(rising[i], rising[i]), 0);
}

static void takes_names_apart(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct rpm_package package;

    (void)state;
    assert_true(rpm_name_split(arena, "roost-one-2:1.0-1.el9.noarch.rpm", &package));
    assert_string_equal(package.name, "roost-one");
    assert_string_equal(package.epoch, "2");
    assert_string_equal(package.version, "1.0");
    assert_string_equal(package.release, "1.el9");
    assert_string_equal(package.arch, "noarch");
    assert_string_equal(rpm_package_text(arena, &package), "roost-one-2:1.0-1.el9.noarch");
    assert_true(rpm_name_split(arena, "3:a-1-2.x86_64", &package));
    assert_string_equal(package.name, "a");
    assert_string_equal(package.epoch, "3");
    assert_false(rpm_name_split(arena, "python3-dnf.noarch", &package));
    assert_string_equal(package.name, "python3-dnf");
    assert_false(rpm_name_split(arena, "roost-one-1.0", &package));
    assert_string_equal(package.name, "roost-one-1.0");
}

static void finds_what_is_installed(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct rpm_packages packages;

    (void)state;
    rpm_packages_parse(arena, "a|(none)|1|2|noarch\nb|0|1|2|i686\nbroken\n", &packages);
    assert_int_equal(packages.count, 2);
    assert_false(packages.items[0].has_epoch);
    assert_true(packages.items[1].has_epoch);
    assert_non_null(rpm_packages_find(&packages, &(struct rpm_package){ .name = "a", .epoch = "0" }));
    assert_null(rpm_packages_find(&packages, &(struct rpm_package){ .name = "b", .arch = "x86_64" }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_versions),
        cmocka_unit_test(takes_names_apart),
        cmocka_unit_test(finds_what_is_installed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
