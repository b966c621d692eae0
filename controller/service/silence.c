/* SPDX-License-Identifier: Apache-2.0 */
/* Listening for silence. */
#include "controller/service/silence.h"

#include "common/base/clock.h"
#include "controller/store/store_node.h"
#include "controller/store/store_node_lost.h"
#include "controller/store/store_writer.h"

#define SAVE_EVERY_MS 30000
#define STEP_MAX_MS 15000

bool silence_open(struct silence *silence, struct store *store, struct presence *presence, int64_t lost_after_s,
                  struct error *err)
{
    int64_t now_ms = clock_monotonic_ms();

    *silence = (struct silence){ .store = store,
                                 .presence = presence,
                                 .lost_after_ms = lost_after_s * 1000,
                                 .listens_ms = now_ms,
                                 .step_ms = now_ms,
                                 .saved_ms = now_ms };
    return store_reader_open(store, &silence->reader, err);
}

/* --- who was heard --- */

struct heard {
    struct presence_time *times;
    size_t count;
};

static bool heard_run(struct store_connection *writer, void *data, struct error *err)
{
    const struct heard *heard = data;

    for (size_t i = 0; i < heard->count; i++) {
        if (!store_node_seen(writer, heard->times[i].node_id, heard->times[i].wall_us, err))
            return false;
    }
    return true;
}

/* Best effort: what is lost with a crash is half a minute of when nodes were seen. */
static void heard_save(struct silence *silence)
{
    ARENA_SCOPED arena = arena_new();
    struct heard heard = { .times = NULL };
    struct error err = ERROR_INIT;

    heard.count = presence_take(silence->presence, arena, &heard.times);
    if (heard.count > 0)
        (void)store_write_wait(silence->store, heard_run, &heard, &err);
}

/* --- who was not --- */

struct search {
    const struct silence *silence;
    struct store_node_brief *nodes;
    size_t count;
    int64_t now_ms;
};

static bool is_silent(const struct search *search, struct store_node_brief *node)
{
    struct presence_time heard;

    if (!presence_find(search->silence->presence, node->id, &heard))
        return true; /* not since the start, and that is long ago */
    node->seen_us = heard.wall_us > node->seen_us ? heard.wall_us : node->seen_us;
    return search->now_ms - heard.monotonic_ms >= search->silence->lost_after_ms;
}

/* Looked at once more in the writer: a node may have been heard meanwhile. */
static bool lost_run(struct store_connection *writer, void *data, struct error *err)
{
    const struct search *search = data;
    int64_t now_us = clock_wall_us();

    for (size_t i = 0; i < search->count; i++) {
        if (is_silent(search, &search->nodes[i]) && !store_node_lost(writer, &search->nodes[i], now_us, err))
            return false;
    }
    return true;
}

static void search_silent(struct silence *silence, int64_t now_ms)
{
    ARENA_SCOPED arena = arena_new();
    struct search search = { .silence = silence, .now_ms = now_ms };
    struct error err = ERROR_INIT;
    size_t all = 0;

    if (!store_node_listened(silence->reader, arena, &search.nodes, &all, &err))
        return; /* the next step tries again */
    for (size_t i = 0; i < all; i++) {
        if (is_silent(&search, &search.nodes[i]))
            search.nodes[search.count++] = search.nodes[i];
    }
    if (search.count > 0)
        (void)store_write_wait(silence->store, lost_run, &search, &err);
}

int64_t silence_step(struct silence *silence, int64_t now_ms)
{
    int64_t every_ms = silence->lost_after_ms / 8;

    every_ms = every_ms > STEP_MAX_MS ? STEP_MAX_MS : every_ms < 100 ? 100 : every_ms;
    if (now_ms - silence->step_ms > every_ms + silence->lost_after_ms / 2)
        silence->listens_ms = now_ms; /* it was stopped itself */
    silence->step_ms = now_ms;
    if (now_ms - silence->saved_ms >= SAVE_EVERY_MS) {
        heard_save(silence);
        silence->saved_ms = now_ms;
    }
    if (now_ms - silence->listens_ms >= silence->lost_after_ms)
        search_silent(silence, now_ms);
    return every_ms;
}

void silence_close(struct silence *silence)
{
    if (silence->reader == NULL)
        return;
    heard_save(silence);
    store_reader_close(silence->reader);
    *silence = (struct silence){ 0 };
}
