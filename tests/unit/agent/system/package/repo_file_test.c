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

static struct value *parsed(struct arena *arena, const char *text)
{
    struct error err = ERROR_INIT;
    struct value *sections = NULL;

    assert_true(repo_file_parse(arena, text, &sections, &err));
    return sections;
}

/* Expected texts are what Python's RawConfigParser writes of the same file. */
static void reads_as_python_does(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(repo_file_text(arena, parsed(arena, "[main]\nName=First\n# c\n # indented\npath : /a:b\n"
                                                            "multi = one\n   two\n # hidden\n   three ; no comment\n"
                                                            "[x]y]\nk=\n[Main]\nNAME = other\n")),
                        "[main]\nname = First\npath = /a:b\nmulti = one\n\ttwo\n\tthree ; no comment\n\n"
                        "[x]y]\nk = \n\n[Main]\nname = other\n\n");
    assert_string_equal(repo_file_text(arena, parsed(arena, "[a]\n b=1\n c=2\n\n\nd=3")),
                        "[a]\nb = 1\nc = 2\nd = 3\n\n");
    assert_string_equal(repo_file_text(arena, parsed(arena, "# nothing\n\n")), "");
}

static void the_last_of_two_counts(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(repo_file_text(arena, parsed(arena, "[a]\nx=1\nX=2\n[b]\ny=1\n[a]\nz=3\n")),
                        "[a]\nz = 3\n\n[b]\ny = 1\n\n");
}

static void reads_what_it_writes(void **state)
{
    static const char text[] = "[r]\nbaseurl = http://a/$basearch\n\thttp://b/\ngpgcheck = 1\n\n[s]\nenabled = 0\n\n";
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(repo_file_text(arena, parsed(arena, text)), text);
    assert_string_equal(repo_file_text(arena, parsed(arena, repo_file_text(arena, parsed(arena, text)))), text);
}

static void leaves_the_result_alone_when_it_fails(void **state)
{
    static const char *const bad[] = { "[a]\n= x\n", "[a]\n[b\n", "x\n", " x = 1\n" };
    ARENA_SCOPED arena = arena_new();
    struct value *sections = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error err = ERROR_INIT;

        assert_false(repo_file_parse(arena, bad[i], &sections, &err));
        assert_true(strncmp(err.text, "line ", 5) == 0);
    }
    assert_null(sections);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes),     cmocka_unit_test(names_bad_lines),
        cmocka_unit_test(reads_as_python_does), cmocka_unit_test(the_last_of_two_counts),
        cmocka_unit_test(reads_what_it_writes), cmocka_unit_test(leaves_the_result_alone_when_it_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
