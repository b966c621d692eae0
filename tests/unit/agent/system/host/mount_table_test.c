/* SPDX-License-Identifier: Apache-2.0 */
/* Mountinfo: sources of bind mounts, names with blanks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/host/mount_table.h"

static void finds_what_was_mounted(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct mount_table table;

    (void)state;
    mount_table_parse(arena,
                      "40 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"
                      "41 40 8:1 /srv/from /b\\040c rw shared:1 - ext4 /dev/sda1 rw\n"
                      "42 40 0:30 / /tmp rw - tmpfs tmpfs rw\n"
                      "43 42 0:30 /aaa /tmp/bbb rw - tmpfs tmpfs rw\n"
                      "broken\n",
                      &table);
    assert_int_equal(table.count, 4);
    assert_string_equal(mount_table_find(&table, "/b c")->origin, "/srv/from");
    assert_string_equal(mount_table_find(&table, "/b c")->source, "/dev/sda1");
    assert_string_equal(mount_table_find(&table, "/tmp/bbb")->origin, "/tmp/aaa");
    assert_string_equal(mount_table_find(&table, "/")->origin, "/dev/sda1");
    assert_null(mount_table_find(&table, "/tmp/b"));
    assert_true(mount_is_boundary(arena, "/"));
    assert_false(mount_is_boundary(arena, "/nowhere"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_mounted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
