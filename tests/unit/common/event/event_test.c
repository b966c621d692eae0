/* SPDX-License-Identifier: Apache-2.0 */
/* Events as maps: names, only what is set, secrets masked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "common/event/event.h"
#include "common/value/value_python.h"

static void test_names_are_complete(void **state)
{
    (void)state;
    for (int kind = EVENT_RUN_START; kind <= EVENT_RUN_END; kind++)
        assert_string_not_equal(event_kind_name((enum event_kind)kind), "unknown");
    for (int outcome = OUTCOME_OK; outcome <= OUTCOME_UNREACHABLE; outcome++)
        assert_string_not_equal(event_outcome_name((enum event_outcome)outcome), "unknown");
    assert_string_equal(event_kind_name((enum event_kind)99), "unknown");
    assert_string_equal(event_outcome_name(OUTCOME_SKIPPED), "skipped");
}

static void test_only_what_is_set(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct event event = { .kind = EVENT_WARNING, .sequence = 4, .message = "careful" };

    (void)state;
    assert_string_equal(value_to_text(arena, event_to_value(arena, &event)),
                        "{'event': 'warning', 'sequence': 4, 'message': 'careful'}");
}

static void test_a_result(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct value *result = value_map(arena), *secret = value_string(arena, "hunter2");
    struct event event = { .kind = EVENT_RESULT,
                           .sequence = 9,
                           .wall_us = 5,
                           .name = "t",
                           .host = "h",
                           .action = "copy",
                           .path = "p.yml",
                           .line = 3,
                           .outcome = OUTCOME_CHANGED,
                           .ignored = true,
                           .result = result };

    (void)state;
    secret->marks = VALUE_SECRET;
    value_map_put(arena, result, "password", secret);
    assert_string_equal(value_to_text(arena, event_to_value(arena, &event)),
                        "{'event': 'result', 'sequence': 9, 'time_us': 5, 'name': 't', 'host': 'h', 'action': 'copy',"
                        " 'path': 'p.yml', 'line': 3, 'outcome': 'changed', 'ignored': True,"
                        " 'result': {'password': '********'}}");
}

static void test_stats(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct event event = { .kind = EVENT_STATS, .sequence = 1, .host = "h", .stats = { .ok = 3, .rescued = 1 } };

    (void)state;
    assert_string_equal(value_to_text(arena, event_to_value(arena, &event)),
                        "{'event': 'stats', 'sequence': 1, 'host': 'h', 'stats': {'ok': 3, 'changed': 0,"
                        " 'unreachable': 0, 'failed': 0, 'skipped': 0, 'rescued': 1, 'ignored': 0}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_complete),
        cmocka_unit_test(test_only_what_is_set),
        cmocka_unit_test(test_a_result),
        cmocka_unit_test(test_stats),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
