/* SPDX-License-Identifier: Apache-2.0 */
/* Failed tasks of a run: named with host and message; what is ignored, hidden or meant for a terminal is not told. */
#include "cli/run_failures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/json/json.h"

static void take(struct run_failures *failures, const char *text)
{
    const struct value *event = NULL;
    struct error err = ERROR_INIT;

    if (!json_read(failures->arena, text, strlen(text), NULL, &event, &err))
        fail_msg("%s", err.text);
    run_failures_take(failures, event);
}

static void tasks_are_named_with_host_and_message(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct run_failures failures;

    (void)state;
    run_failures_init(&failures, arena);
    take(&failures, "{\"event\":\"result\",\"host\":\"a\",\"name\":\"One\",\"outcome\":\"ok\",\"result\":{}}");
    take(&failures, "{\"event\":\"result\",\"host\":\"a\",\"name\":\"Two\",\"outcome\":\"failed\",\"ignored\":true,"
                    "\"result\":{\"msg\":\"never mind\"}}");
    take(&failures, "{\"event\":\"result\",\"host\":\"a\",\"name\":\"Three\",\"outcome\":\"failed\","
                    "\"result\":{\"msg\":\"non-zero return code\",\"stderr\":\"oops\\n\"}}");
    take(&failures, "{\"event\":\"item\",\"host\":\"b\",\"name\":\"Four\",\"outcome\":\"failed\",\"item_label\":\"x\","
                    "\"result\":{\"msg\":\"no \\u001b[2Jsuch file\"}}");
    take(&failures, "{\"event\":\"result\",\"host\":\"b\",\"name\":\"Four\",\"outcome\":\"failed\",\"has_items\":true,"
                    "\"result\":{\"msg\":\"One or more items failed\"}}");
    take(&failures, "{\"event\":\"result\",\"host\":\"c\",\"name\":\"Five\",\"outcome\":\"unreachable\","
                    "\"result\":{\"msg\":\"no route\"}}");
    take(&failures,
         "{\"event\":\"result\",\"host\":\"d\",\"name\":\"Six\",\"outcome\":\"failed\",\"result\":\"hidden\"}");
    assert_string_equal(run_failures_text(&failures), "a: Three: non-zero return code: oops\n"
                                                      "b: Four: (x) no ?[2Jsuch file\n"
                                                      "c: Five: no route\n"
                                                      "d: Six: it gave no reason\n");
}

static void last_words_are_those_of_the_standard_error(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct run_failures failures;

    (void)state;
    run_failures_init(&failures, arena);
    assert_string_equal(run_failures_last_words(&failures), "");
    take(&failures, "{\"event\":\"output\",\"stream\":\"out\",\"text\":\"PLAY\\n\"}");
    take(&failures, "{\"event\":\"output\",\"stream\":\"err\",\"text\":\"\\nERROR! bad\\u0007 option\\n\"}");
    assert_string_equal(run_failures_text(&failures), "");
    assert_string_equal(run_failures_last_words(&failures), "ERROR! bad? option\n");
}

static void long_lists_are_bounded(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct run_failures failures;

    (void)state;
    run_failures_init(&failures, arena);
    for (int i = 0; i < 53; i++)
        take(&failures, "{\"event\":\"result\",\"host\":\"a\",\"name\":\"T\",\"outcome\":\"failed\",\"result\":{}}");
    assert_non_null(strstr(run_failures_text(&failures), "... and 3 more\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_are_named_with_host_and_message),
        cmocka_unit_test(last_words_are_those_of_the_standard_error),
        cmocka_unit_test(long_lists_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
