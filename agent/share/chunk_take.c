/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of neighbours over one map. */
#include "agent/share/chunk_take.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/share/share_talk.h"
#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/text.h"

#define ASK_MS 400    /* what a neighbour has is asked again after so long */
#define IDLE_MS 100   /* it had nothing for us */
#define AGAIN_MS 1000 /* after a connection that failed */
#define PIECE ((size_t)256 * 1024)

enum peer_state { PEER_NEW, PEER_WORKS, PEER_HAS_NOTHING, PEER_FAILS, PEER_BAD };

struct peer {
    struct chunk_take *take;
    const struct share_peer *place;
    pthread_t thread;
    bool is_started;

    /* the thread's own */
    struct share_talk *talk;
    int64_t asked_ms;

    /* under the mutex */
    enum peer_state state;
    char *has; /* 'h' for each chunk it has */
    int64_t bytes;
    char sentence[256];
};

struct chunk_take {
    struct chunk_take_options options;
    struct arena *arena;
    int64_t count; /* of chunks */
    struct peer *peers;
    size_t peers_count;
    atomic_bool is_stopped;
    atomic_uint news; /* counts digests that came: who had nothing to do looks again */

    pthread_mutex_t mutex;
    char *taken; /* 1: somebody is at it */
    int64_t taken_count;
    int64_t failing_since_ms; /* all of them; 0: not */
    bool has_failed;
    struct error error;
};

static bool take_is_stopped(void *data)
{
    return atomic_load(&((struct chunk_take *)data)->is_stopped);
}

static void peer_state_set(struct peer *peer, enum peer_state state, const char *sentence)
{
    struct chunk_take *take = peer->take;
    bool all_fail = true;

    pthread_mutex_lock(&take->mutex);
    peer->state = state;
    if (sentence != NULL)
        (void)snprintf(peer->sentence, sizeof(peer->sentence), "%s", sentence);
    for (size_t i = 0; i < take->peers_count; i++)
        all_fail = all_fail && take->peers[i].state >= PEER_FAILS;
    if (!all_fail)
        take->failing_since_ms = 0;
    else if (take->failing_since_ms == 0)
        take->failing_since_ms = clock_monotonic_ms();
    pthread_mutex_unlock(&take->mutex);
}

static void peer_wait(const struct peer *peer, int64_t wait_ms)
{
    int64_t until_ms = clock_monotonic_ms() + wait_ms;

    while (!take_is_stopped(peer->take) && clock_monotonic_ms() < until_ms)
        (void)usleep(20000);
}

static void peer_idle(const struct peer *peer, unsigned news)
{
    int64_t until_ms = clock_monotonic_ms() + IDLE_MS;

    while (!take_is_stopped(peer->take) && clock_monotonic_ms() < until_ms && atomic_load(&peer->take->news) == news)
        (void)usleep(5000);
}

/* --- what it has --- */

static bool digests_take(struct peer *peer, struct arena *arena, int64_t first, int64_t count, struct error *err)
{
    struct chunk_take *take = peer->take;
    struct value *question = share_question(arena, "digests", take->options.source, take->options.file);
    size_t digits = DIGEST_HEX - 1, length = (size_t)count * digits;
    struct share_answer answer;
    char *body;

    value_map_put_int(arena, question, "first", first);
    value_map_put_int(arena, question, "count", count);
    if (!share_talk_ask(peer->talk, arena, question, &answer, err))
        return false;
    if (!answer.is_ok || answer.bytes != (int64_t)length)
        return error_set(err, "it does not tell digests: %s", answer.is_ok ? "of another length" : answer.sentence);
    body = arena_alloc(arena, length + 1);
    if (!share_talk_read_all(peer->talk, body, length, err))
        return false;
    for (int64_t i = 0; i < count; i++) {
        const char *digest = arena_copy_n(arena, body + (size_t)i * digits, digits);

        if (digest_is_sha256(digest) && strspn(digest, "0") < digits)
            chunk_map_know(take->options.map, first + i, digest);
    }
    return true;
}

/* Digests of what the authority has and we know nothing of, in one question if they lie together. */
static bool digests_ask(struct peer *peer, struct arena *arena, const char *has, struct error *err)
{
    struct chunk_take *take = peer->take;
    int64_t i = 0;

    while (i < take->count) {
        int64_t first = i;

        while (i < take->count && i - first < SHARE_DIGESTS_MAX && has[i] == 'h' &&
               chunk_map_state(take->options.map, i, NULL) == CHUNK_MISSING)
            i++;
        if (i > first && !digests_take(peer, arena, first, i - first, err))
            return false;
        if (i > first)
            atomic_fetch_add(&take->news, 1);
        if (i == first)
            i++;
    }
    return true;
}

/* Authorities before it answer, or may yet. */
static bool is_authority(const struct peer *peer)
{
    struct chunk_take *take = peer->take;
    bool is_first = peer->place->is_authority;

    pthread_mutex_lock(&take->mutex);
    for (const struct peer *before = take->peers; is_first && before < peer; before++)
        is_first = before->state >= PEER_FAILS;
    pthread_mutex_unlock(&take->mutex);
    return is_first;
}

static bool peer_ask(struct peer *peer, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct chunk_take *take = peer->take;
    char *has = arena_alloc(arena, (size_t)take->count + 1);
    struct share_answer answer;

    memset(has, '.', (size_t)take->count);
    if (!share_talk_ask(peer->talk, arena, share_question(arena, "have", take->options.source, take->options.file),
                        &answer, err))
        return false;
    peer->asked_ms = clock_monotonic_ms();
    if (answer.is_ok && (answer.bytes != take->count || answer.size != chunk_map_size(take->options.map)))
        return error_set(err, "its file has another size");
    if (answer.is_ok && !share_talk_read_all(peer->talk, has, (size_t)take->count, err))
        return false;
    if (answer.is_ok && is_authority(peer) && !digests_ask(peer, arena, has, err))
        return false;
    pthread_mutex_lock(&take->mutex);
    memcpy(peer->has, has, (size_t)take->count);
    pthread_mutex_unlock(&take->mutex);
    return true;
}

/* --- which one --- */

static uint64_t holders(const struct chunk_take *take, int64_t index)
{
    uint64_t count = 0;

    for (size_t i = 0; i < take->peers_count; i++)
        count += take->peers[i].has[index] == 'h' && take->peers[i].state < PEER_FAILS;
    return count;
}

/* A chunk that this neighbour has, fewest others have, and nobody is at; -1: none. Among equals each node begins elsewhere, so that they
 * have something for each other. */
static int64_t chunk_choose(struct peer *peer)
{
    struct chunk_take *take = peer->take;
    uint64_t best = UINT64_MAX;
    int64_t found = -1;

    pthread_mutex_lock(&take->mutex);
    for (int64_t i = 0; i < take->count; i++) {
        uint64_t rank;

        if (peer->has[i] != 'h' || take->taken[i] || chunk_map_state(take->options.map, i, NULL) != CHUNK_KNOWN)
            continue;
        rank =
            (holders(take, i) << 32) |
            ((hash_quick(take->options.self, strlen(take->options.self)) ^ ((uint64_t)i * 0x9e3779b97f4a7c15U)) >> 34);
        if (rank < best) {
            best = rank;
            found = i;
        }
    }
    if (found >= 0) {
        take->taken[found] = 1;
        take->taken_count++;
    }
    pthread_mutex_unlock(&take->mutex);
    return found;
}

static void chunk_release(struct peer *peer, int64_t index, int64_t good_bytes)
{
    pthread_mutex_lock(&peer->take->mutex);
    peer->take->taken[index] = 0;
    peer->take->taken_count--;
    peer->bytes += good_bytes;
    pthread_mutex_unlock(&peer->take->mutex);
}

/* --- taking it --- */

static void take_fail(struct chunk_take *take, const struct error *err)
{
    pthread_mutex_lock(&take->mutex);
    take->has_failed = true;
    take->error = *err;
    pthread_mutex_unlock(&take->mutex);
    atomic_store(&take->is_stopped, true);
}

static bool place_write(struct chunk_take *take, const char *data, size_t length, int64_t at, struct error *err)
{
    while (length > 0) {
        ssize_t written = pwrite(take->options.fd, data, length, (off_t)at);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return error_set_errno(err, "a chunk cannot be written");
        data += written;
        at += written;
        length -= (size_t)written;
    }
    return true;
}

/* Reads the body to its end. *here_out: the trouble is this node's. */
static bool body_take(struct peer *peer, int64_t index, char digest_out[DIGEST_HEX], bool *here_out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct chunk_take *take = peer->take;
    int64_t at = index * CHUNK_SIZE, left = chunk_length_of(chunk_map_size(take->options.map), index);
    char *piece = arena_alloc(arena, PIECE);
    struct digest digest;
    size_t filled = 0;

    digest_start(&digest);
    while (left > 0) {
        size_t room = PIECE - filled, got = 0;

        if (!share_talk_read(peer->talk, piece + filled, (int64_t)room < left ? room : (size_t)left, &got, err))
            return false;
        filled += got;
        left -= (int64_t)got;
        if (filled < PIECE && left > 0)
            continue;
        digest_add(&digest, piece, filled);
        if (!place_write(take, piece, filled, at, err)) {
            *here_out = true;
            return false;
        }
        at += (int64_t)filled;
        filled = 0;
    }
    digest_hex(&digest, digest_out);
    return true;
}

static bool chunk_bring(struct peer *peer, int64_t index, bool *bad_out, bool *here_out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct chunk_take *take = peer->take;
    struct value *question = share_question(arena, "chunk", take->options.source, take->options.file);
    int64_t length = chunk_length_of(chunk_map_size(take->options.map), index);
    char wanted[DIGEST_HEX] = "", digest[DIGEST_HEX] = "";
    struct share_answer answer;

    value_map_put_int(arena, question, "chunk", index);
    if (!share_talk_ask(peer->talk, arena, question, &answer, err))
        return false;
    if (!answer.is_ok || answer.bytes != length)
        return error_set(err, "it does not give a chunk that it has: %s",
                         answer.is_ok ? "it has another length" : answer.sentence);
    if (!body_take(peer, index, digest, here_out, err))
        return false;
    if (chunk_map_state(take->options.map, index, wanted) == CHUNK_HAVE)
        return true;
    *bad_out = strcmp(wanted, digest) != 0;
    if (*bad_out)
        return error_set(err, "chunk %lld of file %lld is not what it should be: its SHA-256 is %.16s..., not %.16s...",
                         (long long)index, (long long)take->options.file, digest, wanted);
    *here_out = !chunk_map_have(take->options.map, index, digest, err);
    return !*here_out;
}

static void chunk_take_one(struct peer *peer, int64_t index)
{
    struct chunk_take *take = peer->take;
    struct error err = ERROR_INIT;
    bool is_bad = false, is_here = false;
    bool ok = chunk_bring(peer, index, &is_bad, &is_here, &err);

    chunk_release(peer, index, ok ? chunk_length_of(chunk_map_size(take->options.map), index) : 0);
    if (ok)
        return;
    share_talk_close(peer->talk);
    peer->talk = NULL;
    if (is_here)
        take_fail(take, &err);
    else
        peer_state_set(peer, is_bad ? PEER_BAD : PEER_FAILS, err.text);
}

/* --- a neighbour's thread --- */

/* False: not now. */
static bool peer_connect(struct peer *peer)
{
    const struct share_stop stop = { take_is_stopped, peer->take };
    struct error err = ERROR_INIT;

    if (peer->talk != NULL)
        return true;
    peer->asked_ms = 0;
    if (share_talk_open(peer->take->options.tls, peer->place, &stop, &peer->talk, &err))
        return true;
    peer_state_set(peer, PEER_FAILS, err.text);
    peer_wait(peer, AGAIN_MS);
    return false;
}

static bool peer_refresh(struct peer *peer, bool is_forced)
{
    struct error err = ERROR_INIT;

    if (!is_forced && peer->asked_ms > 0 && clock_monotonic_ms() - peer->asked_ms < ASK_MS)
        return true;
    if (peer_ask(peer, &err))
        return true;
    share_talk_close(peer->talk);
    peer->talk = NULL;
    peer_state_set(peer, PEER_FAILS, err.text);
    peer_wait(peer, AGAIN_MS);
    return false;
}

static void *peer_run(void *context)
{
    struct peer *peer = context;

    while (!take_is_stopped(peer->take) && peer->state != PEER_BAD) {
        unsigned news = atomic_load(&peer->take->news);
        int64_t index;

        if (!peer_connect(peer) || !peer_refresh(peer, peer->state == PEER_HAS_NOTHING))
            continue;
        index = chunk_choose(peer);
        if (index < 0) {
            peer_state_set(peer, PEER_HAS_NOTHING, "");
            peer_idle(peer, news);
            continue;
        }
        peer_state_set(peer, PEER_WORKS, "");
        chunk_take_one(peer, index);
    }
    share_talk_close(peer->talk);
    peer->talk = NULL;
    return NULL;
}

/* --- all of them --- */

static void peers_order(struct chunk_take *take, const struct share_peer **out)
{
    size_t count = 0;

    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < take->options.count && count < TAKE_PEERS_MAX; i++) {
            if (take->options.peers[i].is_authority == (pass == 0))
                out[count++] = &take->options.peers[i];
        }
    }
    take->peers_count = count;
}

bool chunk_take_start(const struct chunk_take_options *options, struct chunk_take **out, struct error *err)
{
    struct chunk_take *take = calloc(1, sizeof(*take));
    const struct share_peer *places[TAKE_PEERS_MAX];

    if (take == NULL)
        return error_set(err, "no memory");
    take->options = *options;
    take->arena = arena_new();
    take->count = chunk_map_count(options->map);
    take->taken = arena_alloc(take->arena, (size_t)take->count + 1);
    memset(take->taken, 0, (size_t)take->count + 1);
    (void)pthread_mutex_init(&take->mutex, NULL);
    peers_order(take, places);
    take->peers = arena_new_array(take->arena, struct peer, take->peers_count + 1);
    for (size_t i = 0; i < take->peers_count; i++) {
        take->peers[i] = (struct peer){ .take = take, .place = places[i] };
        take->peers[i].has = arena_alloc(take->arena, (size_t)take->count + 1);
        memset(take->peers[i].has, '.', (size_t)take->count + 1);
    }
    for (size_t i = 0; i < take->peers_count; i++) {
        if (pthread_create(&take->peers[i].thread, NULL, peer_run, &take->peers[i]) != 0) {
            chunk_take_end(take);
            return error_set(err, "a thread for a neighbour cannot be started");
        }
        take->peers[i].is_started = true;
    }
    *out = take;
    return true;
}

void chunk_take_end(struct chunk_take *take)
{
    if (take == NULL)
        return;
    atomic_store(&take->is_stopped, true);
    for (size_t i = 0; i < take->peers_count; i++) {
        if (take->peers[i].is_started)
            (void)pthread_join(take->peers[i].thread, NULL);
    }
    (void)pthread_mutex_destroy(&take->mutex);
    arena_free(take->arena);
    free(take);
}

void chunk_take_look(struct chunk_take *take, struct chunk_take_state *out)
{
    struct chunk_take_state state = { .is_idle = true };

    state.is_complete = chunk_map_front(take->options.map) >= chunk_map_size(take->options.map);
    pthread_mutex_lock(&take->mutex);
    for (size_t i = 0; i < take->peers_count; i++)
        state.is_idle = state.is_idle && take->peers[i].state >= PEER_HAS_NOTHING;
    state.is_idle = state.is_idle && take->taken_count == 0;
    state.failed_ms = take->failing_since_ms == 0 ? 0 : clock_monotonic_ms() - take->failing_since_ms + 1;
    state.has_failed = take->has_failed;
    state.error = take->error;
    pthread_mutex_unlock(&take->mutex);
    *out = state;
}

void chunk_take_peer_look(struct chunk_take *take, size_t index, struct chunk_take_peer *out)
{
    *out = (struct chunk_take_peer){ .node = take->options.peers[index].node };
    pthread_mutex_lock(&take->mutex);
    for (size_t i = 0; i < take->peers_count; i++) {
        if (take->peers[i].place != &take->options.peers[index])
            continue;
        out->bytes = take->peers[i].bytes;
        out->is_bad = take->peers[i].state == PEER_BAD;
        memcpy(out->sentence, take->peers[i].sentence, sizeof(out->sentence));
    }
    pthread_mutex_unlock(&take->mutex);
}
