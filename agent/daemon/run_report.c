/* SPDX-License-Identifier: Apache-2.0 */
/* From events to reports. */
#include "agent/daemon/run_report.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/trust/private_file.h"
#include "engine/report/result_text.h"

#define DRIFT_MAX 5000 /* resources that are remembered */
#define DRIFT_FILE_MAX ((size_t)4 * 1024 * 1024)
#define DIFF_MAX ((size_t)64 * 1024)
#define PATHS_MAX 8000 /* below what the kernel watches by default */

struct run_report {
    struct arena *arena;
    struct run_report_options options;
    struct value *drifting; /* resource -> true: found by this run */
    struct value *paths;    /* path -> true: what its tasks are about */
    struct event_stats totals;
    bool has_stats;
    int64_t dropped;    /* lines that were no event, or did not fit */
    struct error first; /* trouble with the spool */
    bool is_failed;
};

static void add(struct run_report *report, const char *kind, const struct value *body)
{
    struct error err = ERROR_INIT;

    if (spool_add(report->options.spool, kind, clock_wall_us(), body, &err) || report->is_failed)
        return;
    report->is_failed = true;
    report->first = err;
}

bool run_report_begin(const struct run_report_options *options, struct run_report **out, struct error *err)
{
    struct arena *arena = arena_new();
    struct run_report *report = arena_new_of(arena, struct run_report);
    struct value *body = value_map(arena);

    *report = (struct run_report){
        .arena = arena, .options = *options, .drifting = value_map(arena), .paths = value_map(arena)
    };
    report->options.id = arena_copy(arena, options->id);
    report->options.playbook = arena_copy(arena, options->playbook);
    report->options.drift_path = arena_copy(arena, options->drift_path);
    value_map_put_string(arena, body, "run", options->id);
    value_map_put_string(arena, body, "kind", options->kind == RUN_CHECK ? "check" : "apply");
    value_map_put_string(arena, body, "playbook", options->playbook);
    value_map_put_string(arena, body, "why", options->why);
    if (options->work > 0)
        value_map_put_int(arena, body, "work", options->work);
    if (!spool_add(options->spool, "run_start", clock_wall_us(), body, err)) {
        arena_free(arena);
        return false;
    }
    *out = report;
    return true;
}

void run_report_free(struct run_report *report)
{
    if (report != NULL)
        arena_free(report->arena);
}

/* --- events --- */

static const struct value *without(struct arena *arena, const struct value *map, const char *const *keys)
{
    struct value *out = value_map(arena);

    for (size_t i = 0; i < value_count(map); i++) {
        const struct value_pair *pair = value_pair_at(map, i);
        const char *key = value_text(pair->key);

        if (key == NULL || !text_in(key, keys))
            value_map_put_value(arena, out, pair->key, pair->item);
    }
    return out;
}

/* What repeats the playbook or the items that were told before is left out. */
static const struct value *event_slim(struct arena *arena, const struct value *event)
{
    static const char *const repeated[] = { "invocation", "results", NULL };
    static const char *const result[] = { "result", NULL };
    struct value *out;

    if (value_map_get(event, "result") == NULL)
        return event;
    out = value_map(arena);
    for (size_t i = 0; i < value_count(event); i++) {
        const struct value_pair *pair = value_pair_at(event, i);

        if (!text_in(value_text(pair->key), result))
            value_map_put_value(arena, out, pair->key, pair->item);
    }
    value_map_put(arena, out, "result", without(arena, value_map_get(event, "result"), repeated));
    return out;
}

static const char *target_of(const struct value *args)
{
    static const char *const keys[] = { "dest", "path", "name", "src", "repo", "key", "line" };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const char *text = value_map_text(args, keys[i]);

        if (text != NULL && text[0] != '\0')
            return text;
    }
    return NULL;
}

/* "copy /etc/motd"; a task without a thing of its own by its name, "command: Build the index". */
static const char *resource_of(struct arena *arena, const struct value *event)
{
    const struct value *args =
        value_map_get(value_map_get(value_map_get(event, "result"), "invocation"), "module_args");
    const char *action = value_map_text(event, "action"), *target = target_of(args);
    const char *item = value_map_text(event, "item_label"), *name = value_map_text(event, "name");
    const struct value *line = value_map_get(event, "line");

    if (action == NULL)
        action = "task";
    if (target != NULL && !value_map_true(event, "no_log"))
        return arena_printf(arena, "%s %s", action, target);
    if (item != NULL)
        return arena_printf(arena, "%s: line %lld, item %s", action,
                            value_is(line, VALUE_INT) ? (long long)line->as.integer : 0LL, item);
    return arena_printf(arena, "%s: %s", action, name == NULL ? "" : name);
}

static void diff_put(struct arena *arena, struct value *body, const struct value *event)
{
    const struct value *result = value_map_get(event, "result"), *diff = value_map_get(result, "diff");
    const struct result_style style = { 0 };
    struct text text = text_new(arena);

    if (diff != NULL)
        result_text_diff(&text, diff, &style);
    if (text.length > DIFF_MAX) {
        text_truncate(&text, text_utf8_offset(text.data, DIFF_MAX, DIFF_MAX));
        text_add(&text, "\n[the rest of the diff is left out]\n");
    }
    if (text.length > 0)
        value_map_put_string(arena, body, "diff", text.data);
    if (value_map_get(result, "_ansible_changes") != NULL)
        value_map_put(arena, body, "changes", value_map_get(result, "_ansible_changes"));
}

/* A change that is due (check) or was made (apply). */
static void change_report(struct run_report *report, struct arena *arena, const struct value *event)
{
    static const char *const keys[] = { "name", "action", "path", "line", "item_label", NULL };
    struct value *body = value_map(arena);
    const char *resource = resource_of(arena, event);

    value_map_put_string(arena, body, "resource", resource);
    value_map_put_string(arena, body, "run", report->options.id);
    for (const char *const *key = keys; *key != NULL; key++) {
        if (value_map_get(event, *key) != NULL)
            value_map_put(arena, body, strcmp(*key, "name") == 0 ? "task" : *key, value_map_get(event, *key));
    }
    diff_put(arena, body, event);
    if (report->options.kind == RUN_APPLY) {
        value_map_put_string(arena, body, "cause", report->options.cause);
        add(report, "mended", body);
        return;
    }
    if (value_count(report->drifting) < DRIFT_MAX)
        value_map_put(report->arena, report->drifting, resource, value_bool(true));
    add(report, "drift", body);
}

static void path_keep(struct run_report *report, const struct value *event)
{
    static const char *const keys[] = { "dest", "path", "src" };
    const struct value *args =
        value_map_get(value_map_get(value_map_get(event, "result"), "invocation"), "module_args");

    /* the first that is there: the source of a copy is not what is managed */
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const char *path = value_map_text(args, keys[i]);

        if (path == NULL || path[0] != '/')
            continue;
        if (value_count(report->paths) < PATHS_MAX)
            value_map_put(report->arena, report->paths, path, value_bool(true));
        return;
    }
}

const char *const *run_report_paths(const struct run_report *report, size_t *count_out)
{
    size_t count = value_count(report->paths);
    const char **paths = arena_new_array(report->arena, const char *, count + 1);

    for (size_t i = 0; i < count; i++)
        paths[i] = value_text(value_pair_at(report->paths, i)->key);
    *count_out = count;
    return paths;
}

static void stats_take(struct run_report *report, const struct value *stats)
{
    struct {
        const char *key;
        int *to;
    } const counts[] = {
        { "ok", &report->totals.ok },           { "changed", &report->totals.changed },
        { "failed", &report->totals.failed },   { "unreachable", &report->totals.unreachable },
        { "skipped", &report->totals.skipped }, { "ignored", &report->totals.ignored },
    };

    report->has_stats = true;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        const struct value *count = value_map_get(stats, counts[i].key);

        *counts[i].to += value_is(count, VALUE_INT) ? (int)count->as.integer : 0;
    }
}

static void event_take(struct run_report *report, struct arena *arena, const struct value *event, const char *kind)
{
    bool is_outcome = strcmp(kind, "item") == 0 || (strcmp(kind, "result") == 0 && !value_map_true(event, "has_items"));

    if (strcmp(kind, "stats") == 0)
        stats_take(report, value_map_get(event, "stats"));
    if (is_outcome)
        path_keep(report, event);
    /* a handler runs because something else has changed, which is told */
    if (is_outcome && text_equal(value_map_text(event, "outcome"), "changed") && !value_map_true(event, "is_handler"))
        change_report(report, arena, event);
}

void run_report_line(struct run_report *report, const char *line, size_t length)
{
    static const char *const passing[] = { "progress", "host_start", NULL };
    ARENA_SCOPED arena = arena_new();
    struct error ignored = ERROR_INIT;
    const struct value *event = NULL;
    struct value *body;
    const char *kind;

    if (length == 0)
        return;
    if (!json_read(arena, line, length, NULL, &event, &ignored) || (kind = value_map_text(event, "event")) == NULL) {
        report->dropped++;
        return;
    }
    if (text_in(kind, passing))
        return;
    body = value_map(arena);
    value_map_put_string(arena, body, "run", report->options.id);
    value_map_put(arena, body, "event", event_slim(arena, event));
    add(report, "run_event", body);
    event_take(report, arena, event, kind);
}

void run_report_judge(struct run_report *report, const struct runner_end *end, struct run_end *out)
{
    int failed = report->totals.failed + report->totals.unreachable;
    const char *last_words = end->errors[0] == '\0' ? "" : arena_printf(report->arena, ": %s", end->errors);

    *out = (struct run_end){ .outcome = "failed" };
    if (end->signal != 0)
        out->reason = arena_printf(report->arena, "the runner died of signal %d (%s)%s", end->signal,
                                   strsignal(end->signal), last_words);
    else if (failed > 0)
        out->reason = arena_printf(report->arena, failed == 1 ? "%d task failed" : "%d tasks failed", failed);
    else if (!report->has_stats || (end->status != 0 && report->options.kind == RUN_APPLY))
        out->reason = arena_printf(report->arena, "the runner ended with status %d%s", end->status, last_words);
    else
        out->outcome = report->options.kind == RUN_CHECK && report->totals.changed > 0 ? "drift" : "ok";
}

/* --- the end --- */

static bool drift_read(struct run_report *report, const struct value **out, struct error *err)
{
    struct der text;
    bool missing = false;

    *out = value_map(report->arena);
    if (!private_file_read(report->arena, report->options.drift_path, DRIFT_FILE_MAX, &text, &missing, err))
        return false;
    return missing ||
           json_read(report->arena, (const char *)text.data, text.length, report->options.drift_path, out, err);
}

/* What drifted before and does not now is in order again, by whatever hand. */
static bool drift_compare(struct run_report *report, struct error *err)
{
    const struct value *before = NULL;
    const char *text;

    if (!drift_read(report, &before, err))
        return false;
    for (size_t i = 0; i < value_count(before); i++) {
        const char *resource = value_text(value_pair_at(before, i)->key);
        struct value *body = value_map(report->arena);

        if (resource == NULL || value_map_get(report->drifting, resource) != NULL)
            continue;
        value_map_put_string(report->arena, body, "resource", resource);
        value_map_put_string(report->arena, body, "run", report->options.id);
        add(report, "mended", body);
    }
    text = json_text(report->arena, report->drifting, JSON_COMPACT);
    return private_file_write(report->options.drift_path, text, strlen(text), err);
}

static void end_report(struct run_report *report, const struct run_end *end)
{
    struct value *body = value_map(report->arena);

    value_map_put_string(report->arena, body, "run", report->options.id);
    value_map_put_string(report->arena, body, "outcome", end->outcome);
    if (end->reason != NULL)
        value_map_put_string(report->arena, body, "reason", end->reason);
    if (report->has_stats) {
        value_map_put_int(report->arena, body, "ok", report->totals.ok);
        value_map_put_int(report->arena, body, "changed", report->totals.changed);
        value_map_put_int(report->arena, body, "failed", report->totals.failed + report->totals.unreachable);
        value_map_put_int(report->arena, body, "skipped", report->totals.skipped);
    }
    if (report->dropped > 0)
        value_map_put_int(report->arena, body, "dropped_lines", report->dropped);
    add(report, "run_end", body);
}

/* What the node is, after this run. An apply that went well is a proof as good as a check. */
static void status_report(struct run_report *report, const struct run_end *end)
{
    struct value *body = value_map(report->arena);
    int drifting = report->totals.changed;
    const char *reason = end->reason;

    if (reason == NULL && strcmp(end->outcome, "drift") == 0)
        reason = arena_printf(report->arena,
                              drifting == 1 ? "%d task is not as declared" : "%d tasks are not as declared", drifting);
    value_map_put_string(report->arena, body, "verdict", end->outcome);
    value_map_put_string(report->arena, body, "reason", reason);
    value_map_put_string(report->arena, body, "run", report->options.id);
    add(report, "status", body);
}

bool run_report_end(struct run_report *report, const struct run_end *end, struct error *err)
{
    bool is_complete = strcmp(end->outcome, "ok") == 0 || strcmp(end->outcome, "drift") == 0;

    if (is_complete && !drift_compare(report, err))
        return false;
    end_report(report, end);
    if (is_complete || strcmp(end->outcome, "failed") == 0)
        status_report(report, end);
    if (report->is_failed) {
        *err = report->first;
        return error_prefix(err, "reports of run %s are lost", report->options.id);
    }
    return spool_sync(report->options.spool, err);
}
