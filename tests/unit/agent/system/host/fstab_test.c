/* SPDX-License-Identifier: Apache-2.0 */
/* Setting and removing lines of fstab. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/host/fstab.h"
#include "common/base/text.h"

static const struct fstab_entry entry = { "/dev/y", "/my data", "xfs", "rw", "0", "0" };

static void sets_a_line(void **state)
{
    ARENA_SCOPED arena = arena_new();
    bool changed = false;

    (void)state;
    assert_string_equal(fstab_set(arena, "", &entry, &changed), "/dev/y /my\\040data xfs rw 0 0\n");
    assert_true(changed);
    assert_string_equal(fstab_set(arena, "#  x\n/dev/y  /my\\040data xfs ro 0 0\nodd", &entry, &changed),
                        "#  x\n/dev/y /my\\040data xfs rw 0 0\nodd\n");
    assert_true(changed);
    fstab_set(arena, "/dev/y\t/my\\040data xfs rw 0 0\n", &entry, &changed);
    assert_false(changed);
}

static void removes_a_line(void **state)
{
    ARENA_SCOPED arena = arena_new();
    bool changed = false;

    (void)state;
    assert_string_equal(fstab_unset(arena, "a /x y z\nb /data y z 0 0\nc", "/data", NULL, &changed), "a /x y z\nc");
    assert_true(changed);
    assert_string_equal(fstab_unset(arena, "a none swap sw\nb none swap sw\n", "none", "b", &changed),
                        "a none swap sw\n");
    fstab_unset(arena, "#a /data y z\n", "/data", NULL, &changed);
    assert_false(changed);
}

static void escapes(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(fstab_escape(arena, "a b\\c&d\tx"), "a\\040b\\134c\\046d\\011x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_a_line),
        cmocka_unit_test(removes_a_line),
        cmocka_unit_test(escapes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
