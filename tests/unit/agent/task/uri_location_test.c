/* SPDX-License-Identifier: Apache-2.0 */
/* URLs of redirects and downloads: the examples of RFC 3986, and what hostile servers send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "agent/task/uri_location.h"

static void joins(void **state)
{
    static const char base[] = "http://a/b/c/d;p?q";
    static const char *const cases[][2] = {
        { "g", "http://a/b/c/g" },        { "./g", "http://a/b/c/g" },   { "g/", "http://a/b/c/g/" },
        { "/g", "http://a/g" },           { "//g", "http://g" },         { "?y", "http://a/b/c/d;p?y" },
        { "g?y", "http://a/b/c/g?y" },    { "..", "http://a/b/" },       { "../g", "http://a/b/g" },
        { "../../../g", "http://a/g" },   { "g#s", "http://a/b/c/g#s" }, { ".", "http://a/b/c/" },
        { "https://x/y", "https://x/y" }, { "file:///x", "file:///x" },  { "g;x=1/../y", "http://a/b/c/y" },
    };
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(uri_join(arena, base, cases[i][0]), cases[i][1]);
    assert_string_equal(uri_join(arena, "http://a", "b"), "http://a/b");
}

static void tells_origins_apart(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_true(uri_same_origin(arena, "http://u:p@Host/a", "http://host:80/b?x"));
    assert_true(uri_same_origin(arena, "https://[::1]/", "https://[::1]:443/"));
    assert_false(uri_same_origin(arena, "http://host/", "https://host/"));
    assert_false(uri_same_origin(arena, "http://host/", "http://host:8080/"));
    assert_false(uri_same_origin(arena, "http://host/", "http://host@evil/"));
    assert_string_equal(uri_host(arena, "http://u@[fe80::1]:8/x"), "fe80::1");
}

static void names_files(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(uri_filename(arena, "http://h/a/b%20c.txt?x", NULL), "b c.txt");
    assert_string_equal(uri_filename(arena, "http://h/a/", NULL), "a");
    assert_string_equal(uri_filename(arena, "http://h/", NULL), "index.html");
    assert_string_equal(uri_filename(arena, "http://h/x%2f..", NULL), "index.html");
    assert_string_equal(uri_filename(arena, "http://h/x", "attachment; filename=\"/etc/passwd\""), "passwd");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins),
        cmocka_unit_test(tells_origins_apart),
        cmocka_unit_test(names_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
