/* SPDX-License-Identifier: Apache-2.0 */
/* The table of a transaction, as dnf 4 and 5 print it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/task/dnf_parts.h"

static void reads_dnf4(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct dnf_table table;

    (void)state;
    assert_true(
        dnf_table_parse(arena,
                        "Dependencies resolved.\n====\n Package  Arch Version\n                 Repo Size\n====\n"
                        "Installing:\n a  noarch 3:1.0-1 roost 5.5 k\n a-name-that-is-long\n"
                        "                    noarch  2-1  roost 1 k\nInstalling dependencies:\n"
                        " lib x86_64 1-1 roost 1 k\n     replacing  old.noarch 1-1\nUpgrading:\n"
                        " up noarch 2-1 roost 1 k\nSkipping packages with broken dependencies:\n"
                        " bad noarch 1-1 roost 1 k\nRemoving unused dependencies:\n gone noarch 1-1 @roost 0\n\n"
                        "Transaction Summary\n====\nInstall  3 Packages\n x y 1-1\n",
                        &table));
    assert_int_equal(table.install_count, 4);
    assert_string_equal(rpm_package_text(arena, &table.installs[0]), "a-3:1.0-1.noarch");
    assert_string_equal(table.installs[1].name, "a-name-that-is-long");
    assert_string_equal(table.installs[1].version, "2");
    assert_false(table.is_replacement[2]);
    assert_true(table.is_replacement[3]);
    assert_int_equal(table.removal_count, 1);
    assert_string_equal(table.removals[0].name, "gone");
}

static void reads_dnf5(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct dnf_table table;

    (void)state;
    assert_true(
        dnf_table_parse(arena,
                        "Package   Arch   Version Repository    Size\nUpgrading:\n"
                        " one     noarch 2.0-1   roost      0.0   B\n"
                        "   replacing one noarch 1.0-1 roost 0.0   B\n\nTransaction Summary:\n Upgrading: 1 package\n",
                        &table));
    assert_int_equal(table.install_count, 1);
    assert_true(table.is_replacement[0]);
}

static void sees_that_there_is_none(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct dnf_table table;

    (void)state;
    assert_false(dnf_table_parse(arena, "Dependencies resolved.\nNothing to do.\nComplete!\n", &table));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_dnf4),
        cmocka_unit_test(reads_dnf5),
        cmocka_unit_test(sees_that_there_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
