/* SPDX-License-Identifier: Apache-2.0 */
/* Two runs side by side: outcomes, times, what is new, what is gone, tasks that come twice. */
#include "cli/runs_compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/json/json.h"

#define STEP(host, task, at, outcome, until)                                                                           \
    "{\"event\":{\"event\":\"host_start\",\"host\":\"" host "\",\"name\":\"" task "\",\"time_us\":" #at "}},"          \
    "{\"event\":{\"event\":\"result\",\"host\":\"" host "\",\"name\":\"" task "\",\"outcome\":\"" outcome              \
    "\",\"time_us\":" #until "}}"

static const struct value *read_json(struct arena *arena, const char *text)
{
    const struct value *out = NULL;
    struct error err = ERROR_INIT;

    if (!json_read(arena, text, strlen(text), NULL, &out, &err))
        fail_msg("%s", err.text);
    return out;
}

static void differences(void **state)
{
    static const char before[] =
        "[" STEP("a", "one", 0, "ok", 100000) "," STEP("a", "two", 1000000, "changed", 2000000) "," STEP(
            "a", "two", 2000000, "ok", 2100000) "," STEP("b", "old", 1000000, "ok", 2000000) "]";
    static const char after[] =
        "[" STEP("a", "one", 1000000, "ok", 1200000) "," STEP("a", "two", 1000000, "ok", 2000000) "," STEP(
            "a", "two", 1000000, "ok", 9000000) "," STEP("b", "fresh", 1000000, "failed", 2500000) "]";
    ARENA_SCOPED arena = arena_new();
    const struct value *rows = runs_compare(arena, read_json(arena, before), read_json(arena, after));

    (void)state;
    assert_string_equal(
        json_text(arena, rows, JSON_COMPACT),
        "[{\"host\":\"a\",\"task\":\"one\",\"before\":\"ok 0.0 s\",\"after\":\"ok 0.2 s\",\"what\":\"same\"},"
        "{\"host\":\"a\",\"task\":\"two\",\"before\":\"changed 1.0 s\",\"after\":\"ok 1.0 s\",\"what\":\"outcome\"},"
        "{\"host\":\"a\",\"task\":\"two (2)\",\"before\":\"ok 0.1 s\",\"after\":\"ok 8.0 s\",\"what\":\"slower\"},"
        "{\"host\":\"b\",\"task\":\"fresh\",\"before\":null,\"after\":\"failed 1.5 s\",\"what\":\"new\"},"
        "{\"host\":\"b\",\"task\":\"old\",\"before\":\"ok 1.0 s\",\"after\":null,\"what\":\"gone\"}]");
}

static void nothing_to_compare(void **state)
{
    ARENA_SCOPED arena = arena_new();

    (void)state;
    assert_int_equal(value_count(runs_compare(arena, value_list(arena), value_list(arena))), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(differences), cmocka_unit_test(nothing_to_compare) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
