/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The callbacks timer, profile_tasks and profile_roles of ansible.posix: how long the run, its tasks, its roles took.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "engine/report/log_file.h"
#include "engine/report/paint.h"
#include "engine/report/sinks.h"

#define LINE_COLUMNS 79
#define COLUMNS_MIN 79
#define SECONDS_COLUMNS 9

struct profile_entry {
    const char *name, *path;
    uint32_t task;
    int64_t elapsed_us;
};

struct profile {
    struct event_sink sink; /* first */
    struct profile_options options;
    struct arena *arena, *scratch;
    bool of_roles, has_stats;
    int columns;
    int64_t start_us, last_us; /* of the run; when the last line was printed */
    int64_t began_us;          /* the entry that goes on */
    size_t current;            /* its place + 1; 0: none */
    struct profile_entry *entries;
    size_t count, room;
};

static struct profile *profile_of(struct event_sink *sink)
{
    return (struct profile *)sink;
}

static void line_print(struct profile *profile, const struct text *line)
{
    fwrite(line->data, 1, line->length, profile->options.out);
    fputc('\n', profile->options.out);
    log_file_add(profile->options.log, line->data, line->length);
}

static void repeat(struct text *out, char c, size_t count)
{
    for (; count > 0; count--)
        text_add_char(out, c);
}

/* H:MM:SS.mmm */
static void duration_add(struct text *out, int64_t us)
{
    long long ms = us < 0 ? 0 : us / 1000;

    text_printf(out, "%lld:%02lld:%02lld.%03lld", ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

/* "Thursday 11 June 2017  22:50:53 +0100 (0:00:00.721)       0:00:05.322 *********" */
static void time_print(struct profile *profile, int64_t now_us)
{
    struct text line = text_new(profile->scratch);
    time_t seconds = (time_t)(now_us / 1000000);
    struct tm parts;
    char when[96];

    localtime_r(&seconds, &parts);
    strftime(when, sizeof(when), "%A %d %B %Y  %H:%M:%S %z", &parts);
    text_printf(&line, "%s (", when);
    duration_add(&line, now_us - profile->last_us);
    text_add(&line, ")       ");
    duration_add(&line, now_us - profile->start_us);
    text_add_char(&line, ' ');
    repeat(&line, '*', line.length + 3 < LINE_COLUMNS ? LINE_COLUMNS - line.length : 3);
    text_add_char(&line, ' ');
    line_print(profile, &line);
    profile->last_us = now_us;
}

static void rule_print(struct profile *profile, char c)
{
    struct text line = text_new(profile->scratch);

    repeat(&line, c, LINE_COLUMNS);
    text_add_char(&line, ' ');
    line_print(profile, &line);
}

static void current_end(struct profile *profile, int64_t now_us)
{
    if (profile->current > 0)
        profile->entries[profile->current - 1].elapsed_us += now_us - profile->began_us;
    profile->current = 0;
}

static size_t entry_find(const struct profile *profile, const char *name, uint32_t task)
{
    for (size_t i = profile->count; i > 0; i--) {
        const struct profile_entry *entry = &profile->entries[i - 1];

        if (profile->of_roles ? text_equal(entry->name, name) : task != 0 && entry->task == task)
            return i;
    }
    return 0;
}

static void entry_begin(struct profile *profile, const struct event *event)
{
    const char *name = event->name;

    if (profile->of_roles)
        name = event->role != NULL ? event->role : event->action_text != NULL ? event->action_text : event->action;
    name = name == NULL ? "" : name;
    profile->current = entry_find(profile, name, event->task);
    if (profile->current == 0) {
        if (profile->count == profile->room) {
            size_t room = profile->room == 0 ? 64 : profile->room * 2;

            profile->entries = arena_grow(profile->arena, profile->entries, profile->room * sizeof(*profile->entries),
                                          room * sizeof(*profile->entries));
            profile->room = room;
        }
        profile->entries[profile->count++] = (struct profile_entry){
            .name = arena_copy(profile->arena, name),
            .path = event->path == NULL || profile->options.verbosity < 2
                        ? NULL
                        : arena_printf(profile->arena, "%s:%d", event->path, event->line),
            .task = event->task,
        };
        profile->current = profile->count;
    }
    profile->began_us = event->wall_us;
}

/* "NAME ------ 0.02s" */
static void entry_print(struct profile *profile, const char *name, int64_t elapsed_us, size_t columns)
{
    struct text line = text_new(profile->scratch);
    const char *seconds = arena_printf(profile->scratch, " %.2fs", (double)elapsed_us / 1e6);
    size_t width = text_utf8_count(name, strlen(name)) + 1, digits = strlen(seconds);

    text_printf(&line, "%s ", name);
    repeat(&line, '-', width < columns ? columns - width : 0);
    repeat(&line, '-', digits < SECONDS_COLUMNS ? SECONDS_COLUMNS - digits : 0);
    text_add(&line, seconds);
    line_print(profile, &line);
}

static int by_time(const void *a, const void *b)
{
    const struct profile_entry *left = a, *right = b;

    return left->elapsed_us == right->elapsed_us ? 0 : left->elapsed_us > right->elapsed_us ? -1 : 1;
}

static int by_time_up(const void *a, const void *b)
{
    return by_time(b, a);
}

static void tasks_print(struct profile *profile)
{
    size_t shown = profile->count;

    if (profile->options.limit > 0 && shown > (size_t)profile->options.limit)
        shown = (size_t)profile->options.limit;
    for (size_t i = 0; i < shown; i++) {
        const struct profile_entry *entry = &profile->entries[i];

        entry_print(profile, entry->name, entry->elapsed_us, (size_t)profile->columns - SECONDS_COLUMNS);
        if (entry->path != NULL) {
            struct text line = text_new(profile->scratch);
            size_t width = text_utf8_count(entry->path, strlen(entry->path)) + 1;

            text_printf(&line, "%s ", entry->path);
            repeat(&line, '-', width < (size_t)profile->columns ? (size_t)profile->columns - width : 0);
            line_print(profile, &line);
        }
    }
}

static void roles_print(struct profile *profile)
{
    int64_t total_us = 0;

    for (size_t i = 0; i < profile->count; i++) {
        total_us += profile->entries[i].elapsed_us;
        entry_print(profile, profile->entries[i].name, profile->entries[i].elapsed_us, 70);
    }
    rule_print(profile, '~');
    entry_print(profile, "total", total_us, 70);
}

static void summary_print(struct profile *profile, int64_t now_us)
{
    time_print(profile, now_us);
    rule_print(profile, '=');
    current_end(profile, now_us);
    if (profile->count > 0 && (profile->of_roles || profile->options.order != 'n'))
        qsort(profile->entries, profile->count, sizeof(*profile->entries),
              !profile->of_roles && profile->options.order == 'a' ? by_time_up : by_time);
    if (profile->of_roles)
        roles_print(profile);
    else
        tasks_print(profile);
}

static void profile_emit(struct event_sink *sink, const struct event *event)
{
    struct profile *profile = profile_of(sink);

    if (event->kind == EVENT_TASK_START) {
        time_print(profile, event->wall_us);
        current_end(profile, event->wall_us);
        entry_begin(profile, event);
    }
    profile->has_stats = profile->has_stats || event->kind == EVENT_STATS;
    if (event->kind == EVENT_RUN_END && (event->outcome == OUTCOME_OK || profile->has_stats))
        summary_print(profile, event->wall_us);
    arena_reset(profile->scratch);
}

static void profile_close(struct event_sink *sink)
{
    arena_free(profile_of(sink)->scratch);
    profile_of(sink)->scratch = NULL;
}

static struct event_sink *profile_new(struct arena *arena, const struct profile_options *options, bool of_roles)
{
    struct profile *profile = arena_new_of(arena, struct profile);
    int64_t now_us = clock_wall_us();

    *profile = (struct profile){ .sink = { .emit = profile_emit, .close = profile_close },
                                 .options = *options,
                                 .arena = arena,
                                 .scratch = arena_new(),
                                 .of_roles = of_roles,
                                 .columns = options->columns - 1 > COLUMNS_MIN ? options->columns - 1 : COLUMNS_MIN,
                                 .start_us = now_us,
                                 .last_us = now_us };
    return &profile->sink;
}

struct event_sink *sink_profile_tasks(struct arena *arena, const struct profile_options *options)
{
    return profile_new(arena, options, false);
}

struct event_sink *sink_profile_roles(struct arena *arena, const struct profile_options *options)
{
    return profile_new(arena, options, true);
}

/* --- timer --- */

struct timer {
    struct event_sink sink; /* first */
    FILE *out;
    struct log_file *log;
    int64_t start_us;
    bool has_stats;
};

static void timer_emit(struct event_sink *sink, const struct event *event)
{
    struct timer *timer = (struct timer *)sink;
    ARENA_SCOPED scratch = arena_new();
    struct text line = text_new(scratch);
    long long seconds;

    timer->has_stats = timer->has_stats || event->kind == EVENT_STATS;
    if (event->kind != EVENT_RUN_END || (event->outcome != OUTCOME_OK && !timer->has_stats))
        return;
    seconds = (event->wall_us - timer->start_us) / 1000000;
    text_printf(&line, "Playbook run took %lld days, %lld hours, %lld minutes, %lld seconds", seconds / 86400,
                seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    fprintf(timer->out, "%s\n", line.data);
    log_file_add(timer->log, line.data, line.length);
}

struct event_sink *sink_timer(struct arena *arena, FILE *out, struct log_file *log)
{
    struct timer *timer = arena_new_of(arena, struct timer);

    *timer = (struct timer){ { .emit = timer_emit }, out, log, clock_wall_us(), false };
    return &timer->sink;
}
