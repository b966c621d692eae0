/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Warnings, the live line, censoring, verbosity; the sinks minimal, one-line, JSON lines, tee; errors with their place.
 */
#include <dirent.h>
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

#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "engine/report/log_file.h"
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

static int narrow_columns(FILE *out)
{
    (void)out;
    return 24;
}

static void test_live_line_is_wiped(void **state)
{
    struct fixture *f = *state;
    struct event_sink *sink;

    f->options.live = true;
    f->options.columns = 100;
    sink = sink_console(f->arena, &f->options);
    emit(sink, (struct event){ .kind = EVENT_PLAY_START, .name = "p", .host_count = 2 });
    emit(sink, (struct event){ .kind = EVENT_TASK_START, .name = "t\n", .wall_us = 1000000 });
    emit(sink, (struct event){ .kind = EVENT_HOST_START, .host = "h", .wall_us = 1000000 });
    emit(sink, (struct event){ .kind = EVENT_HOST_START, .host = "i", .wall_us = 2000000 });
    emit(sink, (struct event){ .kind = EVENT_PROGRESS, .host = "h", .message = "too early", .wall_us = 2900000 });
    emit(sink, (struct event){ .kind = EVENT_PROGRESS, .host = "h", .message = "fetching", .wall_us = 9000000 });
    emit(sink, (struct event){ .kind = EVENT_RESULT, .name = "t", .host = "h", .result = json(f, "{}") });
    sink->tick(sink);
    sink->close(sink);
    assert_non_null(strstr(f->out, "*\np | t  | 0/2 hosts | 8s | h 8s: fetching, i 7s\r\033[Kok: [h]\n"));
    assert_non_null(strstr(f->out, "p | t  | 1/2 hosts | "));
    assert_null(strstr(f->out, "too early"));
}

/* The width is asked for each time, and what does not fit is cut. */
static void test_live_line_fits(void **state)
{
    struct fixture *f = *state;
    struct event_sink *sink;

    f->options.live = true;
    f->options.columns = 100;
    f->options.columns_now = narrow_columns;
    sink = sink_minimal(f->arena, &f->options, false);
    emit(sink, (struct event){ .kind = EVENT_PLAY_START, .name = "a long name", .host_count = 2 });
    emit(sink, (struct event){ .kind = EVENT_TASK_START, .name = "t", .wall_us = 1000000 });
    emit(sink, (struct event){ .kind = EVENT_HOST_START, .host = "h", .wall_us = 1000000 });
    emit(sink, (struct event){ .kind = EVENT_PROGRESS, .host = "h", .message = "fetching", .wall_us = 9000000 });
    sink->close(sink);
    assert_string_equal(f->out, "t | 0/2 hosts | 8s | h \r\033[K");
}

static const char *green_ok(void *context, const char *setting)
{
    return strcmp(setting, "ok") == 0 ? context : NULL;
}

static void test_palette(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    struct event_sink *sink;

    assert_true(report_palette(f->arena, green_ok, "rgb015", &f->options.palette, &err));
    f->options.color = true;
    sink = sink_console(f->arena, &f->options);
    emit(sink, (struct event){ .kind = EVENT_RESULT, .name = "t", .host = "h", .result = json(f, "{}") });
    sink->close(sink);
    assert_non_null(strstr(f->out, "\033[38;5;27mok: [h]\033[0m\n"));
    assert_false(report_palette(f->arena, green_ok, "greenish", &f->options.palette, &err));
    assert_non_null(strstr(err.text, "greenish"));
}

/* Every event that can hold a secret, to a sink that is given in each round. */
static void secrets_emit(struct fixture *f, struct event_sink *sink)
{
    struct value *result = value_map(f->arena), *args = value_map(f->arena),
                 *secret = value_string(f->arena, "hunter2");

    secret->marks |= VALUE_SECRET;
    value_map_put(f->arena, result, "msg", secret);
    value_map_put(f->arena, args, "password", secret);
    emit(sink, (struct event){ .kind = EVENT_RUN_START, .name = "/p/site.yml" });
    emit(sink, (struct event){ .kind = EVENT_PLAY_START, .name = "p", .path = "/p/site.yml", .line = 1 });
    for (int i = 1; i < 5; i++) {
        enum event_outcome outcome = i < 3 ? OUTCOME_OK : OUTCOME_FAILED;
        struct event event = {
            .kind = EVENT_TASK_START, .name = "t", .task = i, .args = args, .path = "/p", .line = i
        };

        emit(sink, event);
        event = (struct event){ .kind = EVENT_RESULT, .name = "t", .host = "h", .task = i, .outcome = outcome };
        event.no_log = i % 2 == 0;
        event.result = event.no_log ? json(f, "{\"msg\": \"hunter2\", \"exception\": \"hunter2\"}") : result;
        emit(sink, event);
    }
    emit(sink, (struct event){ .kind = EVENT_CUSTOM_STATS, .result = result });
    emit(sink, (struct event){ .kind = EVENT_STATS, .host = "h", .result = result });
    emit(sink, (struct event){ .kind = EVENT_RUN_END });
    if (sink->close != NULL)
        sink->close(sink);
}

/* Reads and removes the files of a folder; how many there were. */
static size_t files_without_secrets(struct fixture *f, const char *folder)
{
    DIR *entries = opendir(folder);
    struct error err = ERROR_INIT;
    size_t count = 0, length = 0;

    assert_non_null(entries);
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        const char *path = arena_printf(f->arena, "%s/%s", folder, entry->d_name);
        char *data = NULL;

        if (entry->d_name[0] == '.')
            continue;
        assert_true(file_read(f->arena, path, 1 << 20, &data, &length, &err));
        assert_null(strstr(data, "hunter2"));
        unlink(path);
        count++;
    }
    closedir(entries);
    rmdir(folder);
    return count;
}

static void test_no_callback_tells_secrets(void **state)
{
    struct fixture *f = *state;
    char folder[] = "/tmp/roost-sinks-XXXXXX";
    struct posix_json_options posix = { .indent = 2 };
    struct junit_options junit = { .errors = f->options.errors, .folder = folder };
    struct profile_options profile = { .out = f->options.out };

    assert_non_null(mkdtemp(folder));
    f->options.verbosity = 4;
    f->options.show_args = f->options.show_custom_stats = true;
    posix.console = f->options;
    for (int format = RESULT_JSON; format <= RESULT_POSIX_DEBUG; format++) {
        f->options.format = (enum result_format)format;
        secrets_emit(f, sink_console(f->arena, &f->options));
        secrets_emit(f, sink_minimal(f->arena, &f->options, format == RESULT_JSON));
    }
    secrets_emit(f, sink_posix_json(f->arena, &posix));
    posix.is_lines = true;
    secrets_emit(f, sink_posix_json(f->arena, &posix));
    secrets_emit(f, sink_profile_tasks(f->arena, &profile));
    secrets_emit(f, sink_timer(f->arena, f->options.out, NULL));
    secrets_emit(f, sink_junit(f->arena, &junit));
    secrets_emit(f, sink_tree(f->arena, folder, 4, f->options.errors));
    fflush(f->options.out);
    fflush(f->options.errors);
    assert_null(strstr(f->out, "hunter2"));
    assert_null(f->errors == NULL ? NULL : strstr(f->errors, "hunter2"));
    assert_int_equal(files_without_secrets(f, folder), 2);
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
        "h | CHANGED | rc=0 | (stdout) a\\nb (stderr) e\nh | SUCCESS => {\"changed\": false,\"ping\": \"pong\"}\n"
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

/* JSON's own words about the place are left out where it is told below. */
static void test_json_error_place(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    const struct value *value = NULL;

    assert_false(json_read(f->arena, "[1 2]", 5, "/nowhere/x.json", &value, &err));
    report_error(f->options.out, &err, false);
    assert_string_equal(f->out, "ERROR! Expecting ',' delimiter\n\n/nowhere/x.json:1:4\n");
}

/* The records of a log, with the time and the process masked. */
static char *log_read(struct fixture *f, const char *path)
{
    struct error err = ERROR_INIT;
    struct text out = text_new(f->arena);
    char *data = NULL, *mark;
    size_t length = 0;

    assert_true(file_read(f->arena, path, 65536, &data, &length, &err));
    while ((mark = strstr(data, " n=ansible | ")) != NULL) {
        int year = 0, ms = 0;
        long pid = 0;
        char *start = mark, user[16] = "";

        while (start > data && start[-1] != '\n')
            start--;
        assert_int_equal(sscanf(start, "%4d-%*2d-%*2d %*2d:%*2d:%*2d,%3d p=%ld u=%15s n=", &year, &ms, &pid, user), 4);
        assert_true(pid == (long)getpid() && strcmp(user, "writer") == 0 && year > 2000);
        text_add_n(&out, data, (size_t)(start - data));
        text_add(&out, "| ");
        data = mark + strlen(" n=ansible | ");
    }
    text_add(&out, data);
    return out.data;
}

static void test_log(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    char path[] = "/tmp/roost-log-XXXXXX";
    struct event_sink *sink;
    int fd = mkstemp(path);

    assert_int_equal(write(fd, "before\n", 7), 7);
    close(fd);
    setenv("LOGNAME", "writer", 1);
    f->options.log = log_file_open(f->arena, path, "urllib3, other", f->options.errors, &err);
    assert_non_null(f->options.log);
    f->options.color = true;
    f->options.verbosity = 2;
    sink = sink_console(f->arena, &f->options);
    emit(sink, (struct event){ .kind = EVENT_WARNING, .message = "mind this" });
    emit(sink, (struct event){ .kind = EVENT_RESULT, .name = "t", .host = "h", .path = "/p", .result = json(f, "{}") });
    emit(sink, (struct event){ .kind = EVENT_HANDLER_NOTIFIED, .name = "n", .host = "h" }); /* for the screen alone */
    emit(sink, (struct event){ .kind = EVENT_STATS, .host = "h", .stats = { .ok = 1 } });
    sink->close(sink);
    assert_string_equal(
        log_read(f, path),
        "before\n| [WARNING]: mind this\n\n"
        "| TASK [t] ***********************************************************************\n| ok: [h] => {}\n"
        "| PLAY RECAP *********************************************************************\n"
        "| h                          : ok=1    changed=0    unreachable=0    failed=0    skipped=0    rescued=0    "
        "ignored=0   \n");
    unlink(path);
}

/* "ansible" and the empty name filter everything; a folder is no log. */
static void test_log_filtered(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    char path[] = "/tmp/roost-log-XXXXXX";

    close(mkstemp(path));
    log_file_add(log_file_open(f->arena, path, "other,ansible", f->options.errors, &err), "text", 4);
    log_file_add(NULL, "text", 4);
    assert_string_equal(log_read(f, path), "");
    assert_null(log_file_open(f->arena, "/tmp", NULL, f->options.errors, &err));
    unlink(path);
}

/* The command line at -vvvv. */
static void test_options_shown(void **state)
{
    struct fixture *f = *state;
    struct event_sink *sink;

    f->options.verbosity = 4;
    f->options.given = json(f, "{\"args\": \"site.yml\", \"forks\": \"5\"}");
    sink = sink_console(f->arena, &f->options);
    emit(sink, (struct event){ .kind = EVENT_RUN_START, .name = "/x/site.yml" });
    sink->close(sink);
    assert_non_null(strstr(f->out, "*\nPositional arguments: site.yml\nforks: 5\n"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_warnings),
        T(test_live_line_is_wiped),
        T(test_live_line_fits),
        T(test_palette),
        T(test_no_callback_tells_secrets),
        T(test_nothing_secret_is_shown),
        T(test_verbose_keys),
        T(test_minimal),
        T(test_one_line),
        T(test_json_lines_and_tee),
        T(test_error_place),
        T(test_json_error_place),
        T(test_log),
        T(test_log_filtered),
        T(test_options_shown),
        T(test_retries_of_debug),
        T(test_skipped_item_of_include),
        T(test_end_after_an_error),
    };

    return cmocka_run_group_tests_name("sinks", tests, NULL, NULL);
}
