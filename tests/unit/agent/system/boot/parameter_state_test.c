/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel parameters: declared in modprobe.d and boot files, on the command line, in effect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "agent/system/boot/parameter_state.h"
#include "common/json/json.h"
#include "tests/unit/agent/system/recorded_tree.h"

static struct sysfs fs_of(struct recorded_tree *tree)
{
    return (struct sysfs){ .system = recorded_tree_system(tree), .arena = tree->arena };
}

static const struct value *parameters_of(struct recorded_tree *tree)
{
    struct sysfs fs = fs_of(tree);
    struct module_options options;

    module_options_read(&fs, &options);
    return parameter_states(&fs, &options);
}

static void assert_json(struct recorded_tree *tree, const struct value *value, const char *expected)
{
    assert_non_null(value);
    assert_string_equal(json_text(tree->arena, value, JSON_PYTHON), expected);
}

static void modprobe_files_mask_one_another(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = fs_of(&tree);
    struct module_options options;

    (void)state;
    recorded_tree_put(&tree, "/etc/modprobe.d/ttm.conf", "options ttm pages_limit=1 \\\n page-pool-size=\"2 3\"\n");
    recorded_tree_put(&tree, "/usr/lib/modprobe.d/ttm.conf", "options ttm pages_limit=9\n");
    recorded_tree_put(&tree, "/usr/lib/modprobe.d/b.conf",
                      "#blacklist ttm\nblacklist snd-pcm\ninstall usb_storage "
                      "/bin/false\ninstall ok /sbin/modprobe -i ok\n");
    recorded_tree_put(&tree, "/etc/modprobe.d/notes.txt", "options ttm pages_limit=7\n");
    recorded_tree_put(&tree, "/run/modprobe.d/z.conf", "options ttm"); /* nothing to say, no line end */
    module_options_read(&fs, &options);
    assert_int_equal(options.count, 2);
    assert_string_equal(options.items[0].name, "pages_limit");
    assert_string_equal(options.items[0].value, "1");
    assert_string_equal(options.items[1].name, "page_pool_size");
    assert_string_equal(options.items[1].value, "2 3");
    assert_string_equal(options.items[1].file, "/etc/modprobe.d/ttm.conf");
    assert_json(&tree, options.blacklisted,
                "{\"snd_pcm\": \"/usr/lib/modprobe.d/b.conf\", \"usb_storage\": \"/usr/lib/modprobe.d/b.conf\"}");
    recorded_tree_free(&tree);
}

static void the_last_word_of_the_command_line_counts(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    recorded_tree_put(
        &tree, "/proc/cmdline",
        "ro ttm.pages-limit=1 amd_iommu=on ttm.pages_limit=2 amd_iommu=off unknown.x=1 nomodeset -- pci=x\n");
    assert_json(&tree, parameters_of(&tree),
                "{\"ttm.pages_limit\": {\"declared\": [], \"cmdline\": \"2\"}, "
                "\"amd_iommu\": {\"declared\": [], \"cmdline\": \"off\"}, "
                "\"nomodeset\": {\"declared\": [], \"cmdline\": \"\"}}");
    recorded_tree_free(&tree);
}

static void a_misspelt_parameter_is_not_known(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    recorded_tree_put(&tree, "/sys/module/amdgpu/parameters/gttsize", "-1\n");
    recorded_tree_put(&tree, "/sys/module/nvidia/parameters/modeset", "1\n");
    recorded_tree_put(&tree, "/proc/cmdline", "amdgpu.gtt_size=5 ttm.page_limit=6 nvidia.NVreg_X=1\n");
    assert_json(&tree, parameters_of(&tree),
                "{\"amdgpu.gttsize\": {\"declared\": [], \"effective\": \"-1\", \"is_known\": true}, "
                "\"amdgpu.gtt_size\": {\"declared\": [], \"cmdline\": \"5\", \"is_known\": false}, "
                "\"ttm.page_limit\": {\"declared\": [], \"cmdline\": \"6\"}, "
                "\"nvidia.NVreg_X\": {\"declared\": [], \"cmdline\": \"1\"}}");
    recorded_tree_free(&tree);
}

static void every_boot_file_is_looked_at(void **state)
{
    static const struct {
        const char *path, *content, *kind;
    } files[] = {
        { "/etc/default/grub", "GRUB_CMDLINE_LINUX=\"quiet iommu=pt\"\n", "config" },
        { "/etc/default/grub.d/x.cfg", "GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT iommu=pt\"\n",
          "config" },
        { "/etc/kernel/cmdline", "ro\niommu=pt\n", "config" },
        { "/boot/loader/entries/a.conf", "title x\noptions ro\noptions iommu=pt\n", "entry" },
        { "/boot/efi/loader/entries/a.conf", "options\tro iommu=pt\n", "entry" },
        { "/efi/loader/entries/a.conf", "options iommu=pt", "entry" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct recorded_tree tree = recorded_tree_new();
        recorded_tree_put(&tree, files[i].path, files[i].content);
        assert_json(&tree, value_map_get(parameters_of(&tree), "iommu"),
                    arena_printf(tree.arena,
                                 "{\"declared\": [{\"value\": \"pt\", \"file\": \"%s\", \"kind\": \"%s\"}]}",
                                 files[i].path, files[i].kind));
        recorded_tree_free(&tree);
    }
}

static void equal_values_of_a_file_are_told_once(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    recorded_tree_put(&tree, "/etc/modprobe.d/a.conf",
                      "options ttm pages_limit=1\noptions ttm pages_limit=1\n"
                      "options ttm pages_limit=2\n");
    recorded_tree_put(&tree, "/boot/loader/entries/x-0-rescue.conf", "options ttm.pages_limit=3\n");
    assert_int_equal(value_count(value_map_get(value_map_get(parameters_of(&tree), "ttm.pages_limit"), "declared")), 2);
    recorded_tree_free(&tree);
}

static void modules_are_told_with_their_origin(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = fs_of(&tree);
    struct module_options options;

    (void)state;
    recorded_tree_put(&tree, "/sys/module/amdgpu/version", "6.16.13\n");
    recorded_tree_put(&tree, "/sys/module/amdgpu/taint", "OE\n");
    recorded_tree_put(&tree, "/proc/cmdline", "module_blacklist=xe,thunderbolt-net modprobe.blacklist=\n");
    module_options_read(&fs, &options);
    const struct value *modules = module_states(&fs, &options);
    assert_json(&tree, value_map_get(modules, "amdgpu"),
                "{\"is_loaded\": true, \"is_blacklisted\": false, \"version\": \"6.16.13\", \"taint\": \"OE\", "
                "\"is_out_of_tree\": true}");
    assert_json(&tree, value_map_get(modules, "thunderbolt_net"), "{\"is_loaded\": false, \"is_blacklisted\": true}");
    assert_json(&tree, value_map_get(modules, "xe"), "{\"is_loaded\": false, \"is_blacklisted\": true}");
    assert_json(&tree, value_map_get(modules, "ttm"), "{\"is_loaded\": false, \"is_blacklisted\": false}");
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modprobe_files_mask_one_another),
        cmocka_unit_test(the_last_word_of_the_command_line_counts),
        cmocka_unit_test(a_misspelt_parameter_is_not_known),
        cmocka_unit_test(every_boot_file_is_looked_at),
        cmocka_unit_test(equal_values_of_a_file_are_told_once),
        cmocka_unit_test(modules_are_told_with_their_origin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
