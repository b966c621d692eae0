/* SPDX-License-Identifier: Apache-2.0 */
/* File names of URLs and files of checksums. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "agent/task/url_checksum.h"

static void names_files(void **state)
{
    static const struct {
        const char *url, *name;
    } cases[] = {
        { "http://h/a/b.txt", "b.txt" }, { "http://h/a/b.txt?x=/y#z", "b.txt" },
        { "http://h", "index.html" },    { "http://h/a/", "index.html" },
        { "file:///a/b", "b" },          { "http://h/?q=1", "index.html" },
    };
    ARENA_SCOPED arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(url_filename(arena, cases[i].url), cases[i].name);
    assert_true(url_is_complete("https://h/SUMS"));
    assert_false(url_is_complete("abcdef"));
    assert_false(url_is_complete("gopher://h"));
}

static void finds_checksums(void **state)
{
    static const char sums[] = "aa  other\nbb *./dir/file\ncc  ./file\ndd  file\n";
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(url_checksum_find(arena, sums, "other"), "aa");
    assert_string_equal(url_checksum_find(arena, sums, "file"), "cc");
    assert_string_equal(url_checksum_find(arena, sums, "dir/file"), "bb");
    assert_null(url_checksum_find(arena, sums, "none"));
    assert_string_equal(url_checksum_find(arena, "ee\n", "any"), "ee");
    assert_null(url_checksum_find(arena, "", "any"));
}

static void cleans_checksums(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(url_checksum_clean(arena, "AB-cd \xe2\x80\x8b"
                                                  "01"),
                        "abcd01");
    assert_null(url_checksum_clean(arena, "xyz"));
    assert_null(url_checksum_clean(arena, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_files),
        cmocka_unit_test(finds_checksums),
        cmocka_unit_test(cleans_checksums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
