/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of GPU memory as a recorded /proc and /sys show them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/kernel/kernel_memory.h"
#include "tests/unit/agent/system/recorded_tree.h"

static void reads_a_box(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct kernel_memory memory;

    (void)state;
    recorded_tree_put(&tree, "/proc/meminfo", "MemTotal:       131048576 kB\nMemFree: 1 kB\n");
    recorded_tree_put(&tree, "/proc/stat", "cpu 1 2\nbtime 1763000000\n");
    recorded_tree_put(&tree, "/proc/sys/kernel/osrelease", "6.18.9-200.fc43.x86_64\n");
    recorded_tree_put(&tree, "/lib/modules/6.18.9-200.fc43.x86_64/modules.builtin",
                      "kernel/drivers/gpu/drm/ttm/ttm.ko\n");
    recorded_tree_put(&tree, "/sys/module/ttm/parameters/pages_limit", "29360128\n");
    recorded_tree_put(&tree, "/sys/module/amdgpu/parameters/gttsize", "-1\n");
    recorded_tree_put(&tree, "/sys/class/drm/card0/device/mem_info_gtt_total", "1024\n");
    recorded_tree_put(&tree, "/sys/class/drm/card1/device/mem_info_gtt_total", "120259084288\n");
    kernel_memory_read(recorded_tree_system(&tree), tree.arena, &memory);
    assert_int_equal(memory.total_bytes, 134193741824);
    assert_int_equal(memory.boot_time_s, 1763000000);
    assert_int_equal(memory.pages_limit, 29360128);
    assert_int_equal(memory.page_pool_size, -1);
    assert_int_equal(memory.gttsize_mib, -1);
    assert_int_equal(memory.gtt_total_bytes, 120259084288);
    assert_true(memory.has_ttm && memory.is_ttm_builtin && !memory.has_dkms);
    recorded_tree_free(&tree);
}

static void reads_nothing(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct kernel_memory memory;

    (void)state;
    kernel_memory_read(recorded_tree_system(&tree), tree.arena, &memory);
    assert_int_equal(memory.total_bytes, 0);
    assert_int_equal(memory.pages_limit, -1);
    assert_int_equal(memory.gtt_total_bytes, -1);
    assert_false(memory.has_ttm || memory.is_ttm_builtin);
    recorded_tree_put(&tree, "/sys/module/ttm/parameters/pages_limit", "garbage\n");
    kernel_memory_read(&tree.system, tree.arena, &memory);
    assert_int_equal(memory.pages_limit, -1);
    recorded_tree_free(&tree);
}

static void compares_releases(void **state)
{
    (void)state;
    assert_true(kernel_release_at_least("6.5.0-1-amd64", 6, 5));
    assert_false(kernel_release_at_least("6.1.0-32-amd64", 6, 5));
    assert_true(kernel_release_at_least("7.0.1", 6, 5));
    assert_true(kernel_release_at_least("6.18.9", 6, 5));
    assert_true(kernel_release_at_least("", 6, 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_box),
        cmocka_unit_test(reads_nothing),
        cmocka_unit_test(compares_releases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
