/* SPDX-License-Identifier: Apache-2.0 */
/* Files of dnf repositories. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/package/repo_file.h"

static void reads_and_writes(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct value *sections = NULL;

    (void)state;
    assert_true(
        repo_file_parse(arena, "; c\n[b]\nName : x = y \nurl = 1\n  2\n\n  3\n[a]\nempty =\n", &sections, &err));
    assert_string_equal(repo_file_text(arena, sections),
                        "[b]\nname = x = y\nurl = 1\n\t2\n\t\n\t3\n\n[a]\nempty = \n\n");
    assert_string_equal(repo_file_shown(arena, sections), "[a]\nempty = \n\n[b]\nname = x = y\nurl = 1\n2\n\n3\n\n");
}

static void names_bad_lines(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct value *sections = NULL;

    (void)state;
    assert_false(repo_file_parse(arena, "a=1\n", &sections, &err));
    assert_string_equal(err.text, "line 1: File contains no section headers");
    assert_false(repo_file_parse(arena, "[a]\nb\n", &sections, &err));
    assert_string_equal(err.text, "line 2 is neither a section nor an option: 'b'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes),
        cmocka_unit_test(names_bad_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
