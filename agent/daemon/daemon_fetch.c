/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The children that fetch and share models, as the placement says. A child that dies is started again; one that says why it failed, after
 * a while, or at once when its order is another.
 */
#include <stdio.h>
#include <string.h>

#include "agent/daemon/daemon_internal.h"
#include "agent/daemon/daemon_models.h"
#include "agent/share/share_order.h"
#include "common/base/clock.h"
#include "common/json/json.h"

#define AGAIN_FIRST_MS 1000   /* after a death */
#define AGAIN_MS 5000         /* after another one */
#define AGAIN_FAILED_MS 60000 /* after a failure that was told */
#define AWAY_MS 60000         /* progress is told so seldom while the controller is away */
#define DEATHS_MAX 5          /* in a row, before it is told as a failure */

struct fetching {
    const char *source, *order; /* order: a line, with its newline */
    struct runner *runner;      /* NULL: it does not run */
    struct daemon *daemon;
    bool is_wanted, is_done; /* done: nothing is to be done until the order is another */
    bool is_ended_by_us;
    bool had_last_word;
    int64_t start_at_ms, told_ms;
    int deaths;
    char state[16]; /* told last */
};

struct daemon_models {
    struct arena *arena; /* of the orders that hold */
    struct fetching *fetches;
    size_t count;
    const char *share_order; /* NULL: nothing is shared */
    struct runner *share;
    bool share_is_stopping;
    int64_t share_at_ms;
};

/* --- what a fetch says --- */

static void report_pass(struct fetching *fetching, const struct value *body, const char *state)
{
    struct daemon *daemon = fetching->daemon;
    int64_t now_ms = clock_monotonic_ms();
    bool is_news = !text_equal(state, fetching->state);

    if (!is_news && !uplink_is_connected(daemon->uplink) && now_ms - fetching->told_ms < AWAY_MS)
        return;
    (void)snprintf(fetching->state, sizeof(fetching->state), "%s", state);
    fetching->told_ms = now_ms;
    if (strcmp(state, "ready") == 0)
        daemon_models_tell(daemon); /* before it: where it lies is known when it is ready */
    daemon_report(daemon, "fetch", body);
}

static void line_take(void *data, const char *line, size_t length)
{
    ARENA_SCOPED arena = arena_new();
    struct fetching *fetching = data;
    const struct value *map = NULL;
    struct error ignored = ERROR_INIT;
    const char *state;

    if (length == 0 || !json_read(arena, line, length, NULL, &map, &ignored))
        return;
    state = value_map_text(map, "state");
    if (state == NULL || !text_equal(value_map_text(map, "source"), fetching->source))
        return;
    fetching->had_last_word = strcmp(state, "fetching") != 0;
    if (strcmp(state, "ready") == 0 || strcmp(state, "looked") == 0) {
        fetching->is_done = true;
        fetching->deaths = 0;
    }
    report_pass(fetching, map, state);
}

static void death_tell(struct fetching *fetching, const char *why)
{
    ARENA_SCOPED arena = arena_new();
    struct value *body = value_map(arena);

    value_map_put_string(arena, body, "source", fetching->source);
    value_map_put_string(arena, body, "state", "failed");
    value_map_put_string(arena, body, "where", "here");
    value_map_put_string(arena, body, "sentence", why);
    report_pass(fetching, body, "failed");
    fetching->state[0] = '\0';
}

static void fetch_ended(struct fetching *fetching, const struct runner_end *end)
{
    ARENA_SCOPED arena = arena_new();
    int64_t now_ms = clock_monotonic_ms();

    runner_free(fetching->runner);
    fetching->runner = NULL;
    fetching->daemon->is_bloated = true;
    fetching->start_at_ms = now_ms + (fetching->is_ended_by_us ? 0 : fetching->deaths == 0 ? AGAIN_FIRST_MS : AGAIN_MS);
    if (fetching->is_ended_by_us || fetching->is_done || fetching->daemon->is_stopping) {
        fetching->is_ended_by_us = false;
        return;
    }
    if (fetching->had_last_word) {
        fetching->start_at_ms = now_ms + AGAIN_FAILED_MS;
        return;
    }
    if (++fetching->deaths < DEATHS_MAX)
        return;
    fetching->deaths = 0;
    fetching->start_at_ms = now_ms + AGAIN_FAILED_MS;
    death_tell(fetching, end->errors[0] != '\0' ? end->errors
                         : end->signal != 0
                             ? arena_printf(arena, "the program that fetches models died (signal %d)", end->signal)
                             : "the program that fetches models ended without a word");
}

/* --- orders --- */

static const char *line_of(struct arena *arena, const struct value *value)
{
    const char *text = arena_printf(arena, "%s\n", json_text(arena, value, JSON_COMPACT));

    return strlen(text) < ORDER_LINE_MAX ? text : NULL;
}

static struct fetching *fetching_of(struct daemon_models *models, const char *source)
{
    for (size_t i = 0; models != NULL && i < models->count; i++) {
        if (text_equal(models->fetches[i].source, source))
            return &models->fetches[i];
    }
    return NULL;
}

/* What it did under the order before goes with it to the new one. */
static void fetching_take(struct daemon *daemon, struct fetching *next, const char *source, const char *order)
{
    struct fetching *before = fetching_of(daemon->models, source);
    bool is_other = before == NULL || before->order == NULL || strcmp(before->order, order) != 0;

    *next = before == NULL ? (struct fetching){ .daemon = daemon } : *before;
    if (before != NULL)
        *before = (struct fetching){ .daemon = daemon };
    next->source = source;
    next->order = order;
    next->is_wanted = true;
    if (!is_other)
        return;
    next->is_done = false;
    next->start_at_ms = 0;
    if (next->runner != NULL && !runner_say(next->runner, order, strlen(order))) {
        next->is_ended_by_us = true;
        runner_stop(next->runner);
    }
}

static void orders_take(struct daemon *daemon, struct daemon_models *next, const struct value *list)
{
    size_t room = value_is(list, VALUE_LIST) ? value_count(list) : 0,
           old = daemon->models == NULL ? 0 : daemon->models->count;

    next->fetches = arena_new_array(next->arena, struct fetching, room + old + 1);
    for (size_t i = 0; i < room; i++) {
        const char *source = value_map_text(value_item(list, i), "source");
        const char *order = line_of(next->arena, value_item(list, i));

        if (source != NULL && order != NULL && fetching_of(next, source) == NULL) {
            fetching_take(daemon, &next->fetches[next->count], arena_copy(next->arena, source), order);
            next->count++;
        }
    }
    /* what is not wanted any more is asked to end, and goes when it has */
    for (size_t i = 0; i < old; i++) {
        struct fetching *gone = &daemon->models->fetches[i];

        if (gone->runner == NULL)
            continue;
        next->fetches[next->count] = *gone;
        next->fetches[next->count].is_wanted = false;
        next->fetches[next->count].is_ended_by_us = true;
        next->fetches[next->count].source = arena_copy(next->arena, gone->source);
        next->fetches[next->count].order = NULL;
        runner_stop(gone->runner);
        gone->runner = NULL;
        next->count++;
    }
}

/* Their callbacks point to where they lie now. */
static void runners_move(struct daemon_models *models)
{
    for (size_t i = 0; i < models->count; i++) {
        if (models->fetches[i].runner != NULL)
            runner_data_set(models->fetches[i].runner, &models->fetches[i]);
    }
}

void daemon_models_take(struct daemon *daemon, const struct value *models, const struct value *share)
{
    struct daemon_models *before = daemon->models, *next;
    struct arena *arena;

    if (before == NULL && value_count(models) == 0 && !value_is(share, VALUE_MAP))
        return;
    arena = arena_new();
    next = arena_new_of(arena, struct daemon_models);
    if (before != NULL)
        *next = *before;
    next->arena = arena;
    next->fetches = NULL;
    next->count = 0;
    orders_take(daemon, next, models);
    next->share_order = value_is(share, VALUE_MAP) ? line_of(arena, share) : NULL;
    if (next->share != NULL && next->share_order != NULL && !next->share_is_stopping &&
        (before->share_order == NULL || strcmp(before->share_order, next->share_order) != 0) &&
        !runner_say(next->share, next->share_order, strlen(next->share_order)))
        runner_stop(next->share);
    runners_move(next);
    daemon->models = next;
    if (before != NULL)
        arena_free(before->arena);
}

/* --- the children --- */

static void fetch_start(struct daemon *daemon, struct fetching *fetching)
{
    const char *const argv[] = { daemon->options.program, "fetch", "--state", daemon->identity.paths.state, NULL };
    struct error err = ERROR_INIT;

    fetching->had_last_word = fetching->is_ended_by_us = false;
    if (runner_start_fed(argv, line_take, fetching, &fetching->runner, &err) &&
        runner_say(fetching->runner, fetching->order, strlen(fetching->order)))
        return;
    daemon_trouble(daemon, err.text[0] == '\0' ? "the child that fetches a model takes no order" : err.text);
    runner_free(fetching->runner);
    fetching->runner = NULL;
    fetching->start_at_ms = clock_monotonic_ms() + AGAIN_FAILED_MS;
}

static bool may_start(const struct fetching *fetching)
{
    return fetching->is_wanted && !fetching->is_done && fetching->runner == NULL;
}

static void fetches_step(struct daemon *daemon)
{
    struct daemon_models *models = daemon->models;
    struct runner_end end;
    size_t running = 0;

    for (size_t i = 0; i < models->count; i++) {
        struct fetching *fetching = &models->fetches[i];

        if (fetching->runner != NULL && runner_step(fetching->runner, &end))
            fetch_ended(fetching, &end);
        running += fetching->runner != NULL;
    }
    for (size_t i = 0; i < models->count && running < FETCHES_MAX; i++) {
        struct fetching *fetching = &models->fetches[i];

        if (!may_start(fetching) || clock_monotonic_ms() < fetching->start_at_ms || daemon->is_stopping ||
            daemon->is_draining)
            continue;
        fetch_start(daemon, fetching);
        running++;
    }
}

static void line_drop(void *data, const char *line, size_t length)
{
    (void)data;
    (void)line;
    (void)length;
}

static void share_start(struct daemon *daemon)
{
    const char *const argv[] = { daemon->options.program, "share", "--state", daemon->identity.paths.state, NULL };
    struct daemon_models *models = daemon->models;
    struct error err = ERROR_INIT;

    models->share_at_ms = clock_monotonic_ms() + AGAIN_MS;
    models->share_is_stopping = false;
    if (runner_start_fed(argv, line_drop, NULL, &models->share, &err) &&
        runner_say(models->share, models->share_order, strlen(models->share_order)))
        return;
    daemon_trouble(daemon, err.text[0] == '\0' ? "the child that shares models takes no order" : err.text);
    runner_free(models->share);
    models->share = NULL;
}

static void share_step(struct daemon *daemon)
{
    struct daemon_models *models = daemon->models;
    struct runner_end end;

    if (models->share != NULL && models->share_order == NULL && !models->share_is_stopping) {
        models->share_is_stopping = true;
        runner_stop(models->share);
    }
    if (models->share != NULL && runner_step(models->share, &end)) {
        if (!models->share_is_stopping && end.errors[0] != '\0' && !daemon->is_stopping)
            daemon_trouble(daemon, end.errors);
        runner_free(models->share);
        models->share = NULL;
        daemon->is_bloated = true;
    }
    if (models->share == NULL && models->share_order != NULL && !daemon->is_stopping && !daemon->is_draining &&
        clock_monotonic_ms() >= models->share_at_ms)
        share_start(daemon);
}

/* Nothing is wanted and nothing runs. */
static bool is_idle(const struct daemon_models *models)
{
    for (size_t i = 0; i < models->count; i++) {
        if (models->fetches[i].is_wanted || models->fetches[i].runner != NULL)
            return false;
    }
    return models->share == NULL && models->share_order == NULL;
}

void daemon_models_step(struct daemon *daemon)
{
    if (daemon->models == NULL)
        return;
    fetches_step(daemon);
    share_step(daemon);
    if (!is_idle(daemon->models))
        return;
    arena_free(daemon->models->arena);
    daemon->models = NULL;
}

size_t daemon_models_fds(const struct daemon *daemon, struct pollfd *out)
{
    const struct daemon_models *models = daemon->models;
    size_t count = 0;

    for (size_t i = 0; models != NULL && i < models->count && count + RUNNER_FDS < DAEMON_MODELS_FDS; i++) {
        if (models->fetches[i].runner != NULL)
            count += runner_fds(models->fetches[i].runner, out + count);
    }
    if (models != NULL && models->share != NULL)
        count += runner_fds(models->share, out + count);
    return count;
}

int64_t daemon_models_due_ms(const struct daemon *daemon)
{
    const struct daemon_models *models = daemon->models;
    int64_t due_ms = INT64_MAX;

    if (models == NULL || daemon->is_stopping || daemon->is_draining)
        return due_ms;
    for (size_t i = 0; i < models->count; i++) {
        if (may_start(&models->fetches[i]) && models->fetches[i].start_at_ms < due_ms)
            due_ms = models->fetches[i].start_at_ms;
    }
    if (models->share == NULL && models->share_order != NULL && models->share_at_ms < due_ms)
        due_ms = models->share_at_ms;
    return due_ms;
}

bool daemon_models_has_children(const struct daemon *daemon)
{
    struct pollfd fds[DAEMON_MODELS_FDS];

    return daemon_models_fds(daemon, fds) > 0;
}

void daemon_models_stop(struct daemon *daemon)
{
    struct daemon_models *models = daemon->models;

    for (size_t i = 0; models != NULL && i < models->count; i++) {
        if (models->fetches[i].runner != NULL)
            runner_stop(models->fetches[i].runner);
    }
    if (models != NULL && models->share != NULL)
        runner_stop(models->share);
}

void daemon_models_free(struct daemon *daemon)
{
    struct daemon_models *models = daemon->models;

    for (size_t i = 0; models != NULL && i < models->count; i++)
        runner_free(models->fetches[i].runner);
    if (models != NULL) {
        runner_free(models->share);
        arena_free(models->arena);
    }
    daemon->models = NULL;
}
