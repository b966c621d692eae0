/* SPDX-License-Identifier: Apache-2.0 */
/* Small files that may be missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/file/text_file.h"
#include "tests/unit/agent/system/recorded_tree.h"

static void reads_and_removes(void **state)
{
    struct recorded_tree tree = recorded_tree_new();
    const struct system *system = recorded_tree_system(&tree);
    struct error err = ERROR_INIT;
    char *text = NULL;

    (void)state;
    recorded_tree_put(&tree, "/f", "a");
    assert_true(text_file_read(system, tree.arena, "/f", &text, &err));
    assert_string_equal(text, "a");
    assert_true(text_file_remove(system, tree.arena, "/f", &err));
    assert_true(text_file_remove(system, tree.arena, "/f", &err));
    assert_true(text_file_read(system, tree.arena, "/f", &text, &err));
    assert_null(text);
    assert_true(text_file_read(system, tree.arena, "/f/g", &text, &err));
    assert_null(text);
    recorded_tree_put(&tree, "/folder/f", "a");
    assert_false(text_file_read(system, tree.arena, "/folder", &text, &err));
    assert_false(text_file_remove(system, tree.arena, "/folder", &err));
    recorded_tree_free(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_removes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
