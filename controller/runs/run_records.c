/* SPDX-License-Identifier: Apache-2.0 */
/* What runs tell, as lines of JSON, and what is done to them: numbered and kept in one transaction for each look. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/event/event.h"
#include "common/json/json.h"
#include "controller/runs/runs_internal.h"
#include "controller/store/store_event.h"
#include "controller/store/store_node.h"
#include "controller/store/store_writer.h"

#define READ_SIZE ((size_t)256 * 1024)
#define LINE_MAX ((size_t)8 * 1024 * 1024)
#define RETRY_MS 500
#define ERROR_MARK "ERROR! "
#define SAID_MAX ((size_t)500)

struct record *record_new(struct runs *runs, int64_t run_id)
{
    struct record *record = arena_new_of(runs->pass, struct record);

    record->run_id = run_id;
    *runs->records_end = record;
    runs->records_end = &record->next;
    return record;
}

void record_note(struct runs *runs, int64_t run_id, const char *kind, struct value *body)
{
    struct record *record = record_new(runs, run_id);

    value_map_put_string(runs->pass, body, "event", kind);
    record->event = (struct store_run_event){ .at_us = clock_wall_us(),
                                              .kind = kind,
                                              .body = json_text(runs->pass, body, JSON_COMPACT) };
}

/* --- reading --- */

static int64_t count_of(const struct value *stats, const char *key)
{
    const struct value *count = value_map_get(stats, key);

    return value_is(count, VALUE_INT) ? count->as.integer : 0;
}

static void recap_read(struct job *job, struct record *record, const struct value *stats)
{
    struct store_run_host *host = &record->host;

    *host = (struct store_run_host){
        .host = record->event.host,
        .ok = count_of(stats, "ok"),
        .changed = count_of(stats, "changed"),
        .failed = count_of(stats, "failed"),
        .unreachable = count_of(stats, "unreachable"),
        .skipped = count_of(stats, "skipped"),
        .rescued = count_of(stats, "rescued"),
        .ignored = count_of(stats, "ignored"),
    };
    host->state = host->failed + host->unreachable > 0 ? STORE_RUN_FAILED : STORE_RUN_OK;
    job->has_bad_hosts = job->has_bad_hosts || host->state == STORE_RUN_FAILED;
    job->has_unreachable = job->has_unreachable || host->unreachable > 0;
}

/* An error as people see it, "ERROR! sentence", is the reason of a run that it ends. */
static void error_keep(struct job *job, const struct value *event)
{
    const char *text = text_equal(value_map_text(event, "stream"), "err") ? value_map_text(event, "text") : NULL;
    const char *error = text == NULL ? NULL : strstr(text, ERROR_MARK);
    size_t length = 0;

    if (error == NULL)
        return;
    error += strlen(ERROR_MARK);
    while (length < SAID_MAX && (unsigned char)error[length] >= ' ') /* up to the line's end, or its colour's */
        length++;
    length = error[length] == '\0' || (unsigned char)error[length] < ' '
                 ? length
                 : text_utf8_offset(error, length, text_utf8_count(error, length) - 1);
    job->said = arena_copy_n(job->arena, error, length);
}

/* What makes no sense is passed over: the run's program is ours, but what it shows comes from nodes. */
static void line_take(struct runs *runs, struct job *job, const char *line, size_t length)
{
    const struct value *event = NULL;
    struct error err = ERROR_INIT;
    const char *kind = NULL;
    struct record *record = NULL;

    if (!json_read(runs->pass, line, length, NULL, &event, &err))
        return;
    kind = value_map_text(event, "event");
    if (!event_kind_exists(kind) && !text_equal(kind, "output"))
        return;
    record = record_new(runs, job->id);
    record->event = (struct store_run_event){ .at_us = clock_wall_us(),
                                              .kind = kind,
                                              .host = value_map_text(event, "host"),
                                              .body = arena_copy_n(runs->pass, line, length) };
    if (strcmp(kind, "output") == 0)
        error_keep(job, event);
    if (strcmp(kind, "stats") == 0 && record->event.host != NULL)
        recap_read(job, record, value_map_get(event, "stats"));
}

static void line_room(struct job *job)
{
    if (job->line_capacity - job->line_length >= READ_SIZE)
        return;
    job->line_capacity = job->line_length + 2 * READ_SIZE;
    job->line = realloc(job->line, job->line_capacity);
    if (job->line == NULL)
        abort();
}

static void line_too_long(struct runs *runs, struct job *job)
{
    struct value *body = value_map(runs->pass);

    if (!job->drops_line)
        record_note(runs, job->id, "left_out", body);
    job->drops_line = true;
    job->line_length = 0;
}

static void lines_take(struct runs *runs, struct job *job)
{
    char *at = job->line, *end = job->line + job->line_length, *newline = NULL;

    while ((newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        if (!job->drops_line)
            line_take(runs, job, at, (size_t)(newline - at));
        job->drops_line = false;
        at = newline + 1;
    }
    job->line_length = (size_t)(end - at);
    memmove(job->line, at, job->line_length);
    if (job->line_length > LINE_MAX)
        line_too_long(runs, job);
}

bool records_read(struct runs *runs, struct job *job)
{
    for (int i = 0; i < 8 && job->events >= 0; i++) { /* the others want to be heard too */
        ssize_t got = 0;

        line_room(job);
        got = read(job->events, job->line + job->line_length, READ_SIZE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return false;
        if (got <= 0) {
            close(job->events);
            job->events = -1;
            return false;
        }
        job->line_length += (size_t)got;
        lines_take(runs, job);
    }
    return job->events >= 0;
}

/* --- writing --- */

static bool host_write(struct store_connection *writer, struct arena *arena, const struct record *record,
                       struct error *err)
{
    struct store_run_host host = record->host;
    struct store_node *node = NULL;

    if (!store_node_by_name(writer, arena, host.host, &node, err))
        return false;
    host.node_id = node == NULL ? 0 : node->id;
    return store_run_host_set(writer, record->run_id, &host, err);
}

static bool fleet_write(struct store_connection *writer, const struct record *record, struct error *err)
{
    const struct store_event event = {
        .at_us = clock_wall_us(), .kind = record->fleet, .run_id = record->run_id, .body = record->fleet_body
    };

    return store_event_add(writer, &event, NULL, err);
}

static bool record_write(struct store_connection *writer, struct arena *arena, const struct record *record,
                         struct error *err)
{
    bool changed = true;

    if (record->event.kind != NULL && !store_run_event_append(writer, record->run_id, &record->event, 1, NULL, err))
        return false;
    if (record->host.host != NULL && !host_write(writer, arena, record, err))
        return false;
    if (record->change.id != 0 && !store_run_change(writer, &record->change, &changed, err))
        return false;
    return record->fleet == NULL || !changed || fleet_write(writer, record, err);
}

static bool records_run(struct store_connection *writer, void *data, struct error *err)
{
    struct runs *runs = data;
    ARENA_SCOPED arena = arena_new();

    for (const struct record *record = runs->records; record != NULL; record = record->next) {
        if (!record_write(writer, arena, record, err))
            return false;
        arena_reset(arena);
    }
    return true;
}

static void news_tell(struct runs *runs)
{
    const struct runs_news *news = &runs->options.news;

    for (const struct record *record = runs->records; record != NULL; record = record->next) {
        if (record->next == NULL || record->next->run_id != record->run_id)
            news->run(news->data, record->run_id);
    }
}

/* While the disk is full the runs' programs wait: nothing that was told is lost. */
void records_write(struct runs *runs)
{
    struct error err = ERROR_INIT;

    if (runs->records == NULL)
        return;
    while (!store_write_wait(runs->options.store, records_run, runs, &err)) {
        struct pollfd none = { .fd = -1 };
        bool closing = false;

        pthread_mutex_lock(&runs->mutex);
        closing = runs->closing;
        pthread_mutex_unlock(&runs->mutex);
        if (closing || err.kind == ERROR_CANCELLED)
            break;
        poll(&none, 1, RETRY_MS);
    }
    news_tell(runs);
    runs->records = NULL;
    runs->records_end = &runs->records;
}
