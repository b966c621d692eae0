/* SPDX-License-Identifier: Apache-2.0 */
/* Folders of state kept to a size, and what jobs write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/pieces/piece_state.h"
#include "agent/pieces/piece_unused.h"
#include "common/base/clock.h"
#include "tests/unit/agent/system/recorded_tree.h"

#define FILE_BYTES 8192

/* Of two blocks, used so many seconds ago. */
static void put_old(struct recorded_tree *tree, const char *path, int64_t ago_s)
{
    char content[FILE_BYTES + 1];
    int64_t at_s = clock_wall_us() / 1000000 - ago_s;
    const struct timespec times[2] = { { .tv_sec = at_s }, { .tv_sec = at_s } };

    memset(content, 'x', FILE_BYTES);
    content[FILE_BYTES] = '\0';
    recorded_tree_put(tree, path, content);
    assert_int_equal(utimensat(AT_FDCWD, arena_printf(tree->arena, "%s%s", tree->root, path), times, 0), 0);
}

static bool is_there(struct recorded_tree *tree, const char *path)
{
    return path_exists(arena_printf(tree->arena, "%s%s", tree->root, path));
}

static void test_trim(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const struct system *system = recorded_tree_system(&tree);
    struct piece_trim trim = { .state = "rpc", .most = 2 * FILE_BYTES, .young_s = STATE_YOUNG_S };
    int64_t freed = 0;
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(piece_state_trim(system, tree.arena, &trim, &freed, &err)); /* no such folder */
    put_old(&tree, "/var/lib/private/roost-pieces/rpc/old", 4000);
    put_old(&tree, "/var/lib/private/roost-pieces/rpc/sub/older", 5000);
    put_old(&tree, "/var/lib/private/roost-pieces/rpc/new", 3000);
    put_old(&tree, "/var/lib/private/roost-pieces/rpc/now", 0);
    put_old(&tree, "/etc/precious", 9000);
    recorded_tree_put(&tree, "/var/lib/roost-pieces/x", "");
    assert_int_equal(
        symlink("../private/roost-pieces/rpc", arena_printf(tree.arena, "%s/var/lib/roost-pieces/rpc", tree.root)), 0);
    assert_int_equal(
        symlink("../../../../../etc", arena_printf(tree.arena, "%s/var/lib/private/roost-pieces/rpc/out", tree.root)),
        0);

    assert_true(piece_state_trim(system, tree.arena, &trim, &freed, &err));
    assert_int_equal(freed, 2 * FILE_BYTES);
    assert_false(is_there(&tree, "/var/lib/private/roost-pieces/rpc/sub/older"));
    assert_false(is_there(&tree, "/var/lib/private/roost-pieces/rpc/old"));
    assert_true(is_there(&tree, "/var/lib/private/roost-pieces/rpc/new"));
    assert_true(is_there(&tree, "/etc/precious"));

    trim.most = 1; /* what is in use stays */
    assert_true(piece_state_trim(system, tree.arena, &trim, &freed, &err));
    assert_true(is_there(&tree, "/var/lib/private/roost-pieces/rpc/now"));
    assert_false(is_there(&tree, "/var/lib/private/roost-pieces/rpc/new"));
    trim.young_s = 0; /* before a start nothing is */
    assert_true(piece_state_trim(system, tree.arena, &trim, &freed, &err));
    assert_false(is_there(&tree, "/var/lib/private/roost-pieces/rpc/now"));
    assert_true(is_there(&tree, "/etc/precious"));
    recorded_tree_free(&tree);
}

static void test_no_limit(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const struct piece_trim trim = { .state = "rpc" };
    int64_t freed = 0;
    struct error err = ERROR_INIT;

    (void)state;
    put_old(&tree, "/var/lib/roost-pieces/rpc/a", 5000);
    assert_true(piece_state_trim(recorded_tree_system(&tree), tree.arena, &trim, &freed, &err));
    assert_true(is_there(&tree, "/var/lib/roost-pieces/rpc/a"));
    recorded_tree_free(&tree);
}

static void state_put(struct recorded_tree *tree, const char *name)
{
    const char *link = arena_printf(tree->arena, "%s/var/lib/roost-pieces/%s", tree->root, name);
    struct error err = ERROR_INIT;

    put_old(tree, arena_printf(tree->arena, "/var/lib/private/roost-pieces/%s/sub/file", name), 5000);
    assert_true(file_tree_make(tree->arena, path_dirname(tree->arena, link), &err));
    assert_int_equal(symlink(arena_printf(tree->arena, "../private/roost-pieces/%s", name), link), 0);
}

static bool has_state(struct recorded_tree *tree, const char *name)
{
    struct stat info;
    bool is_linked = lstat(arena_printf(tree->arena, "%s/var/lib/roost-pieces/%s", tree->root, name), &info) == 0;

    assert_int_equal(is_linked, is_there(tree, arena_printf(tree->arena, "/var/lib/private/roost-pieces/%s", name)));
    return is_linked;
}

static void tidy(struct recorded_tree *tree, const struct piece_named *named, size_t count, int64_t now_s)
{
    struct error err = ERROR_INIT;

    if (!piece_states_tidy(recorded_tree_system(tree), tree->arena, named, count, now_s, &err))
        fail_msg("%s", err.text);
}

#define DAY ((int64_t)24 * 3600)

static void test_unused(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const struct piece_named named[] = { { "used", true }, { "cache", true }, { "data", false } };
    int64_t now_s = 1000000;

    (void)state;
    tidy(&tree, named, 0, now_s); /* no such folders */
    for (size_t i = 0; i < 3; i++)
        state_put(&tree, named[i].state);
    state_put(&tree, "unknown");
    put_old(&tree, "/etc/precious", 9000);
    assert_int_equal(symlink("/etc", arena_printf(tree.arena, "%s/var/lib/private/roost-pieces/cache/out", tree.root)),
                     0);
    tidy(&tree, named, 3, now_s);
    tidy(&tree, named, 1, now_s);
    for (int day = 1; day < UNUSED_CACHE_DAYS; day++) {
        tidy(&tree, named, 1, now_s += DAY);
        tidy(&tree, named, 1, now_s + 60); /* more often counts once */
    }
    assert_true(has_state(&tree, "cache"));
    tidy(&tree, named, 1, now_s += DAY);
    assert_false(has_state(&tree, "cache"));
    assert_true(has_state(&tree, "used"));
    assert_true(is_there(&tree, "/etc/precious"));
    for (int day = UNUSED_CACHE_DAYS + 1; day < UNUSED_DATA_DAYS; day++)
        tidy(&tree, named, 1, now_s += DAY);
    assert_true(has_state(&tree, "data"));
    assert_true(has_state(&tree, "unknown"));
    tidy(&tree, named, 1, now_s += DAY);
    assert_false(has_state(&tree, "data"));
    assert_false(has_state(&tree, "unknown"));
    assert_true(has_state(&tree, "used"));
    assert_true(is_there(&tree, "/var/lib/roost/states/used"));
    assert_false(is_there(&tree, "/var/lib/roost/states/data")); /* nothing is left of it */
    recorded_tree_free(&tree);
}

/* Neither years at once nor a piece that comes back count. */
static void test_unused_clock(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const struct piece_named named[] = { { "cache", true } };
    int64_t now_s = 1000;

    (void)state;
    state_put(&tree, "cache");
    tidy(&tree, named, 1, now_s);
    tidy(&tree, named, 0, now_s);
    tidy(&tree, named, 0, now_s = 1700000000);
    tidy(&tree, named, 0, now_s = 1000000000); /* set back: begins anew from there */
    for (int day = 0; day < UNUSED_CACHE_DAYS - 2; day++)
        tidy(&tree, named, 0, now_s += DAY);
    assert_true(has_state(&tree, "cache"));
    tidy(&tree, named, 1, now_s); /* named again */
    for (int day = 0; day < UNUSED_CACHE_DAYS; day++)
        tidy(&tree, named, 0, now_s += DAY);
    assert_true(has_state(&tree, "cache"));
    tidy(&tree, named, 0, now_s += DAY);
    assert_false(has_state(&tree, "cache"));
    recorded_tree_free(&tree);
}

static void output_put(struct recorded_tree *tree, const char *text, size_t length)
{
    const char *path = arena_printf(tree->arena, "%s" PIECES_OUTPUTS "/a.0.output", tree->root);
    struct error err = ERROR_INIT;
    FD_SCOPED fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

    assert_true(fd >= 0 && fd_write_all(fd, text, length, &err));
}

static void test_output(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const struct system *system = recorded_tree_system(&tree);
    char *large = arena_alloc(tree.arena, 3 * (size_t)OUTPUT_KEPT);
    const char *read;
    struct error err = ERROR_INIT;
    struct stat info;

    (void)state;
    assert_string_equal(piece_output_read(system, tree.arena, "a.0"), "");
    assert_true(piece_output_begin(system, tree.arena, "a.0", &err));
    output_put(&tree,
               "a\0b\xff"
               "c\n",
               6);
    assert_string_equal(piece_output_read(system, tree.arena, "a.0"), "ab?c\n");

    memset(large, 'y', 2 * (size_t)OUTPUT_KEPT);
    output_put(&tree, large, 2 * (size_t)OUTPUT_KEPT);
    output_put(&tree, "the end", 7);
    piece_output_bound(system, tree.arena, "a.0");
    assert_int_equal(stat(arena_printf(tree.arena, "%s" PIECES_OUTPUTS "/a.0.output", tree.root), &info), 0);
    assert_true((int64_t)info.st_blocks * 512 < OUTPUT_KEPT);
    output_put(&tree, " of it", 6);
    read = piece_output_read(system, tree.arena, "a.0");
    assert_true(strlen(read) <= PIECE_OUTPUT_MAX);
    assert_string_equal(read + strlen(read) - 13, "the end of it");

    assert_true(piece_output_begin(system, tree.arena, "a.0", &err)); /* begun anew */
    assert_string_equal(piece_output_read(system, tree.arena, "a.0"), "");
    recorded_tree_free(&tree);
}

static void test_begun_and_tidy(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const struct system *system = recorded_tree_system(&tree);
    struct error err = ERROR_INIT;

    (void)state;
    assert_null(piece_begun_read(system, tree.arena, "a.0"));
    assert_true(piece_begun_write(system, tree.arena, "a.0", "boot-1", &err));
    assert_true(piece_begun_write(system, tree.arena, "b", "boot-1", &err));
    assert_string_equal(piece_begun_read(system, tree.arena, "a.0"), "boot-1");
    piece_outputs_tidy(system, tree.arena, (const char *const[]){ "a.0", NULL });
    assert_null(piece_begun_read(system, tree.arena, "b"));
    assert_non_null(piece_begun_read(system, tree.arena, "a.0"));
    piece_output_remove(system, tree.arena, "a.0");
    assert_null(piece_begun_read(system, tree.arena, "a.0"));
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_trim),   cmocka_unit_test(test_no_limit),
                                        cmocka_unit_test(test_output), cmocka_unit_test(test_begun_and_tidy),
                                        cmocka_unit_test(test_unused), cmocka_unit_test(test_unused_clock) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
