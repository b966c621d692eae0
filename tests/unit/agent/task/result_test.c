/* SPDX-License-Identifier: Apache-2.0 */
/* Results: Ansible's fields, in order, with nothing that was not set; the change gate; diffs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "agent/task/change.h"
#include "agent/task/result.h"
#include "common/json/json.h"

static struct {
    struct task_context task;
} world;

static int set_up(void **state)
{
    struct arena *arena = arena_new();

    world.task = (struct task_context){ .scratch = arena, .result = result_new(arena) };
    (void)state;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(world.task.scratch);
    return 0;
}

static const char *shown(void)
{
    return json_text(world.task.scratch, result_to_value(world.task.scratch, world.task.result), JSON_PYTHON);
}

static void is_unchanged_by_itself(void **state)
{
    (void)state;
    assert_string_equal(shown(), "{\"changed\": false}");
}

static void keeps_fields_in_order_and_the_last_value(void **state)
{
    (void)state;
    result_set_string(&world.task, "dest", "/a");
    result_set_int(&world.task, "size", 3);
    result_set_bool(&world.task, "ok", true);
    result_set_string(&world.task, "dest", "/b");
    result_set_string(&world.task, "none", NULL);
    assert_string_equal(shown(), "{\"changed\": false, \"dest\": \"/b\", \"size\": 3, \"ok\": true, \"none\": null}");
}

static void puts_fields_into_the_module_s_order(void **state)
{
    (void)state;
    result_set_string(&world.task, "z", "1");
    result_set_string(&world.task, "a", "2");
    result_set_string(&world.task, "invocation", "3");
    result_diff_none(&world.task);
    world.task.result->order = "a diff";
    assert_string_equal(shown(), "{\"a\": \"2\", \"diff\": {}, \"z\": \"1\", \"invocation\": \"3\"}");
    world.task.result->order = "* changed a";
    assert_string_equal(shown(),
                        "{\"z\": \"1\", \"diff\": {}, \"changed\": false, \"a\": \"2\", \"invocation\": \"3\"}");
    world.task.result->order = "a";
    result_changed(&world.task); /* whatever the order says */
    assert_string_equal(shown(),
                        "{\"a\": \"2\", \"changed\": true, \"z\": \"1\", \"diff\": {}, \"invocation\": \"3\"}");
}

static void says_of_a_failed_path_what_it_is_behind_the_message(void **state)
{
    (void)state;
    result_set_string(&world.task, "mode", "0600");
    result_set_string(&world.task, "path", "/a");
    world.task.result->order = "msg mode path changed";
    result_fail(&world.task, "no"); /* the mode is its own, not that of a file */
    assert_string_equal(shown(), "{\"mode\": \"0600\", \"path\": \"/a\", \"failed\": true, \"msg\": \"no\"}");
    result_set_int(&world.task, "uid", 0);
    assert_string_equal(shown(),
                        "{\"path\": \"/a\", \"failed\": true, \"msg\": \"no\", \"mode\": \"0600\", \"uid\": 0}");
    result_changed(&world.task);
    assert_string_equal(
        shown(),
        "{\"path\": \"/a\", \"changed\": true, \"failed\": true, \"msg\": \"no\", \"mode\": \"0600\", \"uid\": 0}");
}

static void fails_and_skips_with_a_message(void **state)
{
    (void)state;
    assert_true(result_fail(&world.task, "no %s", "luck"));
    assert_string_equal(shown(), "{\"failed\": true, \"msg\": \"no luck\"}");
    assert_true(result_skip(&world.task, "later"));
    assert_string_equal(shown(), "{\"skipped\": true, \"failed\": true, \"msg\": \"later\"}");
}

static void collects_warnings(void **state)
{
    (void)state;
    result_warn(&world.task, "one %d", 1);
    result_warn(&world.task, "two");
    assert_string_equal(shown(), "{\"changed\": false, \"warnings\": [\"one 1\", \"two\"]}");
}

static void shows_diffs_only_when_asked(void **state)
{
    (void)state;
    result_diff(&world.task, "a", "b", NULL, NULL);
    assert_string_equal(shown(), "{\"changed\": false}");
    world.task.diff_mode = true;
    result_diff(&world.task, "a", "b", "/f (content)", NULL);
    assert_string_equal(shown(), "{\"changed\": false, \"diff\": {\"before\": \"a\", \"after\": \"b\", "
                                 "\"before_header\": \"/f (content)\"}}");
    result_diff_values(&world.task, value_null(), value_bool(true));
    const struct value *map = result_to_value(world.task.scratch, world.task.result);
    assert_int_equal(value_count(value_map_get(map, "diff")), 2);
}

static void some_diffs_are_told_unasked(void **state)
{
    struct arena *arena = world.task.scratch;
    struct value *before = value_map(arena), *after = value_map(arena);

    (void)state;
    value_map_put_string(arena, before, "state", "absent");
    value_map_put_string(arena, after, "state", "touch");
    result_diff_states(&world.task, before, after);
    result_diff_content(&world.task, "secret", "text", "/f (content)");
    result_diff_none(&world.task); /* there is one */
    assert_string_equal(shown(), "{\"changed\": false, \"diff\": [{\"before\": {\"state\": \"absent\"}, "
                                 "\"after\": {\"state\": \"touch\"}}, {\"before\": \"\", \"after\": \"\", "
                                 "\"before_header\": \"/f (content)\", \"after_header\": \"/f (content)\"}]}");
    world.task.result->diff = value_list(arena);
    world.task.diff_mode = true;
    result_diff_content(&world.task, "a", "b", "/f");
    assert_string_equal(shown(), "{\"changed\": false, \"diff\": {\"before\": \"a\", \"after\": \"b\", "
                                 "\"before_header\": \"/f\", \"after_header\": \"/f\"}}");
}

static void names_what_a_diff_cannot_show(void **state)
{
    char *large = arena_alloc(world.task.scratch, 104450);

    (void)state;
    memset(large, 'x', 104449);
    world.task.diff_mode = true;
    result_diff(&world.task, large, "a\xff", NULL, NULL);
    assert_string_equal(shown(), "{\"changed\": false, \"diff\": {\"dst_larger\": 104448, \"src_binary\": 1}}");
}

static void gate_opens_only_for_real(void **state)
{
    (void)state;
    world.task.check_mode = true;
    assert_false(change_wanted(&world.task, "set mode %04o on '%s'", 0644u, "/f"));
    assert_true(world.task.result->changed);
    world.task.check_mode = false;
    assert_true(change_wanted(&world.task, "remove '%s'", "/g"));
    assert_int_equal(value_count(world.task.result->changes), 2);
    assert_string_equal(value_text(value_item(world.task.result->changes, 0)), "set mode 0644 on '/f'");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_unchanged_by_itself),
        TEST(keeps_fields_in_order_and_the_last_value),
        TEST(fails_and_skips_with_a_message),
        TEST(collects_warnings),
        TEST(shows_diffs_only_when_asked),
        TEST(names_what_a_diff_cannot_show),
        TEST(some_diffs_are_told_unasked),
        TEST(puts_fields_into_the_module_s_order),
        TEST(says_of_a_failed_path_what_it_is_behind_the_message),
        TEST(gate_opens_only_for_real),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
