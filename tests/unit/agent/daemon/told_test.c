/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/daemon/told.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void test_turns(void **state)
{
    struct told told = { .next = 0 };

    (void)state;
    assert_true(told_is_news(&told, "no connection: refused", 1000));
    assert_true(told_is_news(&told, "no answer within 60 seconds", 1001));
    for (int64_t at_ms = 2000; at_ms < 100000; at_ms += 1000) {
        assert_false(told_is_news(&told, "no connection: refused", at_ms));
        assert_false(told_is_news(&told, "no answer within 61 seconds", at_ms));
    }
    assert_true(told_is_news(&told, "no connection: no route", 100000));
    /* once a day */
    assert_true(told_is_news(&told, "no connection: refused", 1000 + TOLD_AGE_MS));
    assert_false(told_is_news(&told, "no connection: refused", 1001 + TOLD_AGE_MS));
    told_forget(&told);
    assert_true(told_is_news(&told, "no connection: refused", 1002 + TOLD_AGE_MS));
}

static void test_many(void **state)
{
    struct told told = { .next = 0 };
    char sentence[3] = "xx";

    (void)state;
    for (int i = 0; i < 100; i++) {
        sentence[0] = (char)('a' + i % 26);
        sentence[1] = (char)('a' + i / 26);
        assert_true(told_is_news(&told, sentence, i));
        assert_false(told_is_news(&told, sentence, i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_turns), cmocka_unit_test(test_many) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
