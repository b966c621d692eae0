/* SPDX-License-Identifier: Apache-2.0 */
/* The report `memory` of recorded machines: who holds GTT, and what nobody does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/pieces/pieces_parts.h"
#include "tests/unit/agent/system/recorded_tree.h"

#define DEVICE "/sys/bus/pci/devices/0000:c5:00.0"
#define GROUP "/sys/fs/cgroup/system.slice/roost-piece-chat.0.1.head.service"
#define GIB (1024LL * 1024 * 1024)

static void link_put(struct recorded_tree *tree, const char *path, const char *target)
{
    recorded_tree_put(tree, arena_printf(tree->arena, "%s.x", path), "");
    assert_int_equal(symlink(target, arena_printf(tree->arena, "%s%s", tree->root, path)), 0);
}

static void machine_put(struct recorded_tree *tree, const char *gtt_used)
{
    recorded_tree_put(tree, "/proc/meminfo", "MemTotal: 131072000 kB\nMemAvailable: 65536000 kB\n");
    recorded_tree_put(tree, DEVICE "/class", "0x038000\n");
    recorded_tree_put(tree, DEVICE "/vendor", "0x1002\n");
    recorded_tree_put(tree, DEVICE "/device", "0x1586\n");
    recorded_tree_put(tree, DEVICE "/drm/card1/dev", "226:1\n");
    recorded_tree_put(tree, DEVICE "/mem_info_gtt_total", "120259084288\n");
    recorded_tree_put(tree, DEVICE "/mem_info_gtt_used", gtt_used);
    recorded_tree_put(tree, DEVICE "/mem_info_vram_total", "536870912\n");
    recorded_tree_put(tree, DEVICE "/mem_info_vram_used", "1048576\n");
}

static void holder_put(struct recorded_tree *tree, const char *pid, const char *client, const char *gtt)
{
    link_put(tree, arena_printf(tree->arena, "/proc/%s/fd/5", pid), "/dev/dri/renderD128");
    recorded_tree_put(
        tree, arena_printf(tree->arena, "/proc/%s/fdinfo/5", pid),
        arena_printf(
            tree->arena,
            "pos:\t0\ndrm-driver:\tamdgpu\ndrm-client-id:\t%s\ndrm-pdev:\t0000:c5:00.0\ndrm-memory-gtt: \t%s\n", client,
            gtt));
}

static int64_t figure(struct recorded_tree *tree, const char *key)
{
    struct pieces *pieces = pieces_new(&(struct pieces_options){ .system = recorded_tree_system(tree) });
    const struct value *value = value_map_get(pieces_memory(pieces, tree->arena), key);

    pieces_free(pieces);
    return value_is(value, VALUE_INT) ? value->as.integer : -1;
}

static void test_all_is_held(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    machine_put(&tree, "21474836480\n"); /* 20 GiB */
    holder_put(&tree, "100", "7", "20971520 KiB");
    holder_put(&tree, "101", "7", "20971520 KiB"); /* the same client, in a child */
    assert_int_equal(figure(&tree, "memory_available"), 65536000LL * 1024);
    assert_int_equal(figure(&tree, "gtt_total"), 120259084288LL);
    assert_int_equal(figure(&tree, "gtt_used"), 20 * GIB);
    assert_int_equal(figure(&tree, "gtt_processes"), 20 * GIB);
    assert_int_equal(figure(&tree, "gtt_orphan"), 0);
    assert_int_equal(figure(&tree, "vram_total"), 536870912);
    recorded_tree_free(&tree);
}

static void test_orphan(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    machine_put(&tree, "32212254720\n"); /* 30 GiB */
    holder_put(&tree, "100", "7", "10240 MiB");
    holder_put(&tree, "102", "8", "10485760 KiB");
    assert_int_equal(figure(&tree, "gtt_processes"), 20 * GIB);
    assert_int_equal(figure(&tree, "gtt_orphan"), 10 * GIB);
    link_put(&tree, "/proc/103/fd/3", "/dev/kfd"); /* a program of ROCm: nothing can be said */
    assert_int_equal(figure(&tree, "gtt_orphan"), 0);
    recorded_tree_free(&tree);
}

static void test_no_gpu(void **state)
{
    struct recorded_tree tree = recorded_tree_new();

    (void)state;
    recorded_tree_put(&tree, "/proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 500 kB\n");
    assert_int_equal(figure(&tree, "memory_total"), 1024000);
    assert_int_equal(figure(&tree, "gtt_total"), -1);
    assert_int_equal(figure(&tree, "gtt_orphan"), -1);
    recorded_tree_free(&tree);
}

/* A piece of a placement: three processes of a control group. */
static struct pieces *piece_put(struct recorded_tree *tree)
{
    struct pieces *pieces = pieces_new(&(struct pieces_options){ .system = recorded_tree_system(tree) });
    struct piece_entry *entry = entry_get(pieces, "chat.0.1.head");

    (void)snprintf(entry->group, sizeof(entry->group), "/system.slice/roost-piece-chat.0.1.head.service");
    entry->since_us = 1;
    recorded_tree_put(tree, GROUP "/cgroup.procs", "100\n101\n102\n");
    recorded_tree_put(tree, "/proc/100/status",
                      "VmRSS:\t40894464 kB\nRssAnon:\t 524288 kB\nRssFile:\t40370176 kB\nRssShmem:\t      0 kB\n");
    recorded_tree_put(tree, "/proc/101/status", "VmRSS:\t 1048576 kB\nRssFile:\t 524288 kB\n");
    return pieces;
}

static int64_t told(const struct value *map, const char *key)
{
    const struct value *value = value_map_get(map, key);

    return value_is(value, VALUE_INT) ? value->as.integer : -1;
}

/* Weights that are mapped are available to others: they are no memory of its own. What is in VRAM is told apart. */
static void test_piece(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct pieces *pieces = piece_put(&tree);
    const struct value *memory, *piece;

    (void)state;
    machine_put(&tree, "42949672960\n");
    holder_put(&tree, "100", "7", "39845888 KiB\ndrm-memory-vram:\t2048 KiB\ndrm-resident-vram:\t1024 KiB");
    memory = pieces_memory(pieces, tree.arena);
    assert_int_equal(told(memory, "vram_processes"), 2048 * 1024);
    piece = value_item(value_map_get(memory, "pieces"), 0);
    assert_string_equal(value_map_text(piece, "name"), "chat.0.1.head");
    assert_int_equal(told(piece, "rss"), 40 * GIB);
    assert_int_equal(told(piece, "anon"), GIB);
    assert_int_equal(told(piece, "gtt"), 38 * GIB);
    assert_int_equal(told(piece, "vram"), 2048 * 1024);
    assert_null(value_map_get(piece, "compute"));
    link_put(&tree, "/proc/102/fd/3", "/dev/kfd");
    recorded_tree_put(&tree, GROUP "/memory.stat", "anon 734003200\nfile 64424509440\nshmem 104857600\n");
    piece = value_item(value_map_get(pieces_memory(pieces, tree.arena), "pieces"), 0);
    assert_int_equal(told(piece, "anon"), 838860800); /* what is shared, once; no page cache */
    assert_true(value_map_true(piece, "compute"));
    piece = value_item(value_map_get(pieces_report(pieces, tree.arena), "pieces"), 0);
    assert_int_equal(told(piece, "anon_peak"), GIB);
    assert_int_equal(told(piece, "rss_peak"), 40 * GIB);
    assert_int_equal(told(piece, "gtt_peak"), 38 * GIB);
    assert_int_equal(told(piece, "vram_peak"), 2048 * 1024);
    pieces_free(pieces);
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_piece), cmocka_unit_test(test_all_is_held),
                                        cmocka_unit_test(test_orphan), cmocka_unit_test(test_no_gpu) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
