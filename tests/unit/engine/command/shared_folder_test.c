/* SPDX-License-Identifier: Apache-2.0 */
/* Roost's own roles: of an installed program and of one in a build folder. */
#include "engine/command/shared_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_folders(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const char *found = shared_folder_of(arena, SOURCE_FOLDER "/build/release/roost", "roles");

    (void)state;
    assert_non_null(found);
    assert_string_equal(found, SOURCE_FOLDER "/roles");
    assert_null(shared_folder_of(arena, SOURCE_FOLDER "/build/release/roost", "no-such-folder"));
    assert_null(shared_folder_of(arena, SOURCE_FOLDER "/bin/release/roost", "roles"));
    assert_null(shared_folder_of(arena, "/nowhere/build/release/roost", "roles"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_folders) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
