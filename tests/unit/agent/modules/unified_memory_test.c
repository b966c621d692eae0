/* SPDX-License-Identifier: Apache-2.0 */
/* The module unified_memory below a root folder: from a fresh box over the reboot to a limit that is proven. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/agent/modules/boot_tree.h"

#define GIB112 "{\"gtt\": \"112GiB\"}"

/* What the kernel of a box shows when it was started with the limits. */
static void restarted(const char *pages, const char *gtt)
{
    recorded_tree_put(
        &tree, "/proc/cmdline",
        arena_printf(tree.arena, "root=1 ro quiet ttm.pages_limit=%s ttm.page_pool_size=%s\n", pages, pages));
    recorded_tree_put(&tree, "/sys/module/ttm/parameters/pages_limit", pages);
    recorded_tree_put(&tree, "/sys/module/ttm/parameters/page_pool_size", pages);
    recorded_tree_put(&tree, "/sys/class/drm/card1/device/mem_info_gtt_total", gtt);
}

static void goes_from_pending_to_applied(void **state)
{
    (void)state;
    recorded_tree_put(&tree, "/sys/module/ttm/parameters/pages_limit", "16381072\n");
    recorded_tree_put(&tree, "/sys/class/drm/card1/device/mem_info_gtt_total", "67096870912\n");
    const struct value *result = run("unified_memory", GIB112, false);
    assert_string_equal(field(result, "status"), "\"pending\"");
    assert_string_equal(field(result, "changed"), "true");
    assert_string_equal(field(result, "reboot_required"), "true");
    assert_string_equal(field(result, "gtt_total_bytes_in_effect"), "67096870912");
    assert_non_null(strstr(recorded_tree_get(&tree, "/boot/loader/entries/a.conf"),
                           "options root=1 ro quiet ttm.pages_limit=29360128 ttm.page_pool_size=29360128\n"));
    restarted("29360128", "120259084288");
    result = run("unified_memory", GIB112, false);
    assert_string_equal(field(result, "status"), "\"applied\"");
    assert_string_equal(field(result, "changed"), "false");
    assert_string_equal(field(result, "reboot_required"), "false");
    assert_string_equal(field(result, "reason"),
                        "\"ttm allows 29360128 pages (112 GiB), and the GPU's GTT is as large\"");
    restarted("29360128", "64424509440");
    assert_string_equal(field(run("unified_memory", GIB112, false), "status"), "\"capped\"");
}

static void says_why_it_is_ignored(void **state)
{
    (void)state;
    (void)run("unified_memory", GIB112, false);
    /* Restarted (btime is behind every file here), but by another entry. */
    const struct value *result = run("unified_memory", GIB112, false);
    assert_string_equal(field(result, "status"), "\"ignored\"");
    assert_non_null(strstr(field(result, "reason"), "another entry, or another disk's boot loader, was started"));
    assert_non_null(strstr(field(result, "warnings"), "the limit of GPU memory is not in effect"));
    restarted("29360128", "64424509440");
    recorded_tree_put(&tree, "/sys/module/amdgpu/parameters/gttsize", "61440\n");
    result = run("unified_memory", GIB112, false);
    assert_string_equal(field(result, "status"), "\"ignored\"");
    assert_non_null(
        strstr(field(result, "reason"), "amdgpu.gttsize=61440 (deprecated) is in effect and overrides ttm"));
}

static void clears_away_what_older_guides_set(void **state)
{
    (void)state;
    recorded_tree_put(&tree, "/boot/loader/entries/a.conf",
                      "version 6.18.9\nlinux /l\noptions root=1 amd_iommu=off amdgpu.gttsize=126976 "
                      "ttm.pages_limit=32505856\n");
    recorded_tree_put(&tree, "/proc/cmdline", "root=1 amd_iommu=off amdgpu.gttsize=126976 ttm.pages_limit=32505856\n");
    recorded_tree_put(&tree, "/etc/modprobe.d/ttm.conf", "options ttm pages_limit=1\n");
    recorded_tree_put(&tree, "/usr/lib/modprobe.d/vendor.conf", "options amdgpu gttsize=7\n");
    recorded_tree_put(&tree, "/boot/initramfs-6.18.9.img", "x");
    program("lsinitrd", "echo usr/lib/modules/6.18.9/kernel/drivers/gpu/drm/ttm/ttm.ko.xz\n");
    program("dracut", "[ ! -e $ROOT/etc/modprobe.d/ttm.conf ] && [ -e $ROOT/var/lib/roost/initramfs-owed ]\n");

    const struct value *would = run("unified_memory", GIB112, true);
    assert_string_equal(field(would, "initramfs_refreshed"), "true");
    assert_non_null(recorded_tree_get(&tree, "/etc/modprobe.d/ttm.conf"));
    assert_null(recorded_tree_get(&tree, "/var/lib/roost/initramfs-owed"));
    const struct value *did = run("unified_memory", GIB112, false);
    assert_string_equal(field(did, "failed"), "(absent)");
    assert_string_equal(field(did, "modprobe_files_changed"), "[\"/etc/modprobe.d/ttm.conf\"]");
    assert_string_equal(field(did, "initramfs_refreshed"), "true");
    assert_non_null(strstr(field(did, "warnings"), "'/usr/lib/modprobe.d/vendor.conf' sets options"));
    assert_null(recorded_tree_get(&tree, "/etc/modprobe.d/ttm.conf"));
    assert_null(recorded_tree_get(&tree, "/var/lib/roost/initramfs-owed"));
    assert_non_null(strstr(recorded_tree_get(&tree, "/boot/loader/entries/a.conf"),
                           "options root=1 amd_iommu=off ttm.pages_limit=29360128 ttm.page_pool_size=29360128\n"));
    assert_string_equal(field(run("unified_memory", GIB112, false), "changed"), "false");
}

static void makes_up_for_an_interrupted_refresh(void **state)
{
    (void)state;
    recorded_tree_put(&tree, "/etc/modprobe.d/ttm.conf", "options ttm pages_limit=1\n");
    recorded_tree_put(&tree, "/boot/initramfs-6.18.9.img", "x");
    program("lsinitrd", "echo x/ttm.ko\n");
    program("dracut", "echo 'dracut: no space left' >&2; exit 1\n");
    assert_non_null(strstr(field(run("unified_memory", GIB112, false), "msg"), "no space left"));
    program("dracut", "exit 0\n");
    const struct value *result = run("unified_memory", GIB112, false);
    assert_string_equal(field(result, "initramfs_refreshed"), "true");
    assert_non_null(strstr(field(result, "changes"), "an earlier run was interrupted"));
    assert_string_equal(field(run("unified_memory", GIB112, false), "changed"), "false");
}

static void uses_modprobe_d_without_a_boot_loader(void **state)
{
    (void)state;
    assert_int_equal(remove(arena_printf(tree.arena, "%s/boot/loader/entries/a.conf", tree.root)), 0);
    const struct value *result = run("unified_memory", GIB112, false);
    assert_string_equal(field(result, "method"), "\"modprobe\"");
    assert_string_equal(field(result, "status"), "\"pending\"");
    assert_non_null(strstr(recorded_tree_get(&tree, "/etc/modprobe.d/roost-unified-memory.conf"),
                           "options ttm pages_limit=29360128 page_pool_size=29360128\n"));
    recorded_tree_put(&tree, "/sys/module/ttm/parameters/pages_limit", "16381072\n");
    result = run("unified_memory", GIB112, false);
    assert_string_equal(field(result, "status"), "\"ignored\"");
    assert_string_equal(field(run("unified_memory", "{\"state\": \"absent\"}", false), "changed"), "true");
    assert_null(recorded_tree_get(&tree, "/etc/modprobe.d/roost-unified-memory.conf"));
    recorded_tree_put(&tree, "/lib/modules/6.18.9/modules.builtin", "kernel/drivers/gpu/drm/ttm/ttm.ko\n");
    assert_non_null(strstr(field(run("unified_memory", GIB112, false), "msg"), "ttm is built into the kernel 6.18.9"));
    assert_string_equal(field(run("unified_memory", "{\"gtt\": \"112GiB\", \"method\": \"modprobe\"}", false), "msg"),
                        "\"ttm is built into the kernel 6.18.9, so that only its command line sets the limit; method: "
                        "modprobe cannot work\"");
}

static void takes_the_limits_away(void **state)
{
    (void)state;
    (void)run("unified_memory", GIB112, false);
    restarted("29360128", "120259084288");
    const struct value *result = run("unified_memory", "{\"state\": \"absent\"}", false);
    assert_string_equal(field(result, "changed"), "true");
    assert_string_equal(field(result, "reboot_required"), "true");
    assert_string_equal(recorded_tree_get(&tree, "/boot/loader/entries/a.conf"),
                        "version 6.18.9\nlinux /l\noptions root=1 ro quiet\n");
    recorded_tree_put(&tree, "/proc/cmdline", "root=1 ro quiet\n");
    result = run("unified_memory", "{\"state\": \"absent\"}", false);
    assert_string_equal(field(result, "changed"), "false");
    assert_string_equal(field(result, "status"), "\"applied\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(goes_from_pending_to_applied, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(says_why_it_is_ignored, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(clears_away_what_older_guides_set, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(makes_up_for_an_interrupted_refresh, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(uses_modprobe_d_without_a_boot_loader, make_tree, drop_tree),
        cmocka_unit_test_setup_teardown(takes_the_limits_away, make_tree, drop_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
