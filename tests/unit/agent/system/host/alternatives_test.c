/* SPDX-License-Identifier: Apache-2.0 */
/* What update-alternatives displays, on Debian and on Fedora. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/host/alternatives.h"

static void reads_debian(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct alternatives all;

    (void)state;
    alternatives_parse(arena, "my-editor",
                       "my-editor - manual mode\n  link best version is /bin/a\n  link currently points to /bin/b\n"
                       "  link my-editor is /usr/bin/my-editor\n  slave e.1 is /m/e.1\n/bin/a - priority 40\n"
                       "  slave e.1: /x/a.1\n/bin/b - priority 5\n",
                       &all);
    assert_string_equal(all.mode, "manual");
    assert_string_equal(all.current, "/bin/b");
    assert_string_equal(all.link, "/usr/bin/my-editor");
    assert_int_equal(all.count, 2);
    assert_int_equal(alternatives_find(&all, "/bin/a")->priority, 40);
    assert_string_equal(value_map_text(value_item(all.items[0].subcommands, 0), "link"), "/m/e.1");
    assert_null(alternatives_find(&all, "/bin/c"));
}

static void reads_fedora(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct alternatives all;

    (void)state;
    alternatives_parse(arena, "java",
                       "java - status is auto.\n link currently points to /jvm/java\n"
                       "/jvm/java - family java-17 priority 170\n follower jre: /jvm\n follower x: (null)\n"
                       "Current `best' version is /jvm/java.\n",
                       &all);
    assert_string_equal(all.mode, "auto");
    assert_int_equal(all.items[0].priority, 170);
    assert_int_equal(value_count(all.items[0].subcommands), 1);
    assert_null(value_map_text(value_item(all.items[0].subcommands, 0), "link"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_debian),
        cmocka_unit_test(reads_fedora),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
