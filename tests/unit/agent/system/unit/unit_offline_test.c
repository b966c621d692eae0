/* SPDX-License-Identifier: Apache-2.0 */
/* Init scripts: which unit has one, and whether it is started at boot, in a recorded /etc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/unit/unit_offline.h"
#include "tests/unit/agent/system/recorded_tree.h"

static void knows_the_script_beside_a_service(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const struct system *system = recorded_tree_system(&tree);

    (void)state;
    recorded_tree_put(&tree, "/etc/init.d/cron", "#!/bin/sh\n");
    assert_string_equal(init_script_of(system, tree.arena, "cron.service"), "cron");
    assert_null(init_script_of(system, tree.arena, "cron.timer"));
    assert_null(init_script_of(system, tree.arena, "ssh.service"));
    assert_null(init_script_of(system, tree.arena, ".service"));
    assert_true(init_script_exists(system, tree.arena, "cron"));
    assert_false(init_script_exists(system, tree.arena, "cron.service"));
    recorded_tree_free(&tree);
}

static void looks_at_the_run_levels(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const struct system *system = recorded_tree_system(&tree);

    (void)state;
    recorded_tree_put(&tree, "/etc/rc2.d/K01cron", "");
    recorded_tree_put(&tree, "/etc/rc1.d/S01cron", "");
    assert_false(init_script_is_enabled(system, tree.arena, "cron"));
    recorded_tree_put(&tree, "/etc/rc3.d/S01cron", "");
    assert_true(init_script_is_enabled(system, tree.arena, "cron"));
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_script_beside_a_service),
        cmocka_unit_test(looks_at_the_run_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
