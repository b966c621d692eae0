/* SPDX-License-Identifier: Apache-2.0 */
/* Editing sysctl.conf text, and reading and applying parameters in a recorded /proc/sys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/kernel/sysctl.h"
#include "tests/unit/agent/system/recorded_tree.h"

static void edits_a_file(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *before = "# c\n\n a.b =  1 2 \nx=1\na.b=3\n; y=1\nnonsense\nx=2";

    (void)state;
    assert_string_equal(sysctl_file_edit(arena, before, "a.b", "7"), "# c\n\na.b=7\nx=1\n; y=1\nnonsense\n");
    assert_string_equal(sysctl_file_edit(arena, before, "new", "7"), "# c\n\na.b=1 2\nx=1\n; y=1\nnonsense\nnew=7\n");
    assert_string_equal(sysctl_file_edit(arena, before, "x", NULL), "# c\n\na.b=1 2\n; y=1\nnonsense\n");
    assert_string_equal(sysctl_file_edit(arena, "", "x", "a=b"), "x=a=b\n");
    assert_string_equal(sysctl_file_edit(arena, "x=1\n", "x", NULL), "");
}

static void finds_the_last_value(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(sysctl_file_value(arena, "a=1\n#a=2\n a = 3 = 4 \n", "a"), "3 = 4");
    assert_null(sysctl_file_value(arena, "a.b=1\n", "a"));
}

static void turns_names_into_paths(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(sysctl_path(arena, "net.ipv4.ip_forward"), "/proc/sys/net/ipv4/ip_forward");
    assert_string_equal(sysctl_path(arena, "net/ipv4/conf/eth0.100/forwarding"),
                        "/proc/sys/net/ipv4/conf/eth0.100/forwarding");
    assert_string_equal(sysctl_path(arena, "net.ipv4.conf.eth0/100.forwarding"),
                        "/proc/sys/net/ipv4/conf/eth0.100/forwarding");
}

static void compares_word_by_word(void **state)
{
    (void)state;
    assert_true(sysctl_same_value("1024\t60000", " 1024  60000\n"));
    assert_false(sysctl_same_value("1024", "1024 60000"));
    assert_false(sysctl_same_value("", "1"));
    assert_false(sysctl_same_value(NULL, ""));
}

static void reads_and_writes_parameters(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct error err = ERROR_INIT;

    (void)state;
    recorded_tree_put(&tree, "/proc/sys/vm/swappiness", "60\n");
    assert_string_equal(sysctl_read(recorded_tree_system(&tree), tree.arena, "vm.swappiness"), "60");
    assert_string_equal(sysctl_read(&tree.system, tree.arena, "vm.nosuch"), "");
    assert_true(sysctl_write(&tree.system, tree.arena, "vm.swappiness", "10", false, &err));
    assert_string_equal(recorded_tree_get(&tree, "/proc/sys/vm/swappiness"), "10\n");
    assert_true(sysctl_write(&tree.system, tree.arena, "vm.nosuch", "10", true, &err));
    assert_false(sysctl_write(&tree.system, tree.arena, "vm.nosuch", "10", false, &err));
    assert_non_null(strstr(err.text, "/proc/sys/vm/nosuch: No such file or directory"));
    recorded_tree_free(&tree);
}

static void applies_a_file(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct error err = ERROR_INIT;
    struct text errors = text_new(tree.arena);

    (void)state;
    recorded_tree_put(&tree, "/proc/sys/net/a/f", "0\n");
    recorded_tree_put(&tree, "/proc/sys/net/b/f", "0\n");
    recorded_tree_put(&tree, "/proc/sys/vm/x", "0\n");
    recorded_tree_put(&tree, "/etc/s.conf",
                      "# c\nnet.*.f = 1\n-vm.missing=1\nvm.none = 1\nnonsense\n vm/x=2 3\n;vm.x=9\nno.*.match=1\n");
    assert_true(sysctl_file_apply(recorded_tree_system(&tree), tree.arena, "/etc/s.conf", false, &errors, &err));
    assert_string_equal(recorded_tree_get(&tree, "/proc/sys/net/a/f"), "1\n");
    assert_string_equal(recorded_tree_get(&tree, "/proc/sys/net/b/f"), "1\n");
    assert_string_equal(recorded_tree_get(&tree, "/proc/sys/vm/x"), "2 3\n");
    assert_non_null(strstr(errors.data, "/proc/sys/vm/none: No such file"));
    assert_non_null(strstr(errors.data, "/etc/s.conf(5): invalid syntax"));
    assert_null(strstr(errors.data, "missing"));
    errors = text_new(tree.arena);
    recorded_tree_put(&tree, "/etc/t.conf", "vm.none = 1\n");
    assert_true(sysctl_file_apply(&tree.system, tree.arena, "/etc/t.conf", true, &errors, &err));
    assert_int_equal(errors.length, 0);
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_a_file),
        cmocka_unit_test(finds_the_last_value),
        cmocka_unit_test(turns_names_into_paths),
        cmocka_unit_test(compares_word_by_word),
        cmocka_unit_test(reads_and_writes_parameters),
        cmocka_unit_test(applies_a_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
