/* SPDX-License-Identifier: Apache-2.0 */
/* Debian version order against pairs whose order dpkg --compare-versions has confirmed; package specs and globs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/package/package_version.h"

static void orders_as_dpkg_does(void **state)
{
    static const char *const ascending[] = {
        "0~~",           "0~~a",      "0~",        "0",      "0+1",     "0.1",        "0.9",        "0.10",
        "1.0~beta1",     "1.0~beta2", "1.0~rc1-1", "1.0",    "1.0-0.1", "1.0-1~bpo1", "1.0-1",      "1.0-1+b1",
        "1.0-1+deb12u1", "1.0-1.1",   "1.0-2",     "1.0-10", "1.0a",    "1.0b",       "1.0+dfsg-1", "1.0+git1",
        "1.0.1",         "1.2",       "1.10",      "2",      "10",      "1:0.1",      "1:1.0",      "2:0",
    };
    size_t count = sizeof(ascending) / sizeof(ascending[0]);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count; k++) {
            int order = package_version_compare(ascending[i], ascending[k]);

            if ((i < k && order >= 0) || (i > k && order <= 0) || (i == k && order != 0))
                fail_msg("'%s' against '%s' gives %d", ascending[i], ascending[k], order);
        }
    }
}

static void takes_leading_zeros_and_missing_parts_as_equal(void **state)
{
    (void)state;
    assert_int_equal(package_version_compare("1.01", "1.1"), 0);
    assert_int_equal(package_version_compare("1.0", "0:1.0"), 0);
    assert_int_equal(package_version_compare("1.0-0", "1.0"), 0);
    assert_int_equal(package_version_compare("1.0", "1.0-"), 0);
    assert_true(package_version_compare("1.18446744073709551616", "1.18446744073709551615") > 0);
}

static void splits_specs(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct package_spec plain = package_spec_split(arena, "libc6:i386");
    struct package_spec exact = package_spec_split(arena, "nginx=1.2*");
    struct package_spec least = package_spec_split(arena, "nginx>=1.2");

    (void)state;
    assert_string_equal(plain.name, "libc6:i386");
    assert_null(plain.operator_);
    assert_string_equal(exact.name, "nginx");
    assert_string_equal(exact.operator_, "=");
    assert_string_equal(exact.version, "1.2*");
    assert_string_equal(least.name, "nginx");
    assert_string_equal(least.operator_, ">=");
    assert_string_equal(least.version, "1.2");
    assert_string_equal(least.text, "nginx>=1.2");
}

static void matches_globs(void **state)
{
    (void)state;
    assert_true(package_is_glob("nginx*") && package_is_glob("a?") && package_is_glob("[ab]"));
    assert_false(package_is_glob("libstdc++6"));
    assert_true(package_glob_match("1.2*", "1.2.3-4+b1"));
    assert_true(package_glob_match("lib[!x]*", "libc6"));
    assert_false(package_glob_match("lib[!x]*", "libx11"));
    assert_false(package_glob_match("1.2", "1.2.3"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_as_dpkg_does),
        cmocka_unit_test(takes_leading_zeros_and_missing_parts_as_equal),
        cmocka_unit_test(splits_specs),
        cmocka_unit_test(matches_globs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
