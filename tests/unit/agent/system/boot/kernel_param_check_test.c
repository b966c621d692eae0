/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused, what is named instead, and what passes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/boot/kernel_param_check.h"
#include "tests/unit/agent/system/recorded_tree.h"

static struct recorded_tree tree;

static const char *verdict(const char *name, const char *value)
{
    struct error err = ERROR_INIT;

    return kernel_param_check(recorded_tree_system(&tree), tree.arena, name, value, &err)
               ? "fine"
               : arena_copy(tree.arena, err.text);
}

static void names_the_right_one(void **state)
{
    (void)state;
    assert_string_equal(verdict("amdgpu.gtt_size", "1"),
                        "the kernel ignores 'amdgpu.gtt_size=1': right is ttm.pages_limit (in pages of 4096 bytes)");
    assert_string_equal(verdict("amd_iommu", "pt"), "the kernel ignores 'amd_iommu=pt': right is iommu=pt");
    assert_string_equal(verdict("amd-iommu", "pt"), "the kernel ignores 'amd-iommu=pt': right is iommu=pt");
    assert_string_equal(verdict("ttm.page_limit", "1"),
                        "the kernel ignores 'ttm.page_limit=1': right is ttm.pages_limit");
    assert_string_equal(verdict("ttm.pages_limit", "1GiB"),
                        "ttm.pages_limit wants a plain number of pages of 4096 bytes, not '1GiB'");
    assert_non_null(strstr(verdict("amdttm.pages_limit", "1"), "right is ttm.pages_limit"));
}

static void finds_slips_of_the_pen(void **state)
{
    static const char *const pairs[][2] = {
        { "nomodset", "nomodeset" },
        { "nomodeste", "nomodeset" },
        { "pcie_aspn", "pcie_aspm" },
        { "pcie-apsm", "pcie_aspm" },
        { "amd_iomu", "amd_iommu" },
        { "amdgpu.gttsise", "amdgpu.gttsize" },
        { "amdgpu.cwsr_enabled", "amdgpu.cwsr_enable" },
        { "intel_iomm", "intel_iommu" },
        { "mitgations", "mitigations" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        assert_string_equal(verdict(pairs[i][0], "1"),
                            arena_printf(tree.arena, "'%s' is not known as a kernel parameter: did you mean %s?",
                                         pairs[i][0], pairs[i][1]));
    /* all of ttm's parameters are known, loaded or not */
    assert_string_equal(verdict("ttm.pages_lim", "1"),
                        "module ttm has no parameter 'pages_lim': did you mean ttm.pages_limit?");
}

static void knows_the_words_a_parameter_takes(void **state)
{
    (void)state;
    assert_string_equal(verdict("amd_iommu", "no"),
                        "the kernel ignores 'no' in 'amd_iommu=no': amd_iommu takes off, fullflush, force_enable, "
                        "force_isolation, pgtbl_v1, pgtbl_v2, irtcachedis, nohugepages, v2_pgsizes_only");
    assert_non_null(strstr(verdict("iommu", "of"), "the kernel ignores 'of' in 'iommu=of': iommu takes pt, nopt, off"));
    assert_non_null(strstr(verdict("iommu", "pt,on"), "the kernel ignores 'on' in 'iommu=pt,on'"));
    assert_non_null(strstr(verdict("iommu", NULL), "the kernel ignores 'iommu' without a value"));
    assert_string_equal(verdict("pcie_aspm", "no"),
                        "the kernel ignores 'no' in 'pcie_aspm=no': pcie_aspm takes off, force");
}

static void knows_how_large_a_number_can_be(void **state)
{
    (void)state;
    assert_string_equal(verdict("ttm.pages_limit", "0"),
                        "ttm.pages_limit wants a number of pages of 4096 bytes from 1 to 1099511627776, not 0");
    assert_string_equal(verdict("ttm.pages_limit", "-1"),
                        "ttm.pages_limit wants a number of pages of 4096 bytes from 1 to 1099511627776, not -1");
    assert_non_null(strstr(verdict("ttm.pages_limit", "99999999999999"), "from 1 to 1099511627776, not 9999"));
    assert_non_null(strstr(verdict("amdgpu.gttsize", "-2"), "from -1 to 2147483647"));
}

static void doubts_more_than_the_host_has(void **state)
{
    const struct system *system = recorded_tree_system(&tree);

    (void)state;
    assert_null(
        kernel_param_doubt(system, tree.arena, "ttm.pages_limit", "29360128")); /* how much there is is not known */
    recorded_tree_put(&tree, "/proc/meminfo", "MemTotal:       65536000 kB\n");
    assert_null(kernel_param_doubt(system, tree.arena, "ttm.pages_limit", "16384000"));
    assert_null(kernel_param_doubt(system, tree.arena, "ttm.page_pool_size", "29360128"));
    assert_string_equal(kernel_param_doubt(system, tree.arena, "ttm.pages_limit", "16384001"),
                        "ttm.pages_limit=16384001 is more than this host's memory has (MemTotal: 16384000 pages of "
                        "4096 bytes): the GPU may take all of it, and the host is left with nothing");
}

static void lets_right_ones_pass(void **state)
{
    static const char *const pairs[][2] = {
        { "amd_iommu", "off" },
        { "iommu", "pt" },
        { "ttm.pages_limit", "29360128" },
        { "quiet", NULL },
        { "amdgpu.gttsize", "114688" },
        { "console", "ttyS0,115200n8" },
        { "pci", "realloc,assign-busses" },
        { "acpi_osi", "!" },
        { "isolcpus", "1-3" },
        { "usbcore.quirks", "0bda:8153:k" },
        { "amd_iommu", "fullflush,pgtbl_v2" },
        { "iommu", "soft,memaper=3,noagp" },
        { "iommu.passthrough", "1" },
        { "pcie_aspm", "off" },
        { "pcie_aspm.policy", "performance" },
        { "pcie_ports", "native" },
        { "hugepagesz", "1G" },
        { "hugepages", "16" },
        { "nomodeset", NULL },
        { "nosmt", NULL },
        { "amd_iommu_dump", NULL },
        { "amd_iommu_intr", "legacy" },
        { "ttm.page_pool_size", "0" },
        { "amdgpu.gttsize", "-1" },
        { "amdgpu.dc", "1" },
        { "transparent_hugepage", "madvise" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        assert_string_equal(verdict(pairs[i][0], pairs[i][1]), "fine");
    assert_non_null(kernel_param_deprecated("amdgpu.gttsize"));
    assert_null(kernel_param_deprecated("ttm.pages_limit"));
}

static void refuses_characters(void **state)
{
    static const char *const values[] = { "a b", "$x", "a\"b", "a;b", "a\\nb", "{", "a|b", "`x`", "a'b", "a#b" };

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        assert_non_null(strstr(verdict("x", values[i]), "holds a character"));
    assert_non_null(strstr(verdict("a b", NULL), "holds a character"));
    assert_non_null(strstr(verdict("", NULL), "cannot be empty"));
    assert_non_null(strstr(verdict("--", NULL), "is not the name"));
}

static void asks_the_module_that_is_loaded(void **state)
{
    (void)state;
    assert_string_equal(verdict("amdgpu.cwsr_is_enabled", "0"), "fine");
    recorded_tree_put(&tree, "/sys/module/amdgpu/parameters/cwsr_enable", "1\n");
    recorded_tree_put(&tree, "/sys/module/amdgpu/parameters/noretry", "-1\n");
    assert_string_equal(
        verdict("amdgpu.cwsr_enabled", "0"),
        "module amdgpu of the running kernel has no parameter 'cwsr_enabled': did you mean amdgpu.cwsr_enable?");
    assert_string_equal(verdict("amdgpu.cwsr-enable", "0"), "fine");
    assert_string_equal(verdict("amdgpu.new_thing", "0"), "fine"); /* not every parameter is shown in /sys */
    recorded_tree_put(&tree, "/sys/module/amdttm/parameters/pages_limit", "1\n");
    assert_string_equal(verdict("amdttm.pages_limit", "1"), "fine");
}

static void keeps_what_boots(void **state)
{
    struct error err = ERROR_INIT;

    (void)state;
    assert_false(kernel_param_check_absent("root", NULL, &err));
    assert_string_equal(err.text, "'root' is not removed: the machine might not boot without it");
    assert_true(kernel_param_check_absent("amdgpu.gtt_size", NULL, &err));
    assert_false(kernel_param_check_absent("x", "a b", &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_right_one),
        cmocka_unit_test(lets_right_ones_pass),
        cmocka_unit_test(refuses_characters),
        cmocka_unit_test(finds_slips_of_the_pen), /* before the module is "loaded" */
        cmocka_unit_test(asks_the_module_that_is_loaded),
        cmocka_unit_test(keeps_what_boots),
        cmocka_unit_test(knows_the_words_a_parameter_takes),
        cmocka_unit_test(knows_how_large_a_number_can_be),
        cmocka_unit_test(doubts_more_than_the_host_has),
    };
    tree = recorded_tree_new();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    recorded_tree_free(&tree);
    return failed;
}
