/* SPDX-License-Identifier: Apache-2.0 */
/* The host's memory, what ttm allows the GPU, and a GPU that works in it (asleep, too). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/hardware/host_memory.h"
#include "common/json/json.h"
#include "tests/unit/agent/system/recorded_tree.h"

static void meminfo_and_ttm(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = { .system = recorded_tree_system(&tree), .arena = tree.arena };
    struct host_memory memory;
    struct ttm_limits limits;

    (void)state;
    recorded_tree_put(&tree, "/proc/meminfo", "MemTotal:       100 kB\nMemAvailable:  x kB\nSwapTotal:  5 MB\n");
    host_memory_read(&fs, &memory);
    assert_int_equal(memory.total_bytes, 102400);
    assert_int_equal(memory.available_bytes, -1);
    assert_int_equal(memory.swap_total_bytes, -1);
    ttm_limits_read(&fs, &limits);
    assert_int_equal(limits.pages_limit, -1);
    recorded_tree_put(&tree, "/sys/module/ttm/parameters/pages_limit", "29360128\n");
    ttm_limits_read(&fs, &limits);
    assert_int_equal(limits.pages_limit, 29360128);
    assert_int_equal(limits.page_pool_size, -1);
    recorded_tree_put(&tree, "/sys/module/amdttm/parameters/pages_limit", "7\n");
    ttm_limits_read(&fs, &limits);
    assert_int_equal(limits.pages_limit, 7);
    recorded_tree_free(&tree);
}

static void a_gpu_in_host_memory(void **state)
{
    static const char folder[] = "/sys/bus/pci/devices/0000:c1:00.0";
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = { .system = recorded_tree_system(&tree), .arena = tree.arena };
    size_t count = 0;

    (void)state;
    recorded_tree_put(&tree, arena_printf(tree.arena, "%s/class", folder), "0x038000\n");
    recorded_tree_put(&tree, arena_printf(tree.arena, "%s/vendor", folder), "0x1002\n");
    recorded_tree_put(&tree, arena_printf(tree.arena, "%s/device", folder), "0x1586\n");
    recorded_tree_put(&tree, arena_printf(tree.arena, "%s/power/runtime_status", folder), "suspended\n");
    recorded_tree_put(&tree, arena_printf(tree.arena, "%s/mem_info_vram_total", folder), "536870912\n");
    recorded_tree_put(&tree, arena_printf(tree.arena, "%s/mem_info_gtt_total", folder), "120259084288\n");
    struct gpu *gpus = gpu_list(&fs, &count);
    assert_string_equal(json_text(tree.arena, host_memory_value(&fs, gpus, count), JSON_PYTHON),
                        "{\"is_unified\": true, \"unified_why\": \"0000:c1:00.0: device 1586 is an APU, Strix Halo\", "
                        "\"carve_out_bytes\": 536870912, \"gtt_total_bytes\": 120259084288}");
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meminfo_and_ttm),
        cmocka_unit_test(a_gpu_in_host_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
