/* SPDX-License-Identifier: Apache-2.0 */
/* KFD's numbers: names of targets, places, sums, and properties that are no numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/hardware/kfd.h"
#include "common/json/json.h"
#include "tests/unit/agent/system/recorded_tree.h"

#define NODE "/sys/class/kfd/kfd/topology/nodes/"

static void targets_have_their_names(void **state)
{
    static const struct {
        int64_t version;
        const char *name;
    } cases[] = { { 110501, "gfx1151" }, { 110000, "gfx1100" }, { 90010, "gfx90a" },
                  { 90402, "gfx942" },   { 120001, "gfx1201" }, { 100306, "gfx1036" },
                  { 0, NULL },           { -5, NULL },          { 1000000, NULL } };
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *name = kfd_gfx_target(arena, cases[i].version);
        if (cases[i].name == NULL)
            assert_null(name);
        else
            assert_string_equal(name, cases[i].name);
    }
}

static void nodes_are_read_in_order_and_with_care(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = { .system = recorded_tree_system(&tree), .arena = tree.arena };

    (void)state;
    recorded_tree_put(&tree, NODE "10/properties",
                      "simd_count 64\nsimd_per_cu 2\nlocation_id 4097\ndomain 1\ndrm_render_minor 130\n"
                      "cwsr_size x\nlds_size_in_kb 9223372036854775807\ngfx_target_version 120001 \n");
    recorded_tree_put(&tree, NODE "10/mem_banks/0/properties", "heap_type 2\nsize_in_bytes 100\n");
    recorded_tree_put(&tree, NODE "10/mem_banks/1/properties", "heap_type 2\nsize_in_bytes 50\n");
    recorded_tree_put(&tree, NODE "10/mem_banks/2/properties", "size_in_bytes -1\n");
    recorded_tree_put(&tree, NODE "2/properties", "cpu_cores_count 8\n");
    struct value *nodes = kfd_nodes(&fs);
    assert_string_equal(
        json_text(tree.arena, nodes, JSON_PYTHON),
        "[{\"node\": 2, \"is_gpu\": false, \"cpu_cores_count\": 8}, {\"node\": 10, \"is_gpu\": true, "
        "\"simd_count\": 64, \"simd_per_cu\": 2, \"gfx_target_version\": 120001, \"compute_units\": 32, "
        "\"gfx_target\": \"gfx1201\", \"slot\": \"0001:10:00.1\", \"render_node\": \"renderD130\", "
        "\"memory_bytes\": 150}]");
    assert_ptr_equal(kfd_node_of(nodes, "renderD130"), value_item(nodes, 1));
    assert_null(kfd_node_of(nodes, "renderD1"));
    assert_null(kfd_node_of(nodes, NULL));
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_have_their_names),
        cmocka_unit_test(nodes_are_read_in_order_and_with_care),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
