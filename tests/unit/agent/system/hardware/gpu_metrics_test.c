/* SPDX-License-Identifier: Apache-2.0 */
/* gpu_metrics: revisions, fields that a chip does not fill, tables that end early. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/hardware/gpu_metrics.h"
#include "tests/unit/agent/system/recorded_tree.h"

#define FOLDER "/sys/bus/pci/devices/0000:c1:00.0"

static bool read_bytes(const unsigned char *data, size_t length, struct gpu_metrics *out)
{
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = { .system = recorded_tree_system(&tree), .arena = tree.arena };

    recorded_tree_put(&tree, FOLDER "/gpu_metrics", "");
    FILE *file = fopen(arena_printf(tree.arena, "%s" FOLDER "/gpu_metrics", tree.root), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    bool ok = gpu_metrics_read(&fs, FOLDER, out);
    recorded_tree_free(&tree);
    return ok;
}

static void revision_3_has_power(void **state)
{
    unsigned char table[264];
    struct gpu_metrics metrics;

    (void)state;
    memset(table, 0xff, sizeof table);
    memcpy(table, "\x08\x01\x03\x00", 4);
    memcpy(table + 112, "\x60\xb7\x01\x00", 4); /* 112480 mW */
    memcpy(table + 116, "\xe8\x03", 2);         /* 1000 mW */
    memcpy(table + 124, "\x00\x00\x00\x00", 4);
    assert_true(read_bytes(table, sizeof table, &metrics));
    assert_int_equal(metrics.format, 3);
    assert_int_equal(metrics.socket_mw, 112480);
    assert_int_equal(metrics.npu_mw, 1000);
    assert_int_equal(metrics.gfx_mw, 0);
    assert_int_equal(metrics.apu_mw, -1);
    assert_int_equal(metrics.cores_mw, -1);
    assert_int_equal(metrics.system_mw, -1);
}

static void other_revisions_have_none(void **state)
{
    unsigned char table[120] = { 120, 0, 1, 3 };
    struct gpu_metrics metrics;

    (void)state;
    assert_true(read_bytes(table, sizeof table, &metrics));
    assert_int_equal(metrics.format, 1);
    assert_int_equal(metrics.content, 3);
    assert_int_equal(metrics.socket_mw, -1);
}

static void broken_tables_are_not_there(void **state)
{
    unsigned char table[264] = { 8, 1, 3, 0 };
    struct gpu_metrics metrics;

    (void)state;
    for (size_t length = 0; length < sizeof table; length++)
        assert_false(read_bytes(table, length, &metrics));
    memcpy(table, "\x74\x00\x03\x00", 4); /* the table ends right behind the socket's power */
    assert_true(read_bytes(table, sizeof table, &metrics));
    assert_int_equal(metrics.socket_mw, 0);
    assert_int_equal(metrics.npu_mw, -1);
    memcpy(table, "\x03\x00\x03\x00", 4);
    assert_false(read_bytes(table, sizeof table, &metrics));
    memcpy(table, "\x08\x01\x00\x00", 4);
    assert_false(read_bytes(table, sizeof table, &metrics));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(revision_3_has_power),
        cmocka_unit_test(other_revisions_have_none),
        cmocka_unit_test(broken_tables_are_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
