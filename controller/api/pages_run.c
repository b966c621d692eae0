/* SPDX-License-Identifier: Apache-2.0 */
/* Runs, and one of them: a lane per host with its tasks as blocks, the recap, and the log. */
#include "controller/api/pages_run.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/store/store_run_lane.h"
#include "controller/store/store_run_outcome.h"

#define RUN_ROWS 50
#define LOG_EVENTS 400
#define HOSTS_MAX 1000

static const struct {
    enum store_run_state state;
    const char *class, *word;
} states[] = {
    { STORE_RUN_WAITING, "waiting", "waiting" }, { STORE_RUN_RUNNING, "running", "running" },
    { STORE_RUN_PAUSED, "waiting", "paused" },   { STORE_RUN_OK, "ok", "ok" },
    { STORE_RUN_FAILED, "failed", "failed" },    { STORE_RUN_CANCELLED, "revoked", "cancelled" },
    { STORE_RUN_LOST, "lost", "lost" },
};

static void state_put(struct api_call *call, struct value *map, enum store_run_state state)
{
    size_t i = 0;

    while (i + 1 < sizeof(states) / sizeof(states[0]) && states[i].state != state)
        i++;
    value_map_put_string(call->arena, map, "class", states[i].class);
    value_map_put_string(call->arena, map, "word", states[i].word);
}

/* A check that found drift did well, and is not "ok" to who reads it. */
static void outcome_put(struct api_call *call, struct value *row, const char *outcome)
{
    static const char *const own[] = { "drift", "refused", NULL };

    if (!text_in(outcome, own))
        return;
    value_map_put_string(call->arena, row, "class", strcmp(outcome, "drift") == 0 ? "drift" : "revoked");
    value_map_put_string(call->arena, row, "word", outcome);
}

static const char *took_text(struct arena *arena, const struct store_run *run)
{
    int64_t end_us = run->ended_us != 0 ? run->ended_us : clock_wall_us();
    int64_t ms = (end_us - run->started_us) / 1000;

    if (run->started_us == 0 || ms < 0)
        return NULL;
    if (ms < 60000)
        return arena_printf(arena, "%.1f s", (double)ms / 1000);
    return arena_printf(arena, "%lld min %lld s", (long long)(ms / 60000), (long long)(ms / 1000 % 60));
}

struct value *page_run_row(struct api_call *call, const struct store_run *run)
{
    struct value *row = value_map(call->arena);

    value_map_put_int(call->arena, row, "id", run->id);
    value_map_put_string(call->arena, row, "url", arena_printf(call->arena, "/runs/%lld", (long long)run->id));
    value_map_put_string(call->arena, row, "kind", run->kind);
    value_map_put_string(call->arena, row, "title", run->title);
    value_map_put_string(call->arena, row, "actor", run->actor);
    value_map_put_string(call->arena, row, "reason", run->reason);
    value_map_put_int(call->arena, row, "events", run->events);
    value_map_put_bool(call->arena, row, "open", (run->state & STORE_RUN_OPEN) != 0);
    value_map_put_bool(call->arena, row, "central", run->node_id == 0); /* can be told something */
    value_map_put_bool(call->arena, row, "paused", run->state == STORE_RUN_PAUSED);
    state_put(call, row, run->state);
    outcome_put(call, row, store_run_outcome(run));
    page_put_time(call, row, "started", run->started_us);
    page_put_time(call, row, "ended", run->ended_us);
    value_map_put_string(call->arena, row, "took", took_text(call->arena, run));
    return row;
}

void page_runs(struct api_call *call)
{
    const struct page_runs_query *query = call->query;
    const struct store_run_filter filter = { .before = query->before, .limit = RUN_ROWS };
    struct value *data = value_map(call->arena), *rows = value_list(call->arena);
    struct store_run_page page;
    struct error err = ERROR_INIT;

    if (!store_run_page(center_of(call)->reader, call->arena, &filter, &page, &err)) {
        center_read_failed(call, &err);
        return;
    }
    for (size_t i = 0; i < page.count; i++)
        value_list_add(call->arena, rows, page_run_row(call, &page.runs[i]));
    value_map_put(call->arena, data, "rows", rows);
    value_map_put_string(call->arena, data, "next",
                         page.next == 0 ? NULL : arena_printf(call->arena, "/runs?before=%lld", (long long)page.next));
    value_map_put_bool(call->arena, data, "live", query->before == 0);
    page_reply(call, 200, "runs", "Runs", data);
}

/* --- lanes --- */

struct lanes {
    struct api_call *call;
    const char *fallback; /* events without a host are of the node that ran it */
    struct value *list, *by_host;
};

static struct value *lane_new(struct lanes *lanes, const char *host)
{
    struct arena *arena = lanes->call->arena;
    struct value *lane = value_map(arena);

    value_map_put_string(arena, lane, "host", host);
    value_map_put_string(arena, lane, "url", page_node_url(arena, host));
    value_map_put(arena, lane, "recap", value_null());
    value_map_put(arena, lane, "blocks", value_list(arena));
    value_map_put(arena, lanes->by_host, host, lane);
    value_list_add(arena, lanes->list, lane);
    return lane;
}

/* Only lanes made above are in the map, so they may be added to. */
static struct value *lane_of(struct lanes *lanes, const char *host)
{
    union {
        const struct value *found;
        struct value *mine;
    } lane = { .found = value_map_get(lanes->by_host, host) };

    return lane.found != NULL ? lane.mine : lane_new(lanes, host);
}

static void block_add(struct lanes *lanes, const struct store_run_block *block)
{
    struct arena *arena = lanes->call->arena;
    struct value *item = value_map(arena);
    const char *outcome = block->outcome == NULL ? "unknown" : block->outcome;
    union {
        const struct value *found;
        struct value *mine;
    } blocks = { .found =
                     value_map_get(lane_of(lanes, block->host == NULL ? lanes->fallback : block->host), "blocks") };

    value_map_put_string(arena, item, "class", block->ignored ? "ignored" : outcome);
    value_map_put_string(arena, item, "task", block->task == NULL ? "" : block->task);
    value_map_put_int(arena, item, "sequence", block->sequence);
    value_list_add(arena, blocks.mine, item);
}

static void recap_put(struct lanes *lanes, const struct store_run_host *host)
{
    struct arena *arena = lanes->call->arena;
    struct value *recap = value_map(arena);

    value_map_put_int(arena, recap, "ok", host->ok);
    value_map_put_int(arena, recap, "changed", host->changed);
    value_map_put_int(arena, recap, "failed", host->failed);
    value_map_put_int(arena, recap, "unreachable", host->unreachable);
    value_map_put_int(arena, recap, "skipped", host->skipped);
    state_put(lanes->call, recap, host->state);
    value_map_put(arena, lane_of(lanes, host->host), "recap", recap);
}

static bool lanes_put(struct api_call *call, struct value *data, const struct store_run *run, struct error *err)
{
    const struct store_run_host_filter filter = { .run_id = run->id, .limit = HOSTS_MAX };
    struct lanes lanes = { .call = call,
                           .fallback = text_starts(run->actor, "node:") ? run->actor + strlen("node:") : "(no host)",
                           .list = value_list(call->arena),
                           .by_host = value_map(call->arena) };
    struct store_connection *reader = center_of(call)->reader;
    struct store_run_host_page hosts;
    struct store_run_lane lane;

    if (!store_run_blocks(reader, call->arena, run->id, 0, &lane, err) ||
        !store_run_host_page(reader, call->arena, &filter, &hosts, err))
        return false;
    for (size_t i = 0; i < lane.count; i++)
        block_add(&lanes, &lane.blocks[i]);
    for (size_t i = 0; i < hosts.count; i++)
        recap_put(&lanes, &hosts.hosts[i]);
    value_map_put(call->arena, data, "lanes", lanes.list);
    value_map_put_string(call->arena, data, "fallback", lanes.fallback);
    value_map_put_bool(call->arena, data, "cut", lane.count == STORE_RUN_BLOCKS);
    return true;
}

static bool log_put(struct api_call *call, struct value *data, const struct store_run *run, struct error *err)
{
    const struct store_run_event_range range = { .run_id = run->id,
                                                 .after = run->events > LOG_EVENTS ? run->events - LOG_EVENTS : 0,
                                                 .limit = LOG_EVENTS };
    struct value *lines = value_list(call->arena);
    struct store_run_event *events = NULL;
    size_t count = 0;

    if (!store_run_event_read(center_of(call)->reader, call->arena, &range, &events, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct value *line = page_run_line(call, &events[i]);

        if (line != NULL)
            value_list_add(call->arena, lines, line);
    }
    value_map_put(call->arena, data, "lines", lines);
    value_map_put_int(call->arena, data, "last", count > 0 ? events[count - 1].sequence : 0);
    value_map_put_int(call->arena, data, "left_out", range.after);
    return true;
}

void page_run(struct api_call *call)
{
    struct value *data = value_map(call->arena);
    struct store_run *run = NULL;
    struct error err = ERROR_INIT;

    if (!center_run_of(call, &run))
        return;
    if (!lanes_put(call, data, run, &err) || !log_put(call, data, run, &err)) {
        center_read_failed(call, &err);
        return;
    }
    value_map_put(call->arena, data, "run", page_run_row(call, run));
    page_reply(call, 200, "run", arena_printf(call->arena, "Run %lld", (long long)run->id), data);
}
