/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 both ways (RFC 4648 vectors), and what Python's decoder forgives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/base/hash.h"

static void test_vectors(void **state)
{
    static const char *const pairs[][2] = { { "", "" },
                                            { "f", "Zg==" },
                                            { "f"
                                              "o",
                                              "Zm8=" },
                                            { "foo", "Zm9v" },
                                            { "foob", "Zm9vYg==" },
                                            { "fooba", "Zm9vYmE=" },
                                            { "foobar", "Zm9vYmFy" } };
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        char *data = NULL;
        size_t length = 99;

        assert_string_equal(base64_encode(arena, pairs[i][0], strlen(pairs[i][0])), pairs[i][1]);
        assert_true(base64_decode(arena, pairs[i][1], strlen(pairs[i][1]), &data, &length, &err));
        assert_int_equal(length, strlen(pairs[i][0]));
        assert_string_equal(data, pairs[i][0]);
    }
}

static void test_all_bytes(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    unsigned char bytes[256];
    char *text, *data = NULL;
    size_t length = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)i;
    text = base64_encode(arena, bytes, sizeof(bytes));
    assert_true(base64_decode(arena, text, strlen(text), &data, &length, &err));
    assert_int_equal(length, sizeof(bytes));
    assert_memory_equal(data, bytes, sizeof(bytes));
}

static void test_forgiving_and_refusing(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    char *data = NULL;
    size_t length = 0;

    (void)state;
    assert_true(base64_decode(arena, "Zm9v\nYg=\n=", 10, &data, &length, &err));
    assert_string_equal(data, "foob");
    assert_false(base64_decode(arena, "Zm9vYg", 6, &data, &length, &err));
    assert_string_equal(err.text, "Incorrect padding");
    assert_false(base64_decode(arena, "Zm9vY", 5, &data, &length, &err));
    assert_non_null(strstr(err.text, "number of data characters (5) cannot be 1 more than a multiple of 4"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_all_bytes),
        cmocka_unit_test(test_forgiving_and_refusing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
