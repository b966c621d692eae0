/* SPDX-License-Identifier: Apache-2.0 */
/* The end of modules that take URLs: nothing of a result shows a password, however the task ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/task/change.h"
#include "agent/task/result.h"
#include "agent/task/result_urls.h"
#include "common/json/json.h"

#define URL "https://ada:s3cret@host/r"

struct bound {
    const char *repo;
    int64_t id;
};
static const struct arg_spec args[] = {
    ARG(bound, repo, ARG_STRING),
    ARG_NAMED("_content_id", bound, id, ARG_INT, .internal = true),
    ARG_END,
};
static const struct task_spec spec = { .name = "try", .args = args, .args_size = sizeof(struct bound) };
static const struct bound bound = { .repo = URL, .id = 7 };

static struct task_context task_new(struct arena *arena)
{
    return (struct task_context){ .scratch = arena, .result = result_new(arena) };
}

static const char *shown(const struct task_context *task)
{
    const struct value *result = result_to_value(task->scratch, task->result);

    return arena_printf(task->scratch, "%s %s", json_text(task->scratch, result, JSON_PYTHON),
                        json_text(task->scratch, task->result->changes, JSON_PYTHON));
}

static void hides_them_everywhere(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct task_context task = task_new(arena);
    struct error none = ERROR_INIT;

    (void)state;
    result_set_string(&task, "cmd", "git clone " URL);
    result_warn(&task, "from %s", URL);
    result_diff(&task, URL "\n", "", "before", "after");
    assert_true(change_wanted(&task, "clone '%s'", URL));
    assert_true(result_end_urls(&task, &spec, &bound, true, &none));
    assert_null(strstr(shown(&task), "s3cret"));
    assert_non_null(strstr(shown(&task), "\"repo\": \"https://ada:********@host/r\"}"));
    assert_non_null(strstr(shown(&task), "git clone https://ada:********@host/r"));
    assert_non_null(strstr(shown(&task), "clone 'https://ada:********@host/r'"));
    assert_null(strstr(shown(&task), "_content_id"));
}

static void errors_become_results(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct task_context task = task_new(arena);
    struct error err = ERROR_INIT;

    (void)state;
    error_set(&err, "cannot reach %s", URL);
    assert_true(result_end_urls(&task, &spec, &bound, false, &err));
    assert_true(task.result->failed);
    assert_non_null(strstr(shown(&task), "\"msg\": \"cannot reach https://ada:********@host/r\""));
    error_set_kind(&err, ERROR_CANCELLED, "cancelled");
    assert_false(result_end_urls(&task, &spec, &bound, false, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hides_them_everywhere),
        cmocka_unit_test(errors_become_results),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
