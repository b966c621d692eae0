/* SPDX-License-Identifier: Apache-2.0 */
/* Joining, comparing and escaping URLs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/http/http_url.h"

static void check_join(const char *base, const char *reference, const char *wanted)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    char *joined = NULL;

    assert_true(http_url_join(arena, base, reference, &joined, &err));
    assert_string_equal(joined, wanted);
}

static void test_join(void **state)
{
    struct error err = ERROR_INIT;
    ARENA_SCOPED arena = arena_new();
    char *joined = NULL;

    (void)state;
    check_join("https://hub.example/a/b?c", "/d/e", "https://hub.example/d/e");
    check_join("https://hub.example/a/b", "../d", "https://hub.example/d");
    check_join("https://hub.example/a/b", "https://cdn.example/x?sig=1#f", "https://cdn.example/x?sig=1");
    check_join("https://hub.example/a/b", "//cdn.example/x", "https://cdn.example/x");
    assert_false(http_url_join(arena, "https://hub.example/", "http://[", &joined, &err));
}

static void test_origin(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    char *origin = NULL;

    (void)state;
    assert_true(http_url_origin(arena, "HTTPS://Hub.Example/a", &origin, &err));
    assert_string_equal(origin, "https://hub.example:443");
    assert_true(http_url_origin(arena, "http://user:pw@hub.example:81/a", &origin, &err));
    assert_string_equal(origin, "http://hub.example:81");
    assert_false(http_url_origin(arena, "://", &origin, &err));
}

static void test_escape(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_string_equal(http_url_escape(arena, "a b/c?d#e%~", "/"), "a%20b/c%3Fd%23e%25~");
    assert_string_equal(http_url_escape(arena, "refs/pr/1", ""), "refs%2Fpr%2F1");
    assert_string_equal(http_url_escape(arena, "", ""), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_join), cmocka_unit_test(test_origin),
                                        cmocka_unit_test(test_escape) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
