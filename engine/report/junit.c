/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The callback junit: an XML file of each run, in which every task of every host is a test case.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/value/value_python.h"
#include "engine/report/result_text.h"

enum junit_status { JUNIT_OK, JUNIT_FAILED, JUNIT_SKIPPED, JUNIT_INCLUDED };

struct junit_case {
    struct junit_case *next;
    const char *host;
    enum junit_status status;
    int64_t finish_us;
    const char *message, *text; /* what the element holds */
    bool is_error;              /* an exception */
};

struct junit_task {
    struct junit_task *next;
    uint32_t number;
    const char *play, *name, *path;
    bool is_setup;
    int64_t start_us;
    struct junit_case *cases, **cases_end;
    struct junit_case *included; /* one for all files: it grows with each */
};

struct junit {
    struct event_sink sink; /* first */
    struct junit_options options;
    struct arena *arena, *scratch;
    const char *playbook, *play;
    struct junit_task *tasks, **tasks_end;
    bool has_stats;
};

static struct junit *junit_of(struct event_sink *sink)
{
    return (struct junit *)sink;
}

/* --- gathering --- */

static struct junit_task *task_find(struct junit *junit, const struct event *event)
{
    struct junit_task *found = NULL;

    for (struct junit_task *task = junit->tasks; task != NULL; task = task->next) {
        if (task->number == event->task)
            found = task;
    }
    return found;
}

static void args_add(struct junit *junit, struct text *name, const struct value *args)
{
    for (size_t i = 0; i < value_map_count(args); i++)
        text_printf(name, "%s%s=%s", i == 0 ? " " : ", ", value_to_text(junit->scratch, value_pair_at(args, i)->key),
                    value_to_text(junit->scratch, value_pair_at(args, i)->item));
}

static void on_task(struct junit *junit, const struct event *event)
{
    struct junit_task *task = task_find(junit, event);
    struct text name = text_new(junit->arena);

    if (task != NULL && event->task != 0)
        return;
    task = arena_new_of(junit->arena, struct junit_task);
    text_add(&name, event->name == NULL ? "" : text_trim(junit->scratch, event->name, strlen(event->name)));
    if (!junit->options.hides_args && event->args != NULL)
        args_add(junit, &name,
                 value_has_mark(event->args, VALUE_SECRET) ? value_masked(junit->scratch, event->args) : event->args);
    *task = (struct junit_task){ .number = event->task,
                                 .play = junit->play,
                                 .name = name.length == 0 ? "" : name.data,
                                 .is_setup =
                                     text_equal(event->action, "setup") || text_equal(event->action, "gather_facts"),
                                 .start_us = event->wall_us };
    if (event->path != NULL)
        task->path = arena_printf(junit->arena, "%s:%d", event->path, event->line);
    task->cases_end = &task->cases;
    *junit->tasks_end = task;
    junit->tasks_end = &task->next;
}

static struct junit_case *case_add(struct junit *junit, struct junit_task *task, const char *host)
{
    struct junit_case *one = arena_new_of(junit->arena, struct junit_case);

    *one = (struct junit_case){ .host = arena_copy(junit->arena, host) };
    *task->cases_end = one;
    task->cases_end = &one->next;
    return one;
}

static const char *dump_of(struct junit *junit, const struct value *result)
{
    struct text out = text_new(junit->arena);

    result_dump(&out, result, &(struct result_style){ .verbosity = junit->options.verbosity, .indent = -1 });
    return out.data;
}

static void failure_fill(struct junit *junit, struct junit_case *one, const struct value *result)
{
    const struct value *exception = value_map_get(result, "exception"), *message = value_map_get(result, "msg");
    const struct value *rc = value_map_get(result, "rc");

    if (exception != NULL) {
        const char *text = value_to_text(junit->arena, exception);
        char *trimmed = text_trim(junit->arena, text, strlen(text)), *last = strrchr(trimmed, '\n');

        one->is_error = true;
        one->message = last == NULL ? trimmed : last + 1;
        one->text = text;
        return;
    }
    one->message = message != NULL
                       ? value_to_text(junit->arena, message)
                       : arena_printf(junit->arena, "rc=%s", rc == NULL ? "0" : value_to_text(junit->arena, rc));
    one->text = dump_of(junit, result);
}

static enum junit_status status_of(const struct junit *junit, const struct junit_task *task, const struct event *event)
{
    bool has_failed = event->outcome == OUTCOME_FAILED && (!event->ignored || junit->options.fail_on_ignore);
    bool has_changed = junit->options.fail_on_change && value_map_true(event->result, "changed");
    enum junit_status status = has_failed || has_changed ? JUNIT_FAILED : JUNIT_OK;

    if (event->outcome == OUTCOME_SKIPPED)
        return JUNIT_SKIPPED;
    if (status == JUNIT_FAILED && strstr(task->name, "EXPECTED FAILURE") != NULL)
        return JUNIT_OK;
    if (strstr(task->name, "TOGGLE RESULT") != NULL)
        return status == JUNIT_FAILED ? JUNIT_OK : JUNIT_FAILED;
    return status;
}

static bool is_case(const struct junit *junit, const struct junit_task *task, enum junit_status status)
{
    const char *prefix = junit->options.test_case_prefix;

    return status == JUNIT_FAILED || prefix == NULL || text_starts(task->name, prefix);
}

static void on_result(struct junit *junit, const struct event *event)
{
    struct junit_task *task = task_find(junit, event);
    const struct value *result = result_shown(junit->scratch, event), *reason = value_map_get(result, "skip_reason");
    enum junit_status status;
    struct junit_case *one;

    if (task == NULL || event->host == NULL || event->outcome == OUTCOME_UNREACHABLE)
        return;
    status = status_of(junit, task, event);
    if (!is_case(junit, task, status))
        return;
    one = case_add(junit, task, event->host);
    one->status = status;
    one->finish_us = event->wall_us;
    if (status == JUNIT_OK)
        one->text = dump_of(junit, result);
    else if (status == JUNIT_FAILED)
        failure_fill(junit, one, result);
    else
        one->text = reason == NULL ? "skipped" : value_to_text(junit->arena, reason);
}

static void on_include(struct junit *junit, const struct event *event)
{
    struct junit_task *task = task_find(junit, event);
    struct text text = text_new(junit->arena);
    struct junit_case *one;

    if (task == NULL || !is_case(junit, task, JUNIT_INCLUDED))
        return;
    one = task->included;
    if (one != NULL)
        text_printf(&text, "%s\n", one->text);
    else
        one = task->included = case_add(junit, task, "include");
    text_printf(&text, "%s (args={} vars={}): [", event->message == NULL ? "" : event->message);
    for (size_t i = 0; i < value_count(event->result); i++)
        text_printf(&text, "%s%s", i == 0 ? "" : ", ", value_text(value_item(event->result, i)));
    text_add_char(&text, ']');
    one->status = JUNIT_INCLUDED;
    one->finish_us = event->wall_us;
    one->text = text.data;
}

/* --- the file --- */

/* Characters that XML does not allow become U+FFFD. */
static void escaped(struct text *out, const char *text, bool is_attribute)
{
    size_t length = strlen(text);

    for (size_t at = 0; at < length;) {
        uint32_t c = text_utf8_next(text, length, &at);

        if (c == '&')
            text_add(out, "&amp;");
        else if (c == '<')
            text_add(out, "&lt;");
        else if (c == '>')
            text_add(out, "&gt;");
        else if (c == '"')
            text_add(out, "&quot;");
        else if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0xFFFE || c == 0xFFFF)
            text_add_codepoint(out, 0xFFFD);
        else if (is_attribute && (c == '\r' || c == '\t'))
            text_printf(out, "&#%u;", (unsigned)c);
        else
            text_add_codepoint(out, c);
    }
}

static void attribute(struct text *out, const char *name, const char *value)
{
    text_printf(out, " %s=\"", name);
    escaped(out, value, true);
    text_add_char(out, '"');
}

static const char *relative_path(struct arena *arena, const char *path, const char *folder)
{
    const char *from = path_absolute(arena, folder), *to = path;
    struct text out = text_new(arena);
    size_t common = 0;

    for (size_t i = 0; from[i] == to[i] || (from[i] == '\0' && to[i] == '/'); i++) {
        if (from[i] == '\0' || from[i] == '/')
            common = i;
        if (from[i] == '\0' || to[i] == '\0')
            break;
    }
    for (const char *rest = from + common; *rest != '\0'; rest++)
        if (*rest == '/' && rest[1] != '\0')
            text_add(&out, "../");
    text_add(&out, to + common + (to[common] == '/' ? 1 : 0));
    return out.data;
}

static const char *class_name(struct junit *junit, const struct junit_task *task)
{
    const char *name = task->path == NULL ? "None" : task->path;
    const char *folder = junit->options.relative_path, *instead = junit->options.replace_out_of_tree_path;

    if (folder != NULL && folder[0] != '\0' && task->path != NULL)
        name = relative_path(junit->scratch, task->path, folder);
    if (instead != NULL && text_starts(name, "../"))
        name = arena_printf(junit->scratch, "%s%s", instead, path_basename(name));
    if (junit->options.task_class) {
        size_t digits = strlen(name);

        while (digits > 0 && name[digits - 1] >= '0' && name[digits - 1] <= '9')
            digits--;
        if (digits >= 5 && name[digits] != '\0' && strncmp(name + digits - 5, ".yml:", 5) == 0)
            name = arena_copy_n(junit->scratch, name, digits - 5);
    }
    return name;
}

static double seconds_of(const struct junit_task *task, const struct junit_case *one)
{
    return (double)(one->finish_us - task->start_us) / 1e6;
}

static void element(struct text *out, const char *name, const char *text)
{
    text_printf(out, "\t\t\t<%s>", name);
    escaped(out, text, false);
    text_printf(out, "</%s>\n", name);
}

static void case_write(struct junit *junit, struct text *out, const struct junit_task *task,
                       const struct junit_case *one)
{
    const char *kind = one->is_error ? "error" : "failure";
    bool has_text = one->text != NULL && one->text[0] != '\0';

    text_add(out, "\t\t<testcase");
    attribute(out, "classname", class_name(junit, task));
    attribute(out, "name", arena_printf(junit->scratch, "[%s] %s: %s", one->host, task->play, task->name));
    attribute(out, "time", arena_printf(junit->scratch, "%.6f", seconds_of(task, one)));
    if (one->status != JUNIT_FAILED && !has_text) {
        text_add(out, "/>\n");
        return;
    }
    text_add(out, ">\n");
    if (one->status == JUNIT_FAILED) {
        text_printf(out, "\t\t\t<%s", kind);
        attribute(out, "message", one->message);
        attribute(out, "type", kind);
        text_add_char(out, '>');
        escaped(out, has_text ? one->text : "", false);
        text_printf(out, "</%s>\n", kind);
    } else {
        element(out, one->status == JUNIT_SKIPPED ? "skipped" : "system-out", one->text);
    }
    text_add(out, "\t\t</testcase>\n");
}

struct junit_totals {
    int tests, failures, errors, skipped;
    double seconds;
};

static bool is_reported(const struct junit *junit, const struct junit_task *task)
{
    return !(task->is_setup && junit->options.hides_setup);
}

static struct junit_totals totals_of(const struct junit *junit)
{
    struct junit_totals totals = { 0 };

    for (const struct junit_task *task = junit->tasks; task != NULL; task = task->next) {
        for (const struct junit_case *one = task->cases; is_reported(junit, task) && one != NULL; one = one->next) {
            totals.tests++;
            totals.failures += one->status == JUNIT_FAILED && !one->is_error;
            totals.errors += one->status == JUNIT_FAILED && one->is_error;
            totals.skipped += one->status == JUNIT_SKIPPED;
            totals.seconds += seconds_of(task, one);
        }
    }
    return totals;
}

static void report_write(struct junit *junit, struct text *out)
{
    struct junit_totals totals = totals_of(junit);

    text_add(out, "<?xml version=\"1.0\" ?>\n");
    text_printf(out, "<testsuites disabled=\"0\" errors=\"%d\" failures=\"%d\" tests=\"%d\" time=\"%.6f\">\n",
                totals.errors, totals.failures, totals.tests, totals.seconds);
    text_printf(out, "\t<testsuite disabled=\"0\" errors=\"%d\" failures=\"%d\"", totals.errors, totals.failures);
    attribute(out, "name", junit->playbook == NULL ? "None" : junit->playbook);
    text_printf(out, " skipped=\"%d\" tests=\"%d\" time=\"%.6f\"%s>\n", totals.skipped, totals.tests, totals.seconds,
                totals.tests == 0 ? "/" : "");
    for (const struct junit_task *task = junit->tasks; task != NULL; task = task->next) {
        for (const struct junit_case *one = task->cases; is_reported(junit, task) && one != NULL; one = one->next)
            case_write(junit, out, task, one);
    }
    text_add(out, totals.tests == 0 ? "</testsuites>\n" : "\t</testsuite>\n</testsuites>\n");
}

static void report_save(struct junit *junit, int64_t wall_us)
{
    struct text out = text_new(junit->scratch);
    struct error err = ERROR_INIT;
    const char *path = arena_printf(junit->scratch, "%s/%s-%lld.%06d.xml", junit->options.folder,
                                    junit->playbook == NULL ? "None" : junit->playbook, (long long)(wall_us / 1000000),
                                    (int)(wall_us % 1000000));
    FILE *file;

    report_write(junit, &out);
    file = folder_create(junit->scratch, junit->options.folder, 0777, &err) ? fopen(path, "we") : NULL;
    if (file == NULL || fwrite(out.data, 1, out.length, file) != out.length)
        fprintf(junit->options.errors, "[WARNING]: Unable to write the JUnit report '%s': %s\n", path, strerror(errno));
    if (file != NULL)
        fclose(file);
}

static void playbook_remember(struct junit *junit, const struct event *event)
{
    const char *path = event->path != NULL ? event->path : event->name, *name, *dot;

    if (path == NULL)
        return;
    name = path_basename(path);
    dot = strrchr(name, '.');
    junit->playbook = dot == NULL || dot == name ? arena_copy(junit->arena, name)
                                                 : arena_copy_n(junit->arena, name, (size_t)(dot - name));
}

static void junit_emit(struct event_sink *sink, const struct event *event)
{
    struct junit *junit = junit_of(sink);

    switch (event->kind) {
    case EVENT_RUN_START:
        playbook_remember(junit, event);
        break;
    case EVENT_PLAY_START:
        junit->play = arena_copy(junit->arena, event->name == NULL ? "" : event->name);
        break;
    case EVENT_TASK_START:
        on_task(junit, event);
        break;
    case EVENT_RESULT:
    case EVENT_INCLUDE_RESULT:
        on_result(junit, event);
        break;
    case EVENT_INCLUDE:
        on_include(junit, event);
        break;
    case EVENT_STATS:
        junit->has_stats = true;
        break;
    case EVENT_RUN_END:
        if (event->outcome == OUTCOME_OK || junit->has_stats)
            report_save(junit, event->wall_us);
        break;
    default:
        break;
    }
    arena_reset(junit->scratch);
}

static void junit_close(struct event_sink *sink)
{
    arena_free(junit_of(sink)->scratch);
    junit_of(sink)->scratch = NULL;
}

struct event_sink *sink_junit(struct arena *arena, const struct junit_options *options)
{
    struct junit *junit = arena_new_of(arena, struct junit);

    *junit = (struct junit){ .sink = { .emit = junit_emit, .close = junit_close },
                             .options = *options,
                             .arena = arena,
                             .scratch = arena_new(),
                             .play = "" };
    junit->tasks_end = &junit->tasks;
    return &junit->sink;
}
