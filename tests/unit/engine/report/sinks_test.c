/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Warnings, the live line, censoring, verbosity; the sinks minimal, one-line, JSON lines, tee; errors with their place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* cmocka wants the five above first */
#include <cmocka.h>

#include "common/json/json.h"
#include "engine/report/sinks.h"

struct fixture {
    struct arena *arena;
    struct console_options options;
    char *out, *errors;
    size_t out_length, errors_length;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->arena = arena_new();
    f->options = (struct console_options){ .show_ok = true, .show_skipped = true };
    f->options.out = open_memstream(&f->out, &f->out_length);
    f->options.errors = open_memstream(&f->errors, &f->errors_length);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    fclose(f->options.out);
    fclose(f->options.errors);
    free(f->out);
    free(f->errors);
    arena_free(f->arena);
    free(f);
    return 0;
}

static const struct value *json(struct fixture *f, const char *text)
{
    struct error err = ERROR_INIT;
    const struct value *value = NULL;

    assert_true(json_read(f->arena, text, strlen(text), "test", &value, &err));
    return value;
}

static void emit(struct event_sink *sink, struct event event)
{
    sink->emit(sink, &event);
}

static void test_warnings(void **state)
{
    struct fixture *f = *state;
    struct event_sink *sink = sink_console(f->arena, &f->options);
    const struct value *result =
        json(f, "{\"changed\": false, \"warnings\": [\"the first\"], \"deprecations\": [{\"msg\": \"old thing\", "
                "\"version\": \"2.16\"}]}");

    emit(sink, (struct event){ .kind = EVENT_WARNING,
                               .message = "conditional statements should not include jinja2 templating "
                                          "delimiters such as {{ }} or {% %}. Found: {{ true }}" });
    emit(sink, (struct event){ .kind = EVENT_WARNING, .message = "twice" });
    emit(sink, (struct event){ .kind = EVENT_WARNING, .message = "twice" });
    emit(sink, (struct event){ .kind = EVENT_WARNING, .outcome = OUTCOME_FAILED, .message = "no such task" });
    emit(sink, (struct event){ .kind = EVENT_RESULT, .name = "t", .host = "h", .result = result });
    sink->close(sink);
    fflush(f->options.errors);
    assert_string_equal(
        f->errors, "[WARNING]: conditional statements should not include jinja2 templating\n"
                   "delimiters such as {{ }} or {% %}. Found: {{ true }}\n[WARNING]: twice\n [ERROR]: no such task\n"
                   "[WARNING]: the first\n"
                   "[DEPRECATION WARNING]: old thing. This feature will be removed in version 2.16.\n"
                   " Deprecation warnings can be disabled by setting deprecation_warnings=False in \n"
                   "ansible.cfg.\n");
    assert_string_equal(
        f->out, "\nTASK [t] ***********************************************************************\nok: [h]\n");
}

static void test_live_line_is_wiped(void **state)
{
    struct fixture *f = *state;
    struct event_sink *sink;

    f->options.live = true;
    f->options.columns = 20;
    sink = sink_console(f->arena, &f->options);
    emit(sink, (struct event){ .kind = EVENT_TASK_START, .name = "t", .wall_us = 1000000 });
    emit(sink, (struct event){ .kind = EVENT_PROGRESS, .host = "h", .message = "too early", .wall_us = 2000000 });
    emit(sink, (struct event){
                   .kind = EVENT_PROGRESS, .host = "h", .message = "downloading a long name", .wall_us = 9000000 });
    emit(sink, (struct event){ .kind = EVENT_RESULT, .name = "t", .host = "h", .result = json(f, "{}") });
    sink->close(sink);
    assert_non_null(strstr(f->out, "*\nh: downloading a lo\r\033[Kok: [h]\n"));
    assert_null(strstr(f->out, "too early"));
}

static void test_nothing_secret_is_shown(void **state)
{
    struct fixture *f = *state;
    struct event_sink *sink;
    struct value *result = value_map(f->arena), *secret = value_string(f->arena, "hunter2");

    f->options.verbosity = 4;
    sink = sink_console(f->arena, &f->options);
    secret->marks |= VALUE_SECRET;
    value_map_put(f->arena, result, "msg", secret);
    emit(sink, (struct event){ .kind = EVENT_RESULT, .name = "t", .host = "h", .result = result });
    emit(sink, (struct event){ .kind = EVENT_RESULT,
                               .name = "t",
                               .host = "h",
                               .no_log = true,
                               .outcome = OUTCOME_FAILED,
                               .result = json(f, "{\"stdout\": \"hunter2\", \"changed\": true}") });
    sink->close(sink);
    assert_null(strstr(f->out, "hunter2"));
    assert_non_null(strstr(f->out, "\"msg\": \"********\""));
    assert_non_null(
        strstr(f->out, "the output has been hidden due to the fact that 'no_log: true' was specified for this result"));
}

static void test_verbose_keys(void **state)
{
    struct fixture *f = *state;
    const struct value *result =
        json(f, "{\"a\": 1, \"invocation\": {}, \"diff\": {}, \"exception\": \"x\", \"_ansible_x\": 1}");
    struct event_sink *sink;

    f->options.verbosity = 1;
    sink = sink_console(f->arena, &f->options);
    emit(sink, (struct event){ .kind = EVENT_RESULT, .name = "t", .host = "h", .delegate = "d", .result = result });
    sink->close(sink);
    assert_non_null(strstr(f->out, "ok: [h -> d] => {\"a\": 1}\n"));
    f->options.verbosity = 3;
    sink = sink_console(f->arena, &f->options);
    emit(sink, (struct event){
                   .kind = EVENT_RESULT, .name = "t", .host = "h", .result = result, .path = "/p.yml", .line = 3 });
    sink->close(sink);
    assert_non_null(strstr(
        f->out, "task path: /p.yml:3\nok: [h] => {\n    \"a\": 1,\n    \"diff\": {},\n    \"invocation\": {}\n}\n"));
}

static void test_minimal(void **state)
{
    struct fixture *f = *state;
    struct event_sink *sink = sink_minimal(f->arena, &f->options, false);

    emit(sink, (struct event){
                   .kind = EVENT_RESULT,
                   .host = "h",
                   .action = "command",
                   .outcome = OUTCOME_CHANGED,
                   .result = json(f, "{\"rc\": 0, \"stdout\": \"a\\nb\", \"stderr\": \"\", \"changed\": true}") });
    emit(sink, (struct event){
                   .kind = EVENT_RESULT,
                   .host = "h",
                   .action = "command",
                   .outcome = OUTCOME_FAILED,
                   .result = json(
                       f, "{\"rc\": 1, \"stdout\": \"\", \"stderr\": \"bad\", \"msg\": \"non-zero return code\"}") });
    emit(sink, (struct event){ .kind = EVENT_RESULT,
                               .host = "h",
                               .action = "ping",
                               .result = json(f, "{\"ping\": \"pong\", \"changed\": false}") });
    emit(sink, (struct event){ .kind = EVENT_RESULT,
                               .host = "h",
                               .action = "ping",
                               .outcome = OUTCOME_UNREACHABLE,
                               .result = json(f, "{\"unreachable\": true}") });
    emit(sink, (struct event){ .kind = EVENT_RESULT, .host = "h", .action = "ping", .outcome = OUTCOME_SKIPPED });
    sink->close(sink);
    assert_string_equal(f->out, "h | CHANGED | rc=0 >>\na\nb\nh | FAILED | rc=1 >>\nbadnon-zero return code\n"
                                "h | SUCCESS => {\n    \"changed\": false,\n    \"ping\": \"pong\"\n}\n"
                                "h | UNREACHABLE! => {\n    \"unreachable\": true\n}\nh | SKIPPED\n");
}

static void test_one_line(void **state)
{
    struct fixture *f = *state;
    struct event_sink *sink = sink_minimal(f->arena, &f->options, true);

    emit(sink, (struct event){ .kind = EVENT_RESULT,
                               .host = "h",
                               .action = "shell",
                               .outcome = OUTCOME_CHANGED,
                               .result = json(f, "{\"rc\": 0, \"stdout\": \"a\\nb\", \"stderr\": \"e\"}") });
    emit(sink, (struct event){ .kind = EVENT_RESULT,
                               .host = "h",
                               .action = "ping",
                               .result = json(f, "{\"ping\": \"pong\", \"changed\": false}") });
    emit(sink, (struct event){ .kind = EVENT_RESULT,
                               .host = "h",
                               .action = "ping",
                               .outcome = OUTCOME_UNREACHABLE,
                               .result = json(f, "{\"msg\": \"no route\"}") });
    sink->close(sink);
    assert_string_equal(
        f->out,
        "h | CHANGED | rc=0 | (stdout) a\\nb (stderr) e\nh | SUCCESS => {\"changed\": false, \"ping\": \"pong\"}\n"
        "h | UNREACHABLE!: no route\n");
}

static void test_json_lines_and_tee(void **state)
{
    struct fixture *f = *state;
    struct event_sink *both[] = { sink_json_lines(f->arena, f->options.out),
                                  sink_json_lines(f->arena, f->options.errors) };
    struct event_sink *sink = sink_tee(f->arena, both, 2);

    emit(sink, (struct event){ .kind = EVENT_PLAY_START, .sequence = 1, .name = "p\n" });
    emit(sink, (struct event){ .kind = EVENT_RUN_END, .sequence = 2 });
    sink->close(sink);
    assert_string_equal(f->out, f->errors);
    assert_non_null(strstr(f->out, "\"p\\n\""));
    assert_string_equal(value_map_text(json(f, arena_copy_n(f->arena, f->out, strcspn(f->out, "\n"))), "event"),
                        "play_start");
    assert_non_null(strstr(f->out, "}\n{"));
}

/* What debug shows is less than what it returned: the attempts that are left are counted from the whole. */
static void test_retries_of_debug(void **state)
{
    struct fixture *f = *state;
    struct event_sink *sink = sink_console(f->arena, &f->options);

    emit(sink, (struct event){ .kind = EVENT_RETRY,
                               .host = "h",
                               .name = "t",
                               .action = "debug",
                               .result = json(f, "{\"attempts\": 1, \"retries\": 3, \"msg\": \"m\", "
                                                 "\"_ansible_verbose_always\": true}") });
    sink->close(sink);
    assert_string_equal(f->out, "FAILED - RETRYING: [h]: t (2 retries left).Result was: {\n    \"attempts\": 1,\n"
                                "    \"msg\": \"m\",\n    \"retries\": 3\n}\n");
}

static void test_skipped_item_of_include(void **state)
{
    struct fixture *f = *state;
    struct event_sink *sink = sink_console(f->arena, &f->options);
    struct event item = { .kind = EVENT_ITEM, .host = "h", .action = "include_tasks", .item_label = "1" };

    emit(sink, item);
    item.outcome = OUTCOME_SKIPPED;
    emit(sink, item);
    sink->close(sink);
    assert_non_null(strstr(f->out, "skipping: [h] => (item=1) \n"));
    assert_null(strstr(f->out, "ok: "));
}

static void test_end_after_an_error(void **state)
{
    struct fixture *f = *state;
    struct event_sink *sink = sink_console(f->arena, &f->options);

    emit(sink, (struct event){ .kind = EVENT_RUN_END, .outcome = OUTCOME_FAILED });
    sink->close(sink);
    assert_string_equal(f->out, "");
}

static void test_error_place(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    char path[] = "/tmp/roost-error-XXXXXX";
    int fd = mkstemp(path);
    struct source_position at = { path, 2, 3 };

    assert_int_equal(write(fd, "a: 1\n  \tbad: [\n", 15), 15);
    close(fd);
    error_set_at(&err, &at, "something is wrong");
    report_error(f->options.out, &err, false);
    assert_string_equal(
        f->out,
        arena_printf(f->arena, "ERROR! something is wrong\n\n%s:2:3\n     2 |    bad: [\n       |   ^\n", path));
    unlink(path);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_warnings),
        T(test_live_line_is_wiped),
        T(test_nothing_secret_is_shown),
        T(test_verbose_keys),
        T(test_minimal),
        T(test_one_line),
        T(test_json_lines_and_tee),
        T(test_error_place),
        T(test_retries_of_debug),
        T(test_skipped_item_of_include),
        T(test_end_after_an_error),
    };

    return cmocka_run_group_tests_name("sinks", tests, NULL, NULL);
}
