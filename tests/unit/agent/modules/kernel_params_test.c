/* SPDX-License-Identifier: Apache-2.0 */
/* The module kernel_params below a root folder: check mode, diff, what is reported and what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/agent/modules/boot_tree.h"

#define ENTRY "/boot/loader/entries/a.conf"

static void says_in_check_mode_what_would_be(void **state)
{
    const char *args = "{\"params\": {\"iommu\": \"pt\"}}";

    (void)state;
    recorded_tree_put(&tree, "/etc/kernel/cmdline", "root=1 ro quiet\n");
    const struct value *would = run("kernel_params", args, true);
    assert_string_equal(field(would, "changed"), "true");
    assert_string_equal(field(would, "next_boot"), "{\"iommu\": \"pt\"}");
    assert_string_equal(field(would, "declared"), "{\"iommu\": \"pt\"}");
    assert_string_equal(field(would, "running"), "{\"iommu\": null}");
    assert_string_equal(field(would, "reboot_required"), "true");
    assert_null(recorded_tree_get(&tree, "/calls"));
    assert_string_equal(recorded_tree_get(&tree, "/etc/kernel/cmdline"), "root=1 ro quiet\n");

    const struct value *did = run("kernel_params", args, false);
    const char *fields[] = { "changed", "next_boot", "declared",      "running",    "reboot_required",
                             "diff",    "changes",   "entries_stale", "overridden", "msg" };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        assert_string_equal(field(did, fields[i]), field(would, fields[i]));
    assert_string_equal(field(did, "changes"),
                        "[\"change '/etc/kernel/cmdline'\", \"run grubby --update-kernel=ALL: " ENTRY
                        " lacks 'iommu=pt'\"]");
    assert_string_equal(field(did, "diff"),
                        "[{\"before\": \"root=1 ro quiet\\n\", \"after\": \"root=1 ro quiet iommu=pt\\n\", "
                        "\"before_header\": \"/etc/kernel/cmdline\", \"after_header\": \"/etc/kernel/cmdline\"}, "
                        "{\"before\": \"root=1 ro quiet\\n\", \"after\": \"root=1 ro quiet iommu=pt\\n\", "
                        "\"before_header\": \"command line in " ENTRY "\", \"after_header\": \"command line in " ENTRY
                        "\"}]");
    assert_string_equal(recorded_tree_get(&tree, "/etc/kernel/cmdline"), "root=1 ro quiet iommu=pt\n");
    assert_string_equal(recorded_tree_get(&tree, ENTRY),
                        "version 6.18.9\nlinux /l\noptions root=1 ro quiet iommu=pt\n");

    const struct value *again = run("kernel_params", args, false);
    assert_string_equal(field(again, "changed"), "false");
    assert_string_equal(field(again, "diff"), "(absent)");
    assert_string_equal(field(again, "reboot_required"), "true");
    recorded_tree_put(&tree, "/proc/cmdline", "root=1 ro quiet iommu=pt\n");
    assert_string_equal(field(run("kernel_params", args, false), "reboot_required"), "false");
}

static void takes_several_forms(void **state)
{
    (void)state;
    assert_string_equal(
        field(run("kernel_params", "{\"params\": [\"console=tty0\", \"console=ttyS0\", \"quiet\"]}", true),
              "next_boot"),
        "{\"console\": \"tty0 ttyS0\", \"quiet\": \"\"}");
    assert_string_equal(
        field(run("kernel_params", "{\"params\": {\"console\": [\"tty0\", \"ttyS0\"]}}", true), "next_boot"),
        "{\"console\": \"tty0 ttyS0\"}");
    assert_string_equal(field(run("kernel_params", "{\"params\": \"a=1 b\"}", true), "next_boot"),
                        "{\"a\": \"1\", \"b\": \"\"}");
    assert_string_equal(field(run("kernel_params", "{\"name\": \"a\", \"value\": 7}", true), "next_boot"),
                        "{\"a\": \"7\"}");
    assert_string_equal(field(run("kernel_params", "{\"name\": \"quiet\", \"state\": \"absent\"}", true), "next_boot"),
                        "{\"quiet\": null}");
    assert_string_equal(field(run("kernel_params", "{\"params\": {}}", true), "msg"), "\"params names no parameter\"");
    assert_string_equal(field(run("kernel_params", "{\"params\": {\"a-b\": 1, \"a_b\": 2}}", true), "msg"),
                        "\"'a_b' is given twice: give it once, with a list of values\"");
}

static void lists_what_it_replaces(void **state)
{
    (void)state;
    recorded_tree_put(&tree, ENTRY, "version 6.18.9\nlinux /l\noptions root=1 ro iommu=off iommu=soft\n");
    const struct value *failed =
        run("kernel_params", "{\"name\": \"iommu\", \"value\": \"pt\", \"conflict\": \"fail\"}", false);
    assert_string_equal(field(failed, "msg"),
                        "\"" ENTRY " sets iommu=off, which is not what this task wants (conflict: fail)\"");
    const struct value *did = run("kernel_params", "{\"name\": \"iommu\", \"value\": \"pt\"}", false);
    assert_string_equal(field(did, "overridden"),
                        "[{\"name\": \"iommu\", \"value\": \"off\", \"source\": \"" ENTRY "\"}, "
                        "{\"name\": \"iommu\", \"value\": \"soft\", \"source\": \"" ENTRY "\"}]");
    assert_string_equal(recorded_tree_get(&tree, ENTRY), "version 6.18.9\nlinux /l\noptions root=1 ro iommu=pt\n");
}

static void says_so_when_the_program_does_not_do_it(void **state)
{
    (void)state;
    program("grubby", "echo 'grubby: no space left on device' >&2\nexit 1\n");
    const struct value *result = run("kernel_params", "{\"name\": \"iommu\", \"value\": \"pt\"}", false);
    assert_string_equal(field(result, "failed"), "true");
    assert_non_null(strstr(field(result, "msg"), "no space left on device"));
}

static void warns_of_what_is_deprecated(void **state)
{
    (void)state;
    assert_non_null(
        strstr(field(run("kernel_params", "{\"name\": \"amdgpu.gttsize\", \"value\": 1024}", true), "warnings"),
               "amdgpu.gttsize is deprecated"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(says_in_check_mode_what_would_be, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(takes_several_forms, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(lists_what_it_replaces, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(says_so_when_the_program_does_not_do_it, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(warns_of_what_is_deprecated, make_tree, drop_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
