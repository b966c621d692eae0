/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as text: the expected results are those of Python's os.path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/base/path.h"

struct path_case {
    const char *in, *second, *out;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct path_case normalize_cases[] = {
    { "", "", "." },
    { "/", "", "/" },
    { "//", "", "//" },
    { "///", "", "/" },
    { "a/", "", "a" },
    { "a//b", "", "a/b" },
    { "./a", "", "a" },
    { "a/./b", "", "a/b" },
    { "a/..", "", "." },
    { "a/../..", "", ".." },
    { "/..", "", "/" },
    { "/../a", "", "/a" },
    { "//a/../b", "", "//b" },
    { "../../x", "", "../../x" },
    { "a/b/../../..", "", ".." },
    { "/a/b/../c/", "", "/a/c" },
    { ".", "", "." },
    { "..", "", ".." },
    { "///a", "", "/a" },
};

static const struct path_case join_cases[] = {
    { "a", "b", "a/b" }, { "a/", "b", "a/b" }, { "", "b", "b" },
    { "a", "/b", "/b" }, { "/", "x", "/x" },   { "a", "", "a/" },
};

static const struct path_case dirname_cases[] = {
    { "/a/b", "b", "/a" }, { "/a/", "", "/a" },  { "a", "a", "" },     { "", "", "" },         { "/", "", "/" },
    { "//", "", "//" },    { "//a", "a", "//" }, { "a//b", "b", "a" }, { "a/b//", "", "a/b" }, { "///x", "x", "///" },
};

static const struct path_case user_cases[] = {
    { "~", "", "/home/me" }, { "~/x", "", "/home/me/x" },  { "~nosuchuser/x", "", "~nosuchuser/x" },
    { "x~", "", "x~" },      { "~root/a", "", "/root/a" },
};

static const struct path_case extension_cases[] = {
    { "a.yml", "", ".yml" }, { ".bashrc", "", "" }, { "a.tar.gz", "", ".gz" }, { "a", "", "" },
    { "x.d/file", "", "" },  { "..x", "", "" },     { "a.", "", "." },         { ".a.b", "", ".b" },
};

static void test_normalize(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT(normalize_cases); i++)
        assert_string_equal(path_normalize(arena, normalize_cases[i].in), normalize_cases[i].out);
}

static void test_join(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT(join_cases); i++)
        assert_string_equal(path_join(arena, join_cases[i].in, join_cases[i].second), join_cases[i].out);
}

static void test_parts(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t i = 0; i < COUNT(dirname_cases); i++) {
        assert_string_equal(path_dirname(arena, dirname_cases[i].in), dirname_cases[i].out);
        assert_string_equal(path_basename(dirname_cases[i].in), dirname_cases[i].second);
    }
    for (size_t i = 0; i < COUNT(extension_cases); i++)
        assert_string_equal(path_extension(extension_cases[i].in), extension_cases[i].out);
}

static void test_expand_user(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    setenv("HOME", "/home/me", 1);
    for (size_t i = 0; i < COUNT(user_cases); i++)
        assert_string_equal(path_expand_user(arena, user_cases[i].in), user_cases[i].out);
    setenv("HOME", "/", 1);
    assert_string_equal(path_expand_user(arena, "~"), "/");
    assert_string_equal(path_expand_user(arena, "~/x"), "/x");
}

static void test_absolute_and_inside(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_int_equal(chdir("/usr"), 0);
    assert_string_equal(path_absolute(arena, "lib/../bin"), "/usr/bin");
    assert_string_equal(path_absolute(arena, "/a/./b"), "/a/b");
    assert_true(path_is_inside("/a/b", "/a"));
    assert_true(path_is_inside("/a", "/a"));
    assert_true(path_is_inside("/a", "/"));
    assert_false(path_is_inside("/ab", "/a"));
}

static void test_file_system(void **state)
{
    (void)state;
    assert_true(path_exists("/proc/self/status"));
    assert_true(path_is_file("/proc/self/status"));
    assert_true(path_is_folder("/proc"));
    assert_false(path_is_file("/proc"));
    assert_false(path_exists("/no/such/thing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normalize),
        cmocka_unit_test(test_join),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_expand_user),
        cmocka_unit_test(test_absolute_and_inside),
        cmocka_unit_test(test_file_system),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
