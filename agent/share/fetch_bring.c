/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file: chunks from neighbours while they have any, the rest from the origin if that is this node's part, and all of it through one
 * digest behind the front.
 */
#include <string.h>
#include <unistd.h>

#include "agent/share/chunk_take.h"
#include "agent/share/fetch_parts.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/model/hasher.h"

#define LOOK_MS 100
#define FINAL_MS 500

/* --- from the origin --- */

static int64_t ahead_missing(void *data, int64_t from, int64_t *end_out)
{
    return chunk_map_missing(((struct fetch *)data)->map, from, end_out);
}

static void ahead_front(void *data, int64_t front)
{
    struct fetch *fetch = data;

    if (fetch->watch != NULL)
        chunk_watch_advance(fetch->watch, front);
    fetch->front = front;
}

static void ahead_restarted(void *data)
{
    struct fetch *fetch = data;

    (void)chunk_watch_end(fetch->watch, false, &fetch->watch_error);
    fetch->watch = NULL;
    chunk_map_reset(fetch->map);
    fetch->front = 0;
    if (!chunk_watch_start(fetch->map, fetch->fd, &fetch->watch, &fetch->watch_error))
        fetch->watch = NULL; /* neighbours get it when it is complete */
}

static bool origin_run(struct fetch *fetch, struct model_part *part, char sha256_out[DIGEST_HEX], int64_t *size_out,
                       struct error *err)
{
    struct error ignored = ERROR_INIT;
    bool ok;

    if (fetch->map != NULL && !chunk_watch_start(fetch->map, fetch->fd, &fetch->watch, err))
        return false;
    fetch->progress = part->progress;
    fetch->received = part->progress->received;
    fetch->origin_changes = fetch->changes;
    ok = part->origin(part, fetch->map == NULL ? NULL : &fetch->ahead, sha256_out, size_out, err);
    fetch_tell_from(&fetch->tell, FETCH_ORIGIN, part->progress->received - fetch->received);
    fetch->progress = NULL;
    (void)chunk_watch_end(fetch->watch, ok, &ignored);
    fetch->watch = NULL;
    return ok;
}

/* --- from neighbours --- */

enum round_end {
    ROUND_COMPLETE,
    ROUND_ORIGIN, /* the rest is the origin's */
    ROUND_AGAIN,  /* the order has changed */
    ROUND_FAILED,
};

struct round {
    struct fetch *fetch;
    struct chunk_take *take;
    struct hasher *hasher;
    int64_t began_ms;
    int changes;
    int64_t counted[ORDER_PEERS_MAX]; /* bytes that were told of each neighbour */
};

static void round_count(struct round *round)
{
    struct fetch *fetch = round->fetch;

    for (size_t i = 0; i < fetch->order.count; i++) {
        struct chunk_take_peer peer;

        chunk_take_peer_look(round->take, i, &peer);
        if (peer.is_bad)
            fetch_tell_bad(&fetch->tell, peer.node);
        fetch_tell_from(&fetch->tell, peer.node, peer.bytes - round->counted[i]);
        fetch->taken_bytes += peer.bytes - round->counted[i];
        round->counted[i] = peer.bytes;
    }
}

static void round_tell(struct round *round)
{
    ARENA_SCOPED arena = arena_new();
    struct fetch *fetch = round->fetch;
    const char *sentence = NULL;
    size_t working = 0;

    for (size_t i = 0; i < fetch->order.count; i++) {
        struct chunk_take_peer peer;

        chunk_take_peer_look(round->take, i, &peer);
        working += peer.sentence[0] == '\0';
        if (peer.sentence[0] != '\0' && sentence == NULL)
            sentence = arena_copy(arena, peer.sentence);
    }
    fetch_progress(fetch, working > 0        ? arena_printf(arena, "taking chunks from %zu of %zu neighbours", working,
                                                            fetch->order.count)
                          : sentence != NULL ? sentence
                                             : "waiting for a neighbour");
}

/* What is next; ROUND_FAILED with an error only for trouble of this node's own. */
static bool round_step(struct round *round, enum round_end *out, bool *goes_on_out, struct error *err)
{
    struct fetch *fetch = round->fetch;
    int64_t lonely_ms = fetch->options->lonely_ms > 0 ? fetch->options->lonely_ms : FETCH_LONELY_MS;
    struct chunk_take_state state;

    *goes_on_out = false;
    chunk_take_look(round->take, &state);
    round_count(round);
    if (state.has_failed) {
        *err = state.error;
        return false;
    }
    fetch->front = chunk_map_front(fetch->map);
    if (!hasher_advance(round->hasher, fetch->front, err))
        return false;
    *out = ROUND_COMPLETE;
    if (state.is_complete)
        return true;
    fetch_orders_take(fetch);
    if (fetch->is_stopping)
        return error_set_kind(err, ERROR_CANCELLED, "cancelled");
    *out = ROUND_AGAIN;
    if (fetch->changes != round->changes && !fetch_order_is_alike(&fetch->order, &fetch->next))
        return true;
    round->changes = fetch->changes; /* it is put in place when the round ends */
    if (fetch->order.count == 0)
        state.failed_ms = clock_monotonic_ms() - round->began_ms;
    *out = ROUND_ORIGIN;
    if (fetch->order.role == FETCH_SEED ? state.is_idle : state.failed_ms > lonely_ms)
        return true;
    *goes_on_out = true;
    return true;
}

static bool round_loop(struct round *round, enum round_end *out, struct error *err)
{
    bool goes_on = true;

    while (round_step(round, out, &goes_on, err) && goes_on) {
        round_tell(round);
        (void)usleep(LOOK_MS * 1000);
    }
    return !goes_on && err->text[0] == '\0';
}

/* Chunks from neighbours; *sha256_out is written when the file is complete. */
static bool round_run(struct fetch *fetch, struct model_part *part, enum round_end *out, char sha256_out[DIGEST_HEX],
                      struct error *err)
{
    struct round round = { .fetch = fetch, .began_ms = clock_monotonic_ms(), .changes = fetch->changes };
    struct chunk_take_options options = { .source = fetch->order.source,
                                          .file = (int64_t)part->index,
                                          .map = fetch->map,
                                          .fd = fetch->fd,
                                          .peers = fetch->order.peers,
                                          .count = fetch->is_alone ? 0 : fetch->order.count,
                                          .self = fetch->options->node };
    bool ok;

    if (options.count > 0 && !fetch_tls_open(fetch, err))
        return false;
    options.tls = fetch->tls;
    if (!hasher_start(part->partial, &round.hasher, err))
        return false;
    ok = chunk_take_start(&options, &round.take, err) && round_loop(&round, out, err);
    if (round.take != NULL)
        round_count(&round);
    chunk_take_end(round.take);
    if (ok && *out == ROUND_COMPLETE)
        ok = hasher_advance(round.hasher, chunk_map_size(fetch->map), err) &&
             hasher_finish(round.hasher, sha256_out, err);
    hasher_free(round.hasher);
    return ok;
}

/* --- the whole --- */

/* What is trusted at its first use: the authority says what it came to. */
static bool final_check(struct fetch *fetch, struct model_part *part, const char *sha256, struct error *err)
{
    int64_t began_ms = clock_monotonic_ms();

    while (fetch->plan.source.kind != MODEL_SOURCE_HUB && fetch->taken_bytes > 0 && fetch->order.role != FETCH_SEED) {
        ARENA_SCOPED arena = arena_new();
        const char *why = NULL;
        const struct value *told = fetch_plan_ask(fetch, arena, &why);
        const char *wanted = value_map_text(value_item(value_map_get(told, "files"), part->index), "sha256");

        if (wanted != NULL)
            return text_equal(wanted, sha256) ||
                   error_set(err, "%s is not what it should be: its SHA-256 is %s, not %s",
                             fetch->plan.files.items[part->index].path, sha256, wanted);
        if (clock_monotonic_ms() - began_ms > FETCH_LONELY_MS)
            return true; /* nobody is left who would know */
        fetch_progress(fetch, "all of it is here; waiting for the digest of the whole");
        fetch_orders_take(fetch);
        if (fetch->is_stopping)
            return error_set_kind(err, ERROR_CANCELLED, "cancelled");
        (void)usleep(FINAL_MS * 1000);
    }
    return true;
}

static bool map_open(struct fetch *fetch, struct model_part *part, struct error *err)
{
    const struct model_file *file = &part->plan->files.items[part->index];
    const struct model_step *step = &part->plan->steps[part->index];
    const char *identity = arena_printf(fetch->arena, "%s %s %s", part->key, step->etag == NULL ? "" : step->etag,
                                        step->modified == NULL ? "" : step->modified);
    bool kept = false;

    if (!chunk_map_open(&(struct chunk_map_place){ &part->plan->store, part->key, identity, file->size }, &fetch->map,
                        &kept, err))
        return false;
    if (!kept && part->partial->verified.length == 0)
        partial_restart(part->partial);
    if (file->sha256 == NULL && file->git == NULL && step->etag == NULL && step->modified == NULL)
        chunk_map_reset(fetch->map); /* nothing says that it is still the same */
    return chunk_map_check(fetch->map, fetch->fd, part->partial->verified.length, err);
}

static bool bring_loop(struct fetch *fetch, struct model_part *part, char sha256_out[DIGEST_HEX], int64_t *size_out,
                       struct error *err)
{
    enum round_end end = ROUND_AGAIN;

    *size_out = chunk_map_size(fetch->map);
    for (;;) {
        fetch_orders_place(fetch);
        if (!round_run(fetch, part, &end, sha256_out, err))
            return false;
        if (end == ROUND_COMPLETE)
            return true;
        if (end == ROUND_AGAIN)
            continue;
        if (origin_run(fetch, part, sha256_out, size_out, err))
            return true;
        if (err->kind != ERROR_CANCELLED || fetch->is_stopping)
            return false;
        error_clear(err); /* another has become the seed */
    }
}

bool fetch_bring(void *data, struct model_part *part, char sha256_out[DIGEST_HEX], int64_t *size_out, struct error *err)
{
    struct fetch *fetch = data;
    bool ok;

    fetch->fd = part->partial->fd;
    fetch->taken_bytes = 0;
    fetch->ahead = (struct download_ahead){ fetch, ahead_missing, ahead_front, ahead_restarted };
    if (part->plan->files.items[part->index].size < 0)
        return origin_run(fetch, part, sha256_out, size_out, err);
    ok = map_open(fetch, part, err) && bring_loop(fetch, part, sha256_out, size_out, err) &&
         final_check(fetch, part, sha256_out, err);
    if (!ok && err->kind != ERROR_CANCELLED && fetch->map != NULL)
        fetch_progress(fetch, err->text);
    chunk_map_close(fetch->map);
    fetch->map = NULL;
    fetch->front = 0;
    return ok;
}

void fetch_judged(void *data, const struct model_part *part, bool is_good)
{
    struct fetch *fetch = data;
    const struct model_file *file = &part->plan->files.items[part->index];

    if (is_good) {
        chunk_map_rename(&part->plan->store, part->key, file->sha256);
        fetch->settled_bytes += file->size;
    } else {
        chunk_map_sweep(&part->plan->store);
    }
}
