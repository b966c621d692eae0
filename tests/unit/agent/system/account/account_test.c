/* SPDX-License-Identifier: Apache-2.0 */
/* passwd, group and shadow as they are found, broken lines included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/account/account.h"
#include "common/base/text.h"
#include "tests/unit/agent/system/recorded_tree.h"

static void fill(struct recorded_tree *tree)
{
    recorded_tree_put(tree, "/etc/passwd",
                      "root:x:0:0:root:/root:/bin/bash\n"
                      "# a comment\n"
                      "+::::::\n"
                      "broken:x:one:2:::\n"
                      "casey:x:1000:1001:Casey, of a case:/home/casey:\n"
                      "short:x:1\n");
    recorded_tree_put(tree, "/etc/group",
                      "root:x:0:\ncasey:x:1001:\nwheel:x:10:casey,root\n12:x:13:casey\nodd:x:12:\n");
    recorded_tree_put(tree, "/etc/shadow",
                      "root:*:19000:0:99999:7:::\ncasey:$5$a$b:19001:2:90:7:14:21915:\nlocked:!::::::0:\n");
}

static void reads_the_tables(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct account_database database;
    struct error err = ERROR_INIT;

    (void)state;
    fill(&tree);
    assert_true(account_database_read(recorded_tree_system(&tree), tree.arena, &database, &err));
    assert_int_equal(database.user_count, 2);
    const struct account_user *casey = account_user_find(&database, "casey");
    assert_int_equal(casey->uid, 1000);
    assert_int_equal(casey->gid, 1001);
    assert_string_equal(casey->comment, "Casey, of a case");
    assert_string_equal(casey->home, "/home/casey");
    assert_string_equal(casey->shell, "");
    assert_null(account_user_find(&database, "broken"));
    assert_null(account_user_find(&database, "short"));
    const struct account_shadow *shadow = account_shadow_find(&database, "casey");
    assert_string_equal(shadow->password, "$5$a$b");
    assert_int_equal(shadow->min, 2);
    assert_int_equal(shadow->max, 90);
    assert_int_equal(shadow->expires, 21915);
    assert_int_equal(account_shadow_find(&database, "root")->expires, ACCOUNT_UNSET);
    assert_int_equal(account_shadow_find(&database, "locked")->expires, 0);
    assert_int_equal(account_shadow_find(&database, "locked")->max, ACCOUNT_UNSET);
    recorded_tree_free(&tree);
}

static void finds_groups_by_number_first(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct account_database database;
    struct error err = ERROR_INIT;

    (void)state;
    fill(&tree);
    assert_true(account_database_read(recorded_tree_system(&tree), tree.arena, &database, &err));
    assert_string_equal(account_group_find(&database, "12")->name, "odd");
    assert_string_equal(account_group_by_name(&database, "12")->name, "12");
    assert_string_equal(account_group_find(&database, "1001")->name, "casey");
    assert_null(account_group_find(&database, "9999"));
    const struct account_group *wheel = account_group_find(&database, "wheel");
    assert_true(account_group_has(wheel, "casey") && account_group_has(wheel, "root"));
    assert_false(account_group_has(wheel, "cas"));
    assert_false(account_group_has(account_group_find(&database, "root"), "root"));
    recorded_tree_free(&tree);
}

static void takes_missing_files_as_empty(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct account_database database;
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(account_database_read(recorded_tree_system(&tree), tree.arena, &database, &err));
    assert_int_equal(database.user_count + database.group_count + database.shadow_count, 0);
    recorded_tree_free(&tree);
}

/* More lines than the arrays start with. */
static void reads_many_lines(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct account_database database;
    struct error err = ERROR_INIT;
    struct text text = text_new(tree.arena);

    (void)state;
    for (int i = 0; i < 1000; i++)
        text_printf(&text, "u%d:x:%d:%d::/:/bin/sh\n", i, i, i);
    recorded_tree_put(&tree, "/etc/passwd", text.data);
    assert_true(account_database_read(recorded_tree_system(&tree), tree.arena, &database, &err));
    assert_int_equal(database.user_count, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(database.users[i].uid, i);
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_tables),
        cmocka_unit_test(finds_groups_by_number_first),
        cmocka_unit_test(takes_missing_files_as_empty),
        cmocka_unit_test(reads_many_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
