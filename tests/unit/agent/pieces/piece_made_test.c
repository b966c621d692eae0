/* SPDX-License-Identifier: Apache-2.0 */
/* What is made of a piece on the disk: closed to others, whole or not at all, gone without a trace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>
#include <cmocka.h>

#include "agent/pieces/piece_made.h"
#include "common/json/json.h"
#include "tests/unit/agent/system/recorded_tree.h"

static struct placement placement_of(struct arena *arena, const char *pieces)
{
    const char *text = arena_printf(arena, "{\"epoch\":1,\"pieces\":[%s]}", pieces);
    const struct value *map = NULL;
    struct placement placement = { 0 };
    struct error err = ERROR_INIT;

    if (!json_read(arena, text, strlen(text), NULL, &map, &err) || !placement_bind(arena, map, &placement, &err))
        fail_msg("%s", err.text);
    return placement;
}

static int mode_of(struct recorded_tree *tree, const char *path)
{
    struct stat info;

    return stat(arena_printf(tree->arena, "%s%s", tree->root, path), &info) == 0 ? (int)(info.st_mode & 07777) : -1;
}

static void test_write_and_remove(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const struct system *system = recorded_tree_system(&tree);
    struct placement one = placement_of(tree.arena, "{\"name\":\"a\",\"secrets\":{\"K\":\"s\"},\"program\":\"x\"}");
    struct placement again = placement_of(tree.arena, "{\"program\":\"x\",\"secrets\":{\"K\":\"s\"},\"name\":\"a\"}");
    struct placement other = placement_of(tree.arena, "{\"name\":\"a\",\"program\":\"y\"}");
    struct error err = ERROR_INIT;

    (void)state;
    assert_null(piece_made_definition(system, tree.arena, "a"));
    if (!piece_made_write(system, tree.arena, &one.pieces[0], "[Unit]\n", &err))
        fail_msg("%s", err.text);
    assert_string_equal(recorded_tree_get(&tree, "/run/systemd/system/roost-piece-a.service"), "[Unit]\n");
    assert_string_equal(recorded_tree_get(&tree, "/run/roost-pieces/a/secrets"), "K=\"s\"\n");
    assert_int_equal(mode_of(&tree, "/run/roost-pieces"), 0700);
    assert_int_equal(mode_of(&tree, "/run/roost-pieces/a/secrets"), 0600);
    assert_int_equal(mode_of(&tree, "/run/roost-pieces/a/piece.json"), 0600);
    assert_int_equal(mode_of(&tree, "/run/systemd/system/roost-piece-a.service"), 0644);

    /* the order of members is no difference, a member is */
    assert_string_equal(piece_made_definition(system, tree.arena, "a"),
                        piece_definition(tree.arena, again.pieces[0].written));
    assert_string_not_equal(piece_made_definition(system, tree.arena, "a"),
                            piece_definition(tree.arena, other.pieces[0].written));

    assert_true(piece_made_write(system, tree.arena, &other.pieces[0], "[Unit]\n", &err));
    assert_int_equal(mode_of(&tree, "/run/roost-pieces/a/secrets"), -1);
    assert_true(piece_made_remove(system, tree.arena, "a", &err));
    assert_true(piece_made_remove(system, tree.arena, "a", &err));
    assert_int_equal(mode_of(&tree, "/run/roost-pieces/a"), -1);
    assert_null(piece_made_definition(system, tree.arena, "a"));
    assert_null(piece_made_names(system, tree.arena)[0]);
    recorded_tree_free(&tree);
}

/* Broken off between two files: what is there is found, and counts as not made. */
static void test_halves(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const struct system *system = recorded_tree_system(&tree);
    const char **names;

    (void)state;
    recorded_tree_put(&tree, "/run/systemd/system/roost-piece-a.service", "[Unit]\n");
    recorded_tree_put(&tree, "/run/systemd/system/other.service", "[Unit]\n");
    recorded_tree_put(&tree, "/run/roost-pieces/b/piece.json", "{}");
    names = piece_made_names(system, tree.arena);
    assert_string_equal(names[0], "a");
    assert_string_equal(names[1], "b");
    assert_null(names[2]);
    assert_null(piece_made_definition(system, tree.arena, "a"));
    assert_null(piece_made_definition(system, tree.arena, "b"));
    recorded_tree_free(&tree);
}

static void test_unit_files(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const struct system *system = recorded_tree_system(&tree);
    struct error err = ERROR_INIT;
    bool changed = false;

    (void)state;
    assert_true(piece_unit_file_put(system, tree.arena, "x.timer", "a\n", &changed, &err));
    assert_true(changed);
    assert_true(piece_unit_file_put(system, tree.arena, "x.timer", "a\n", &changed, &err));
    assert_false(changed);
    assert_true(piece_unit_file_remove(system, tree.arena, "x.timer", &changed, &err));
    assert_true(changed);
    assert_true(piece_unit_file_remove(system, tree.arena, "x.timer", &changed, &err));
    assert_false(changed);
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_write_and_remove), cmocka_unit_test(test_halves),
                                        cmocka_unit_test(test_unit_files) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
