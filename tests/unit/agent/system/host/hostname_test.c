/* SPDX-License-Identifier: Apache-2.0 */
/* Host name and time zone through files, in a recorded tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "agent/system/host/hostname.h"
#include "agent/system/host/timezone.h"
#include "tests/unit/agent/system/recorded_tree.h"

static void keeps_the_host_name_in_its_file(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const char *kept = NULL;
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(hostname_kept(recorded_tree_system(&tree), tree.arena, HOSTNAME_FILE_PLAIN, &kept, &err));
    assert_string_equal(kept, "");
    recorded_tree_put(&tree, "/etc/hostname", "# name\n\n  node1.example \n");
    assert_true(hostname_kept(&tree.system, tree.arena, HOSTNAME_FILE_PLAIN, &kept, &err));
    assert_string_equal(kept, "node1.example");
    assert_true(hostname_keep(&tree.system, tree.arena, HOSTNAME_FILE_PLAIN, "node2", &err));
    assert_string_equal(recorded_tree_get(&tree, "/etc/hostname"), "node2\n");
    recorded_tree_free(&tree);
}

static void edits_files_with_more_in_them(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const char *kept = NULL;
    struct error err = ERROR_INIT;

    (void)state;
    recorded_tree_put(&tree, "/etc/sysconfig/network", "NETWORKING=yes\nHOSTNAME=old\nGATEWAY=1\n");
    assert_true(hostname_kept(recorded_tree_system(&tree), tree.arena, HOSTNAME_FILE_REDHAT, &kept, &err));
    assert_string_equal(kept, "old");
    assert_true(hostname_keep(&tree.system, tree.arena, HOSTNAME_FILE_REDHAT, "new", &err));
    assert_string_equal(recorded_tree_get(&tree, "/etc/sysconfig/network"),
                        "NETWORKING=yes\nHOSTNAME=new\nGATEWAY=1\n");
    recorded_tree_put(&tree, "/etc/conf.d/hostname", "# x\nhostname=\"old\"\n");
    assert_true(hostname_kept(&tree.system, tree.arena, HOSTNAME_FILE_OPENRC, &kept, &err));
    assert_string_equal(kept, "old");
    assert_true(hostname_keep(&tree.system, tree.arena, HOSTNAME_FILE_OPENRC, "new", &err));
    assert_string_equal(recorded_tree_get(&tree, "/etc/conf.d/hostname"), "# x\nhostname=\"new\"\n");
    recorded_tree_free(&tree);
}

static void measures_names(void **state)
{
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(hostname_fits("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", &err));
    assert_false(hostname_fits("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", &err));
}

static void link_localtime(struct recorded_tree *tree, const char *target)
{
    const char *path = arena_printf(tree->arena, "%s/etc/localtime", tree->root);

    (void)unlink(path);
    assert_int_equal(symlink(target, path), 0);
}

static void reads_the_linked_zone(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    recorded_tree_put(&tree, "/etc/adjtime", "0.0 0 0.0\n0\nLOCAL\n");
    assert_string_equal(timezone_linked(recorded_tree_system(&tree), tree.arena), "UTC");
    assert_string_equal(timezone_clock(&tree.system, tree.arena), "local");
    link_localtime(&tree, "../usr/share/zoneinfo/Europe/Paris");
    assert_string_equal(timezone_linked(&tree.system, tree.arena), "Europe/Paris");
    recorded_tree_free(&tree);
}

static void knows_zones(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    recorded_tree_put(&tree, "/usr/share/zoneinfo/Europe/Paris", "TZif");
    assert_true(timezone_exists(recorded_tree_system(&tree), tree.arena, "Europe/Paris"));
    assert_false(timezone_exists(&tree.system, tree.arena, "Europe"));
    assert_false(timezone_exists(&tree.system, tree.arena, "Europe/../Europe/Paris"));
    assert_false(timezone_exists(&tree.system, tree.arena, ""));
    recorded_tree_free(&tree);
}

static void believes_the_file_only_if_the_link_agrees(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const char *zone = NULL;
    struct error err = ERROR_INIT;

    (void)state;
    recorded_tree_put(&tree, "/usr/share/zoneinfo/Europe/Paris", "TZif");
    recorded_tree_put(&tree, "/etc/timezone", "Europe/Paris\n");
    assert_true(timezone_named(recorded_tree_system(&tree), tree.arena, "Asia/Tokyo", &zone, &err));
    assert_string_equal(zone, "Europe/Paris");
    recorded_tree_put(&tree, "/etc/localtime", "other");
    assert_true(timezone_named(&tree.system, tree.arena, "Europe/Paris", &zone, &err));
    assert_string_equal(zone, TIMEZONE_UNKNOWN);
    assert_true(timezone_set_files(&tree.system, tree.arena, "Europe/Paris", &err));
    const char *link = arena_printf(tree.arena, "%s/etc/localtime", tree.root);
    char target[256] = "";
    assert_true(readlink(link, target, sizeof(target) - 1) > 0);
    assert_string_equal(target, "/usr/share/zoneinfo/Europe/Paris");
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_host_name_in_its_file),
        cmocka_unit_test(edits_files_with_more_in_them),
        cmocka_unit_test(measures_names),
        cmocka_unit_test(reads_the_linked_zone),
        cmocka_unit_test(knows_zones),
        cmocka_unit_test(believes_the_file_only_if_the_link_agrees),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
