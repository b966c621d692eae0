/* SPDX-License-Identifier: Apache-2.0 */
/* roost events: what happened in the fleet, and what happens. */
#include "cli/center_verb.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/center_follow.h"
#include "cli/center_words.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "engine/command/output.h"

VERB_DECLARE(events);

/* "2026-11-21 12:34:56" of here. */
static const char *local_time(struct arena *arena, const char *iso)
{
    struct tm utc = { 0 }, local = { 0 };
    time_t seconds = 0;
    char out[32];

    if (iso == NULL || strptime(iso, "%Y-%m-%dT%H:%M:%S", &utc) == NULL)
        return "-";
    seconds = timegm(&utc);
    if (localtime_r(&seconds, &local) == NULL || strftime(out, sizeof(out), "%Y-%m-%d %H:%M:%S", &local) == 0)
        return iso;
    return arena_copy(arena, out);
}

static void line_cut(struct text *line, int columns)
{
    size_t offset = 0;

    if (columns <= 1 || text_utf8_count(line->data, line->length) <= (size_t)columns)
        return;
    for (int i = 1; i < columns; i++)
        (void)text_utf8_next(line->data, line->length, &offset);
    text_truncate(line, offset);
    text_add(line, "…");
}

/* One event, one line; control characters of what a node told must not move the cursor. */
static void event_print(struct arena *arena, const struct value *event)
{
    const struct value *run = value_map_get(event, "run");
    const char *node = value_map_text(event, "node");
    struct text line = text_new(arena), shown = text_new(arena);

    text_printf(&line, "%s  %-16s %-15s ", local_time(arena, value_map_text(event, "at")),
                value_map_text(event, "kind"), node == NULL ? "-" : node);
    if (value_is(run, VALUE_INT))
        text_printf(&line, "run %lld, ", (long long)run->as.integer);
    text_add(&line, center_words(arena, value_map_get(event, "detail")));
    while (line.length > 0 && strchr(" ,", line.data[line.length - 1]) != NULL)
        text_truncate(&line, line.length - 1);
    table_add_told(&shown, line.data);
    line_cut(&shown, output_columns(stdout));
    printf("%s\n", shown.data);
}

static const char *const kinds[] = { "node.joined",
                                     "node.lost",
                                     "node.back",
                                     "node.revoked",
                                     "join.asked",
                                     "run.started",
                                     "run.ended",
                                     "drift.found",
                                     "drift.mended",
                                     "bundle.published",
                                     "bundle.taken",
                                     "workload.serving",
                                     "workload.degraded",
                                     "workload.failed",
                                     "workload.stopped",
                                     "model.fetched",
                                     "neighbour.bad",
                                     "bench.done",
                                     "bench.slower",
                                     "rebuild.done",
                                     "node.drained",
                                     "workload.done",
                                     NULL };

/* An unknown kind would be waited for for ever. */
static bool kind_check(const struct center_verb *verb, struct error *err)
{
    const char *given = center_verb_option(verb, "kind"), *nearest = NULL;

    if (given == NULL || text_in(given, kinds))
        return true;
    nearest = text_nearest(given, kinds, sizeof(kinds) / sizeof(kinds[0]) - 1);
    return error_set_kind(err, ERROR_OPTIONS, "there are no events of kind '%s'%s%s%s", given,
                          nearest == NULL ? "; roost events --help lists the kinds" : "; did you mean ",
                          nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?");
}

static const char *path_of(struct center_verb *verb, const char *path)
{
    static const char *const filters[] = { "node", "kind" };

    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        const char *given = center_verb_option(verb, filters[i]);

        if (given != NULL)
            path =
                arena_printf(verb->arena, "%s%c%s=%s", path, strchr(path, '?') == NULL ? '?' : '&', filters[i], given);
    }
    return path;
}

/* The newest, oldest of them first. */
static bool last_ones(struct center_verb *verb, const struct value **out, struct error *err)
{
    const char *limit = center_verb_option(verb, "limit");
    const struct value *page = NULL, *items = NULL;
    struct value *list = value_list(verb->arena);
    const char *path = arena_printf(verb->arena, "/api/v1/events?newest=true&limit=%s", limit == NULL ? "50" : limit);

    if (!center_client_ask(verb->client, NULL, path_of(verb, path), NULL, &page, err))
        return false;
    items = value_map_get(page, "items");
    for (size_t i = value_count(items); i > 0; i--)
        value_list_add(verb->arena, list, value_item(items, i - 1));
    *out = list;
    return true;
}

/* --- following --- */

static bool message_take(void *data, const struct center_message *message)
{
    const struct center_verb *verb = data;
    ARENA_SCOPED arena = arena_new();
    const struct value *event = NULL;
    struct error err = ERROR_INIT;

    if (!json_read(arena, message->data, strlen(message->data), NULL, &event, &err))
        return true;
    if (strcmp(message->event, "gap") == 0)
        fprintf(stderr, "events %s are not kept any more\n", center_words(arena, event));
    else if (strcmp(message->event, "reset") == 0)
        fprintf(stderr, "the controller came back from a backup: its events go on behind another number (%s)\n",
                center_words(arena, event));
    else if (verb->json)
        printf("%s\n", message->data);
    else
        event_print(arena, event);
    return fflush(stdout) == 0 && ferror(stdout) == 0;
}

static void stream_broken(void *data, const struct error *err)
{
    (void)data;
    fprintf(stderr, "%s; trying again\n", err->text);
}

static bool follow(struct center_verb *verb, const struct value *last, struct error *err)
{
    const struct value *id = value_map_get(last, "id");
    const struct center_follow following = {
        .path = path_of(verb, "/api/v1/events/stream"),
        .last_id = arena_printf(verb->arena, "%lld", value_is(id, VALUE_INT) ? (long long)id->as.integer : 0LL),
        .take = message_take,
        .data = verb,
        .broken = stream_broken,
    };

    return center_follow(verb->client, &following, false, err);
}

static bool run(struct center_verb *verb, struct error *err)
{
    bool follows = center_verb_option(verb, "follow") != NULL;
    const struct value *events = NULL;
    size_t count = 0;

    if (!center_verb_at_most(verb, 0, err) || !kind_check(verb, err) || !last_ones(verb, &events, err))
        return false;
    count = value_count(events);
    if (verb->json && !follows)
        center_verb_json(verb, events);
    else if (count == 0 && !follows)
        printf("Nothing has happened yet\n");
    for (size_t i = 0; i < count && !(verb->json && !follows); i++) {
        if (verb->json)
            printf("%s\n", json_text(verb->arena, value_item(events, i), JSON_COMPACT));
        else
            event_print(verb->arena, value_item(events, i));
    }
    fflush(stdout);
    return !follows || follow(verb, count > 0 ? value_item(events, count - 1) : NULL, err);
}

static const struct center_option options[] = {
    { "follow", true }, { "node", false }, { "kind", false }, { "limit", false }, { NULL, false }
};

static int events_run(int argc, char **argv)
{
    static const struct center_action action = {
        &verb_events,
        "\n  -f, --follow    go on with what happens; a broken connection is taken up again behind the last number\n"
        "  --node NODE     of this node only\n  --kind KIND     only this: node.joined, node.lost, node.back, node.revoked, join.asked,\n"
        "                  run.started, run.ended, drift.found, drift.mended, bundle.published, bundle.taken,\n"
        "                  workload.serving, workload.degraded, workload.failed, workload.stopped, model.fetched, neighbour.bad,\n"
        "                  workload.done, bench.done, bench.slower, rebuild.done, node.drained\n"
        "  --limit N       this many of the past (50)\n\nWith --json and -f each event is a line.\n",
        options, run
    };
    char follow_word[] = "--follow";

    for (int i = 1; i < argc; i++)
        argv[i] = strcmp(argv[i], "-f") == 0 ? follow_word : argv[i];
    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(events) = { .name = "events",
                        .summary = "What happened in the fleet, and what happens",
                        .usage = "[-f] [--node NODE] [--kind KIND] [--limit N] [--json]",
                        .run = events_run };
