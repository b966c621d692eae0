/* SPDX-License-Identifier: Apache-2.0 */
/* More than can be looked after: the report says that it is not all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "agent/pieces/pieces_parts.h"
#include "tests/unit/agent/system/recorded_tree.h"

static bool is_cut(const struct pieces *pieces, struct arena *arena)
{
    return value_map_true(pieces_report(pieces, arena), "cut");
}

static void what_is_cut_is_said(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    struct pieces *pieces = pieces_new(&(struct pieces_options){ .system = recorded_tree_system(&tree) });
    const char **names = arena_new_array(tree.arena, const char *, ENTRIES_MAX + 3);

    (void)state;
    for (size_t i = 0; i < ENTRIES_MAX; i++)
        names[i] = arena_printf(tree.arena, "t.0.%zu", i);
    assert_true(entries_collect(pieces, names));
    assert_int_equal(pieces->entries_count, ENTRIES_MAX);
    assert_false(is_cut(pieces, tree.arena));
    /* a unit whose name no piece can have is no piece that the controller would miss */
    names[ENTRIES_MAX] = arena_printf(tree.arena, "%0*d", PIECE_NAME_MAX + 1, 0);
    assert_false(entries_collect(pieces, names));
    assert_false(is_cut(pieces, tree.arena));
    names[ENTRIES_MAX + 1] = "t.0.more";
    assert_false(entries_collect(pieces, names));
    assert_true(is_cut(pieces, tree.arena));
    pieces_free(pieces);
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_cut_is_said) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
