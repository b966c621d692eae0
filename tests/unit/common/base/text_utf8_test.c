/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8: valid, overlong, cut and invalid sequences, and the way back to bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/base/text.h"

static void test_decoding(void **state)
{
    const char *text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
    size_t offset = 0, length = strlen(text);

    (void)state;
    assert_int_equal(text_utf8_next(text, length, &offset), 'a');
    assert_int_equal(text_utf8_next(text, length, &offset), 0xE9);
    assert_int_equal(text_utf8_next(text, length, &offset), 0x20AC);
    assert_int_equal(text_utf8_next(text, length, &offset), 0x1F600);
    assert_int_equal(offset, length);
    assert_int_equal(text_utf8_count(text, length), 4);
    assert_int_equal(text_utf8_offset(text, length, 2), 3);
    assert_int_equal(text_utf8_offset(text, length, 99), length);
    assert_true(text_utf8_valid(text, length));
}

static void test_invalid_bytes_count_one_each(void **state)
{
    static const char *const broken[] = { "\x80", "\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xFF" };

    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        assert_int_equal(text_utf8_count(broken[i], strlen(broken[i])), strlen(broken[i]));
        assert_false(text_utf8_valid(broken[i], strlen(broken[i])));
    }
}

static void test_every_text_survives_decoding_and_encoding(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct text out = text_new(arena);
    const char *text = "x\xC3\xA9\x80\xE2\x82\xAC\xE2\x82z\xF0\x9F\x98\x80\xFF";

    (void)state;
    for (size_t offset = 0; offset < strlen(text);)
        text_add_codepoint(&out, text_utf8_next(text, strlen(text), &offset));
    assert_string_equal(out.data, text);
}

static void test_impossible_code_points_are_replaced(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct text out = text_new(arena);

    (void)state;
    text_add_codepoint(&out, 0xD800);
    text_add_codepoint(&out, 0x110000);
    assert_string_equal(out.data, "\xEF\xBF\xBD\xEF\xBF\xBD");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decoding),
        cmocka_unit_test(test_invalid_bytes_count_one_each),
        cmocka_unit_test(test_every_text_survives_decoding_and_encoding),
        cmocka_unit_test(test_impossible_code_points_are_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
