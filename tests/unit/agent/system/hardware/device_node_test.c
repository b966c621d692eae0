/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes with owner and mode, the groups, and udev rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "agent/system/hardware/device_node.h"
#include "common/json/json.h"
#include "tests/unit/agent/system/recorded_tree.h"

static struct sysfs fs_of(struct recorded_tree *tree)
{
    return (struct sysfs){ .system = recorded_tree_system(tree), .arena = tree->arena };
}

static void assert_json(struct recorded_tree *tree, const struct value *value, const char *expected)
{
    assert_string_equal(json_text(tree->arena, value, JSON_PYTHON), expected);
}

static void nodes_have_owner_group_and_mode(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = fs_of(&tree);
    const char *real = arena_printf(tree.arena, "%s/dev/kfd", tree.root);

    (void)state;
    recorded_tree_put(&tree, "/dev/kfd", "");
    recorded_tree_put(&tree, "/dev/dri/by-path/x", "");
    recorded_tree_put(&tree, "/dev/dri/controlD64", "");
    recorded_tree_put(&tree, "/etc/passwd",
                      arena_printf(tree.arena, "other:x:99999:\nllama:x:%u:5::/:/bin/sh\n", (unsigned)geteuid()));
    recorded_tree_put(&tree, "/usr/lib/group", arena_printf(tree.arena, "\n:\nrender:x:%u:\n", (unsigned)getegid()));
    assert_int_equal(chmod(real, 0660), 0);
    assert_json(&tree, device_nodes(&fs),
                arena_printf(tree.arena,
                             "[{\"path\": \"/dev/kfd\", \"owner\": \"llama\", \"group\": \"render\", \"uid\": %u, "
                             "\"gid\": %u, \"mode\": \"0660\"}]",
                             (unsigned)geteuid(), (unsigned)getegid()));
    recorded_tree_free(&tree);
}

static void groups_of_both_files(void **state)
{
    static const char *const names[] = { "render", "video", "none", NULL };
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = fs_of(&tree);

    (void)state;
    recorded_tree_put(&tree, "/etc/group", "rendering:x:1:\nvideo:x:44:a,,b\nrender:x:1\n");
    recorded_tree_put(&tree, "/usr/lib/group", "video:x:39:\nrender:x:105:\n");
    assert_json(&tree, device_groups(&fs, names),
                "{\"render\": {\"gid\": 105, \"members\": []}, \"video\": {\"gid\": 44, \"members\": [\"a\", \"b\"]}}");
    recorded_tree_free(&tree);
}

static void rules_that_name_kfd(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = fs_of(&tree);

    (void)state;
    recorded_tree_put(&tree, "/etc/udev/rules.d/1.rules", "# SUBSYSTEM==\"kfd\"\n");
    recorded_tree_put(&tree, "/etc/udev/rules.d/2.rules", "a\n  KERNEL==\"kfd\", MODE=\"0666\"\nKERNEL==\"kfd\"\n");
    recorded_tree_put(&tree, "/etc/udev/rules.d/3.rules.off", "KERNEL==\"kfd\"\n");
    assert_json(&tree, device_rules(&fs), "[\"/etc/udev/rules.d/2.rules\"]");
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_have_owner_group_and_mode),
        cmocka_unit_test(groups_of_both_files),
        cmocka_unit_test(rules_that_name_kfd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
