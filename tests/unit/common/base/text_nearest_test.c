/* SPDX-License-Identifier: Apache-2.0 */
/* "did you mean": what is near, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/base/text.h"

static void test_nearest(void **state)
{
    static const char *const names[] = { "mode", "owner", "group", "state", "path", "recurse" };

    (void)state;
    assert_string_equal(text_nearest("moode", names, 6), "mode");
    assert_string_equal(text_nearest("ownr", names, 6), "owner");
    assert_string_equal(text_nearest("Group", names, 6), "group");
    assert_string_equal(text_nearest("recursive", names, 6), "recurse");
    assert_null(text_nearest("xyzzy", names, 6));
    assert_null(text_nearest("", names, 6));
    assert_null(text_nearest("a", names, 6));
    assert_null(text_nearest("mode", NULL, 0));
}

static void test_long_words_are_never_near(void **state)
{
    char word[200];
    const char *const names[] = { word };

    (void)state;
    memset(word, 'a', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    assert_null(text_nearest(word, names, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_long_words_are_never_near),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
