/* SPDX-License-Identifier: Apache-2.0 */
/* Replacing in texts as Python's re.subn does, and the encodings around it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "agent/task/replace_encoding.h"
#include "agent/task/replace_text.h"

static void assert_replaced(const char *text, struct replace_request request, const char *wanted, size_t count)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct replace_outcome outcome = { 0 };

    assert_true(replace_text(arena, text, strlen(text), &request, &outcome, &err));
    assert_null(outcome.missing);
    assert_string_equal(outcome.data, wanted);
    assert_int_equal(outcome.count, count);
}

static void replaces(void **state)
{
    (void)state;
    assert_replaced("abxd", (struct replace_request){ .regexp = "x*", .replace = "-" }, "-a-b--d-", 5);
    assert_replaced("a\nb\n", (struct replace_request){ .regexp = "^(.)$", .replace = "<\\1>" }, "<a>\n<b>\n", 2);
    assert_replaced("x[x]x", (struct replace_request){ "x", "y", "\\[", NULL }, "x[y]y", 2);
    assert_replaced("x\n[x]x", (struct replace_request){ "x", "y", NULL, "\\[" }, "y\n[x]x", 1);
    assert_replaced("a1b1b", (struct replace_request){ "^1", "2", "a", "b" }, "a2b1b", 1);
    assert_replaced("", (struct replace_request){ .regexp = "x", .replace = "y" }, "", 0);
}

static void says_what_is_missing(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct replace_outcome outcome = { 0 };
    struct replace_request request = { "x", "y", "after", NULL };

    (void)state;
    assert_true(replace_text(arena, "x", 1, &request, &outcome, &err));
    assert_string_equal(outcome.missing, "after(?P<subsection>.*)");
    assert_string_equal(outcome.data, "x");
    request = (struct replace_request){ "(x)", "\\2", NULL, NULL };
    assert_false(replace_text(arena, "x", 1, &request, &outcome, &err));
    assert_non_null(strstr(err.text, "invalid group reference 2"));
}

static void encodes(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct text text = text_new(arena), back = text_new(arena);
    enum replace_encoding encoding = REPLACE_UTF8;
    struct error err = ERROR_INIT;

    (void)state;
    assert_true(replace_encoding_find("ISO_8859-1", &encoding));
    assert_int_equal(encoding, REPLACE_LATIN1);
    assert_false(replace_encoding_find("koi8-r", &encoding));
    assert_true(replace_encoding_read(REPLACE_UTF16, "\xfe\xff\xd8\x3d\xde\x00\x00\x61", 8, &text, &err));
    assert_string_equal(text.data, "\xf0\x9f\x98\x80\x61");
    assert_true(replace_encoding_write(REPLACE_UTF16_BE, text.data, text.length, &back, &err));
    assert_memory_equal(back.data, "\xd8\x3d\xde\x00\x00\x61", 6);
    assert_false(replace_encoding_read(REPLACE_UTF16_LE, "\x00\xd8", 2, &text, &err));
    assert_non_null(strstr(err.text, "half a surrogate pair"));
    assert_false(replace_encoding_write(REPLACE_LATIN1, text.data, text.length, &back, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces),
        cmocka_unit_test(says_what_is_missing),
        cmocka_unit_test(encodes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
