/* SPDX-License-Identifier: Apache-2.0 */
/* How a GPU's kind is decided, one piece of evidence after the other; and the limits of its memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/hardware/gpu.h"
#include "tests/unit/agent/system/recorded_tree.h"

#define SLOT "0000:03:00.0"
#define FOLDER "/sys/bus/pci/devices/" SLOT "/"

static void card(struct recorded_tree *tree, const char *vendor, const char *device)
{
    recorded_tree_put(tree, FOLDER "class", "0x030000\n");
    recorded_tree_put(tree, FOLDER "vendor", vendor);
    recorded_tree_put(tree, FOLDER "device", device);
}

static struct sysfs fs_of(struct recorded_tree *tree)
{
    return (struct sysfs){ .system = recorded_tree_system(tree), .arena = tree->arena };
}

static struct gpu only_gpu(struct recorded_tree *tree)
{
    struct sysfs fs = fs_of(tree);
    size_t count = 0;
    struct gpu *gpus = gpu_list(&fs, &count);

    assert_int_equal(count, 1);
    return gpus[0];
}

static void assert_kind(struct recorded_tree *tree, enum gpu_kind kind, const char *why)
{
    struct gpu gpu = only_gpu(tree);

    assert_int_equal(gpu.kind, kind);
    if (why == NULL)
        assert_null(gpu.kind_why);
    else
        assert_string_equal(gpu.kind_why, why);
}

static void amds_evidence_in_its_order(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    card(&tree, "0x1002\n", "0x9999\n");
    assert_kind(&tree, GPU_DISCRETE, "its driver says nothing, and it is not a known APU");
    recorded_tree_put(&tree, FOLDER "mem_info_gtt_total", "1\n");
    assert_kind(&tree, GPU_INTEGRATED, "it has neither board_info nor mem_info_vram_vendor");
    recorded_tree_put(&tree, FOLDER "mem_info_vram_vendor", "unknown\n");
    assert_kind(&tree, GPU_INTEGRATED, "it has neither board_info nor mem_info_vram_vendor");
    recorded_tree_put(&tree, FOLDER "mem_info_vram_vendor", "samsung\n");
    assert_kind(&tree, GPU_DISCRETE, "only cards have mem_info_vram_vendor");
    recorded_tree_put(&tree, FOLDER "board_info", "type : cem\n");
    assert_kind(&tree, GPU_DISCRETE, "only cards have board_info");
    recorded_tree_free(&tree);
}

static void amds_id_counts_without_a_driver(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    card(&tree, "0x1002\n", "0x1586\n");
    assert_kind(&tree, GPU_INTEGRATED, "device 1586 is an APU, Strix Halo");
    assert_null(only_gpu(&tree).pci.driver);
    recorded_tree_free(&tree);
}

static void a_sleeping_card_is_not_woken(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct gpu_memory memory;
    struct sysfs fs = fs_of(&tree);

    (void)state;
    card(&tree, "0x1002\n", "0x7551\n");
    recorded_tree_put(&tree, FOLDER "power/runtime_status", "suspended\n");
    recorded_tree_put(&tree, FOLDER "mem_info_vram_total", "34208743424\n");
    recorded_tree_put(&tree, FOLDER "gpu_busy_percent", "0\n");
    struct gpu gpu = only_gpu(&tree);
    gpu_memory_read(&fs, &gpu, &memory); /* the driver has it in memory */
    assert_int_equal(memory.vram_total_bytes, 34208743424);
    assert_int_equal(memory.gtt_total_bytes, -1);
    assert_null(value_map_get(gpu_value(&fs, &gpu), "busy_percent"));
    recorded_tree_put(&tree, FOLDER "power/runtime_status", "active\n");
    gpu = only_gpu(&tree);
    assert_non_null(value_map_get(gpu_value(&fs, &gpu), "busy_percent"));
    recorded_tree_free(&tree);
}

static void old_kernels_tell_the_scheduler_in_debugfs(void **state)
{
    static const char text[] = "VCE feature version: 0, firmware version: 0x00000000\n"
                               "MES_KIQ feature version: 6, firmware version: 0x0000006f\n"
                               "MES feature version: 1, firmware version: 0x00000083\nVBIOS version: 113-X\n";
    static const char *const folders[] = { SLOT, "1" };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct recorded_tree tree = recorded_tree_new();
        struct sysfs fs = fs_of(&tree);
        card(&tree, "0x1002\n", "0x1586\n");
        recorded_tree_put(&tree, FOLDER "drm/card1/dev", "226:1\n");
        recorded_tree_put(&tree, FOLDER "fw_version/mec_fw_version", "0x0000001f\n");
        recorded_tree_put(&tree, arena_printf(tree.arena, "/sys/kernel/debug/dri/%s/amdgpu_firmware_info", folders[i]),
                          text);
        struct gpu gpu = only_gpu(&tree);
        const struct value *firmware = value_map_get(gpu_value(&fs, &gpu), "firmware");
        assert_int_equal(value_count(firmware), 3);
        assert_string_equal(value_map_text(firmware, "mes"), "0x00000083");
        assert_string_equal(value_map_text(firmware, "mes_kiq"), "0x0000006f");
        recorded_tree_put(&tree, FOLDER "fw_version/mes_fw_version", "0x00000080\n");
        firmware = value_map_get(gpu_value(&fs, &gpu), "firmware");
        assert_string_equal(value_map_text(firmware, "mes"), "0x00000080");
        recorded_tree_free(&tree);
    }
}

static void nvidias_chips_without_memory(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    card(&tree, "0x10de\n", "0x2684\n");
    assert_kind(&tree, GPU_DISCRETE, "it is none of NVIDIA's chips without memory of their own");
    card(&tree, "0x10de\n", "0x2e12\n"); /* no driver yet: the id tells */
    assert_kind(&tree, GPU_INTEGRATED, "GB10 has no memory of its own");
    card(&tree, "0x10de\n", "0x2b00\n");
    recorded_tree_put(&tree, "/proc/driver/nvidia/gpus/" SLOT "/information", "Model: \t\t NVIDIA Thor\n");
    assert_kind(&tree, GPU_INTEGRATED, "Thor has no memory of its own");
    recorded_tree_free(&tree);
}

static void other_vendors(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    card(&tree, "0x8086\n", "0x56a0\n");
    assert_kind(&tree, GPU_DISCRETE, "Intel's graphics elsewhere than at 0000:00:02.0 are a card");
    card(&tree, "0x1a03\n", "0x2000\n");
    assert_kind(&tree, GPU_DISPLAY, NULL);
    recorded_tree_free(&tree);
}

static void accelerators_without_a_picture(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = fs_of(&tree);
    size_t count = 9;

    (void)state;
    card(&tree, "0x1002\n", "0x74a1\n");
    recorded_tree_put(&tree, FOLDER "class", "0x120000\n");
    recorded_tree_put(&tree, FOLDER "board_info", "type : oam\n");
    assert_kind(&tree, GPU_DISCRETE, "only cards have board_info");
    card(&tree, "0x8086\n", "0x7d1d\n"); /* Intel's NPU has the same class */
    recorded_tree_put(&tree, FOLDER "class", "0x120000\n");
    (void)gpu_list(&fs, &count);
    assert_int_equal(count, 0);
    recorded_tree_free(&tree);
}

static void nvidias_text_is_read_with_care(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = fs_of(&tree);

    (void)state;
    card(&tree, "0x10de\n", "0x2684\n");
    recorded_tree_put(&tree, "/proc/driver/nvidia/version",
                      "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.163.01  Tue Apr  8 12:41:17 UTC 2025\n");
    recorded_tree_put(&tree, "/proc/driver/nvidia/gpus/" SLOT "/information",
                      "Model: \t\t NVIDIA GeForce RTX 4090\nGPU UUID: \t GPU-\?\?\?\?\?\?\?\?-\?\?\?\?\n"
                      "Video BIOS: \t \?\?.\?\?.\?\?\nGPU Firmware: \t N/A\nnonsense\n:\n");
    struct gpu gpu = only_gpu(&tree);
    const struct value *map = gpu_value(&fs, &gpu);
    assert_string_equal(value_map_text(map, "name"), "NVIDIA GeForce RTX 4090");
    assert_string_equal(value_map_text(map, "driver_version"), "550.163.01");
    assert_string_equal(value_map_text(map, "gpu_firmware"), "N/A");
    assert_null(value_map_get(map, "uuid"));
    assert_null(value_map_get(map, "vbios"));
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amds_evidence_in_its_order),     cmocka_unit_test(amds_id_counts_without_a_driver),
        cmocka_unit_test(a_sleeping_card_is_not_woken),   cmocka_unit_test(old_kernels_tell_the_scheduler_in_debugfs),
        cmocka_unit_test(nvidias_chips_without_memory),   cmocka_unit_test(other_vendors),
        cmocka_unit_test(accelerators_without_a_picture), cmocka_unit_test(nvidias_text_is_read_with_care),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
