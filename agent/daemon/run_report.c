/* SPDX-License-Identifier: Apache-2.0 */
/* From events to reports. */
#include "agent/daemon/run_report.h"

#include <stdlib.h>
#include <string.h>

#include "agent/daemon/drift_memory.h"
#include "agent/daemon/run_change.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/event/event.h"
#include "common/json/json.h"

#define NAME_SHOWN ((size_t)80) /* characters of a task's name or item in a reason */
#define MESSAGE_SHOWN ((size_t)240)

struct run_report {
    struct arena *arena;
    struct run_report_options options;
    struct drift_memory *memory;
    struct value *mended;    /* resource -> true: told already, with its cause */
    struct managed *managed; /* what its tasks are about; NULL: handed on */
    int64_t begin_us;
    struct evidence_list evidence; /* read once; no arena: not yet */
    int64_t evidence_us;           /* good for windows from here on */
    struct event_stats totals;
    bool has_stats;
    const char *first_failed, *last_failed; /* "task 'X' failed: Y"; NULL: none has */
    int64_t dropped;                        /* lines that were no event, or did not fit */
    struct error first;                     /* trouble with the spool */
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

void run_report_free(struct run_report *report)
{
    if (report == NULL)
        return;
    drift_memory_free(report->memory);
    managed_free(report->managed);
    arena_free(report->arena);
}

bool run_report_begin(const struct run_report_options *options, struct run_report **out, struct error *err)
{
    struct arena *arena = arena_new();
    struct run_report *report = arena_new_of(arena, struct run_report);
    struct value *body = value_map(arena);

    *report = (struct run_report){
        .arena = arena,
        .options = *options,
        .mended = value_map(arena),
        .managed = managed_new(),
        .begin_us = clock_wall_us(),
    };
    report->options.id = arena_copy(arena, options->id);
    report->options.playbook = arena_copy(arena, options->playbook);
    if (!drift_memory_open(options->drift_path, &report->memory, &report->first))
        report->is_failed = true;
    value_map_put_string(arena, body, "run", options->id);
    value_map_put_string(arena, body, "kind", options->kind == RUN_CHECK ? "check" : "apply");
    value_map_put_string(arena, body, "playbook", options->playbook);
    value_map_put_string(arena, body, "why", options->why);
    if (options->work > 0)
        value_map_put_int(arena, body, "work", options->work);
    if (!spool_add(options->spool, "run_start", report->begin_us, body, err)) {
        run_report_free(report);
        return false;
    }
    *out = report;
    return true;
}

/* --- events --- */

static const struct value *without(struct arena *arena, const struct value *map, const char *const *keys)
{
    struct value *out = value_map(arena);

    for (size_t i = 0; i < value_map_count(map); i++) {
        const struct value_pair *pair = value_pair_at(map, i);
        const char *key = value_text(pair->key);

        if (key == NULL || !text_in(key, keys))
            value_map_put_value(arena, out, pair->key, pair->item);
    }
    return out;
}

/* What repeats the playbook or the items that were told before is left out. A hidden result (no_log) is no map. */
static const struct value *event_slim(struct arena *arena, const struct value *event)
{
    static const char *const repeated[] = { "invocation", "results", NULL };
    static const char *const result[] = { "result", NULL };
    struct value *out;

    if (!value_is(value_map_get(event, "result"), VALUE_MAP))
        return event;
    out = value_map(arena);
    for (size_t i = 0; i < value_map_count(event); i++) {
        const struct value_pair *pair = value_pair_at(event, i);

        if (!text_in(value_text(pair->key), result))
            value_map_put_value(arena, out, pair->key, pair->item);
    }
    value_map_put(arena, out, "result", without(arena, value_map_get(event, "result"), repeated));
    return out;
}

/* Why it is so, when that is news. Old drift keeps what was told of it. */
static void cause_put(struct run_report *report, struct arena *arena, struct value *body, const char *resource)
{
    struct cause_window window = { .from_us = drift_memory_last_ok_us(report->memory, resource),
                                   .to_us = clock_wall_us(),
                                   .touched_us = report->options.touched_us };
    int64_t begin_us = window.touched_us > 0 ? window.touched_us : window.from_us;
    struct cause cause;

    if (strcmp(report->options.why, "bundle") == 0) { /* what is declared has changed, not the machine */
        value_map_put_string(arena, body, "cause", "intentional");
        value_map_put_string(arena, body, "reason", "a new bundle was published");
        return;
    }
    if (report->options.causes == NULL || begin_us == 0)
        return;
    if (report->evidence.arena == NULL || begin_us < report->evidence_us) {
        report->evidence = (struct evidence_list){ .arena = report->arena };
        report->evidence_us = begin_us;
        cause_gather(&report->evidence, report->options.causes, &window);
    }
    cause = cause_choose(&report->evidence, &window);
    if (cause.cause == NULL)
        return;
    value_map_put_string(arena, body, "cause", cause.cause);
    if (cause.reason != NULL)
        value_map_put_string(arena, body, "reason", cause.reason);
    value_map_put_int(arena, body, "window_from_us", window.from_us);
    value_map_put_int(arena, body, "window_to_us", window.to_us);
}

/* A change that is due (check) or was made (apply). */
static void change_report(struct run_report *report, struct arena *arena, const struct value *event)
{
    const char *resource = run_change_resource(arena, event);
    struct value *body = run_change_body(arena, event, report->options.id);

    if (report->options.kind == RUN_APPLY) {
        value_map_put_string(arena, body, "cause", report->options.cause);
        add(report, "mended", body);
        value_map_put(report->arena, report->mended, resource, value_bool(true));
        drift_memory_ok(report->memory, resource);
        return;
    }
    if (drift_memory_drifts(report->memory, resource))
        cause_put(report, arena, body, resource);
    add(report, "drift", body);
}

struct managed *run_report_managed(struct run_report *report)
{
    struct managed *managed = report->managed;

    report->managed = NULL;
    return managed;
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
        { "rescued", &report->totals.rescued },
    };

    report->has_stats = true;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        const struct value *count = value_map_get(stats, counts[i].key);

        *counts[i].to += value_is(count, VALUE_INT) ? (int)count->as.integer : 0;
    }
}

/* As one line of bounded length. */
static const char *brief(struct arena *arena, const char *string, size_t most)
{
    struct text text = text_new(arena);

    text_add(&text, string);
    for (size_t i = 0; i < text.length; i++) {
        if ((unsigned char)text.data[i] < ' ')
            text.data[i] = ' ';
    }
    if (text_utf8_count(text.data, text.length) > most) {
        text_truncate(&text, text_utf8_offset(text.data, text.length, most));
        text_add(&text, "...");
    }
    return text.data;
}

/* Which task it was and what it said. A hidden result (no_log) has no message here. */
static void failure_take(struct run_report *report, const struct value *event)
{
    struct arena *arena = report->arena;
    const char *name = value_map_text(event, "name"), *action = value_map_text(event, "action");
    const char *item = value_map_text(event, "item_label");
    const struct value *result = value_map_get(event, "result");
    const char *message = value_is(result, VALUE_MAP) ? value_map_text(result, "msg") : NULL;
    bool is_away = text_equal(value_map_text(event, "outcome"), "unreachable"),
         is_hidden = value_map_true(event, "no_log");

    if (name == NULL || *name == '\0')
        name = action == NULL ? "" : action;
    report->last_failed = arena_printf(arena, "task '%s' %s%s%s%s%s", brief(arena, name, NAME_SHOWN),
                                       is_away ? "found no host" : "failed", item == NULL || is_hidden ? "" : " for ",
                                       item == NULL || is_hidden ? "" : brief(arena, item, NAME_SHOWN),
                                       is_hidden         ? " (its result is hidden)"
                                       : message == NULL ? ""
                                                         : ": ",
                                       is_hidden || message == NULL ? "" : brief(arena, message, MESSAGE_SHOWN));
    if (report->first_failed == NULL)
        report->first_failed = report->last_failed;
}

/* What was rescued has failed too, and is no reason: then it is the last one that ended the run. */
static const char *failure_text(struct run_report *report, int failed)
{
    const char *sentence = report->totals.rescued > 0 ? report->last_failed : report->first_failed;

    if (sentence == NULL)
        return arena_printf(report->arena, failed == 1 ? "%d task failed" : "%d tasks failed", failed);
    return failed == 1 ? sentence : arena_printf(report->arena, "%s (%d tasks failed)", sentence, failed);
}

static bool is_failure(const struct value *event)
{
    static const char *const failures[] = { "failed", "unreachable", NULL };

    return text_in(value_map_text(event, "outcome"), failures) && !value_map_true(event, "ignored");
}

static void event_take(struct run_report *report, struct arena *arena, const struct value *event, const char *kind)
{
    bool is_outcome = strcmp(kind, "item") == 0 || (strcmp(kind, "result") == 0 && !value_map_true(event, "has_items"));

    if (strcmp(kind, "stats") == 0)
        stats_take(report, value_map_get(event, "stats"));
    if (is_outcome && report->managed != NULL)
        managed_add(report->managed, event);
    if (is_outcome && is_failure(event))
        failure_take(report, event);
    if (is_outcome && text_equal(value_map_text(event, "outcome"), "ok"))
        drift_memory_ok(report->memory, run_change_resource(arena, event));
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
    else if (end->status == RUNNER_TOO_FEW && report->options.is_partial)
        *out = (struct run_end){ "cancelled", end->errors[0] == '\0' ? "these tasks need others"
                                                                     : arena_copy(report->arena, end->errors) };
    else if (failed > 0)
        out->reason = failure_text(report, failed);
    else if (!report->has_stats || (end->status != 0 && report->options.kind == RUN_APPLY))
        out->reason = arena_printf(report->arena, "the runner ended with status %d%s", end->status, last_words);
    else
        out->outcome = report->options.kind == RUN_CHECK && report->totals.changed > 0 ? "drift" : "ok";
}

/* --- the end --- */

static void mended_report(void *data, const char *resource)
{
    struct run_report *report = data;
    struct value *body;

    if (value_map_get(report->mended, resource) != NULL)
        return;
    body = value_map(report->arena);
    value_map_put_string(report->arena, body, "resource", resource);
    value_map_put_string(report->arena, body, "run", report->options.id);
    add(report, "mended", body);
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

/* What the node is, after this run. An apply that went well is a proof as good as a check; a look at a few tasks is one together
 * with the last look at all of them. */
static void status_report(struct run_report *report, const struct run_end *end)
{
    struct value *body = value_map(report->arena);
    size_t drifting = report->options.is_partial ? drift_memory_count(report->memory) : (size_t)report->totals.changed;
    const char *reason = end->reason, *verdict = end->outcome;

    if (report->options.is_partial && !drift_memory_is_whole(report->memory))
        return;
    if (report->options.is_partial)
        verdict = drifting > 0 ? "drift" : "ok";
    if (reason == NULL && strcmp(verdict, "drift") == 0)
        reason = arena_printf(
            report->arena, drifting == 1 ? "%zu task is not as declared" : "%zu tasks are not as declared", drifting);
    value_map_put_string(report->arena, body, "verdict", verdict);
    value_map_put_string(report->arena, body, "reason", reason);
    value_map_put_string(report->arena, body, "run", report->options.id);
    add(report, "status", body);
}

bool run_report_end(struct run_report *report, const struct run_end *end, struct error *err)
{
    bool is_complete = strcmp(end->outcome, "ok") == 0 || strcmp(end->outcome, "drift") == 0;
    const struct drift_end drift = { .begin_us = report->begin_us,
                                     .is_partial = report->options.is_partial,
                                     .is_complete = is_complete,
                                     .mended = mended_report,
                                     .data = report };

    if (!drift_memory_end(report->memory, &drift, err))
        return false;
    end_report(report, end);
    if (is_complete || (strcmp(end->outcome, "failed") == 0 && !report->options.is_partial))
        status_report(report, end);
    if (report->is_failed) {
        *err = report->first;
        return error_prefix(err, "reports of run %s are lost", report->options.id);
    }
    return spool_sync(report->options.spool, err);
}
