/* SPDX-License-Identifier: Apache-2.0 */
/* From request to result map: every way a task can end, secrets, invocation. Modules are this test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "agent/task/module.h"
#include "agent/task/task_run.h"
#include "common/base/clock.h"
#include "common/json/json.h"

struct try_args {
    const char *name, *secret, *how;
    bool flag;
    enum arg_tri maybe;
    int64_t count;
    const struct value *list;
};

static const struct arg_spec try_spec[] = {
    ARG(try_args, name, ARG_STRING, .required = true, .aliases = ARG_NAMES("dest")),
    ARG(try_args, secret, ARG_STRING, .no_log = true),
    ARG(try_args, how, ARG_STRING, .default_text = "well"),
    ARG(try_args, flag, ARG_BOOL, .default_text = "true"),
    ARG(try_args, maybe, ARG_TRI),
    ARG(try_args, count, ARG_INT),
    ARG(try_args, list, ARG_LIST),
    ARG_END,
};

static bool try_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct try_args *args = raw;

    if (strcmp(args->how, "error") == 0)
        return error_set(err, "disk on fire");
    if (strcmp(args->how, "cancel") == 0)
        return error_set_kind(err, ERROR_CANCELLED, "anything");
    if (strcmp(args->how, "wait") == 0)
        return system_pause(task->system, 5000, err);
    if (strcmp(args->how, "tell") == 0)
        result_set_string(task, "said", arena_printf(task->scratch, "the word is %s.", args->secret));
    if (change_wanted(task, "touch '%s'", args->name))
        result_set_bool(task, "did", true);
    return true;
}

static bool info_run(struct task_context *task, const void *raw, struct error *err)
{
    (void)raw;
    (void)err;
    result_changed(task);
    return true;
}

static const struct arg_spec no_args[] = { ARG_END };
static const struct module try_module = {
    .spec = { .name = "try", .args = try_spec, .args_size = sizeof(struct try_args) }, .run = try_run
};
static const struct module info_module = { .spec = { .name = "info", .args = no_args },
                                           .is_info = true,
                                           .run = info_run };
static const struct module once_module = { .spec = { .name = "once", .args = no_args },
                                           .check_mode = MODULE_CHECK_SKIP,
                                           .run = info_run };
const struct module *const module_table[] = { &info_module, &once_module, &try_module, NULL };
const size_t module_table_count = 3;

static struct arena *arena;
static struct system host;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new();
    host = (struct system){ .root = "" };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const struct value *run_json(const char *module, const char *json, bool check)
{
    const struct value *args = NULL;
    struct error err = ERROR_INIT;

    assert_true(json_read(arena, json, strlen(json), NULL, &args, &err));
    struct task_request request = { .module = module, .args = args, .check_mode = check, .wants_changes = true };
    return task_run(arena, &host, &request, NULL);
}

static void runs_and_tells_the_invocation(void **state)
{
    const struct value *result = run_json("try", "{\"dest\": \"/a\", \"count\": \"7\", \"list\": \"x,y\"}", false);

    (void)state;
    assert_string_equal(
        json_text(arena, result, JSON_PYTHON),
        "{\"changed\": true, \"did\": true, \"changes\": [\"touch '/a'\"], \"invocation\": {\"module_args\": {\"name\": \"/a\", "
        "\"count\": 7, \"list\": [\"x\", \"y\"], \"how\": \"well\", \"flag\": true, \"secret\": null, "
        "\"maybe\": null}}}");
}

static void check_mode_does_nothing(void **state)
{
    const struct value *result = run_json("try", "{\"name\": \"/a\"}", true);

    (void)state;
    assert_true(value_map_true(result, "changed"));
    assert_null(value_map_get(result, "did"));
    result = run_json("once", "{}", true);
    assert_true(value_map_true(result, "skipped"));
    assert_false(value_map_true(result, "changed"));
    assert_string_equal(value_map_text(result, "msg"), "remote module (once) does not support check mode");
}

static void info_modules_never_change(void **state)
{
    (void)state;
    assert_false(value_map_true(run_json("info", "{}", false), "changed"));
}

static void errors_become_failed_results(void **state)
{
    const struct value *result = run_json("try", "{\"name\": \"a\", \"how\": \"error\"}", false);

    (void)state;
    assert_true(value_map_true(result, "failed"));
    assert_string_equal(value_map_text(result, "msg"), "disk on fire");
    result = run_json("try", "{\"name\": \"a\", \"how\": \"cancel\"}", false);
    assert_string_equal(value_map_text(result, "msg"), "cancelled");
    result = run_json("try", "{}", false);
    assert_true(value_map_true(result, "failed"));
    assert_non_null(strstr(value_map_text(result, "msg"), "name"));
    result = run_json("tri", "{}", false);
    assert_string_equal(value_map_text(result, "msg"), "this agent has no module 'tri'; did you mean 'try'?");
    assert_true(value_map_true(result, "failed"));
}

static void time_that_is_up_is_a_failure(void **state)
{
    (void)state;
    host.deadline_ms = clock_monotonic_ms() + 30;
    const struct value *result = run_json("try", "{\"name\": \"a\", \"how\": \"wait\"}", false);
    assert_true(value_map_true(result, "failed"));
    assert_string_equal(value_map_text(result, "msg"), "the task did not end in its time and was terminated");
}

static void secrets_do_not_leave(void **state)
{
    const struct value *result =
        run_json("try", "{\"name\": \"/x/hush/y\", \"secret\": \"hush\", \"how\": \"tell\"}", false);
    const char *text = json_text(arena, result, JSON_PYTHON);

    (void)state;
    assert_null(strstr(text, "hush"));
    assert_string_equal(value_map_text(result, "said"), "the word is ********.");
    const struct value *args = value_map_get(value_map_get(result, "invocation"), "module_args");
    assert_string_equal(value_map_text(args, "secret"), "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER");
    assert_string_equal(value_map_text(args, "name"), "/x/********/y");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(runs_and_tells_the_invocation), TEST(check_mode_does_nothing),      TEST(info_modules_never_change),
        TEST(errors_become_failed_results),  TEST(time_that_is_up_is_a_failure), TEST(secrets_do_not_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
