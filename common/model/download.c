/* SPDX-License-Identifier: Apache-2.0 */
/* The loop of a download: hands out ranges to connections, moves the front on, and decides what happens after a failure. */
#include "common/model/download.h"

#include "common/base/clock.h"
#include "common/model/ask.h"
#include "common/model/download_part.h"
#include "common/model/hasher.h"

#define CHUNK_FIRST (4LL * 1024 * 1024)
#define CHUNK_MIN (1LL * 1024 * 1024)
#define CHUNK_LIMITED_MIN (64LL * 1024)
#define CHUNK_MAX (32LL * 1024 * 1024) /* far below the 50 GB that content servers give at most */
#define CHUNK_SECONDS 8
#define CHUNK_LATENCIES 24                /* a range takes as long as so many, so the pause before it costs little */
#define LAST_LATENCIES 4                  /* the same of the last ranges, which should end together */
#define AHEAD_MAX (512LL * 1024 * 1024)   /* before the first byte that is missing: what a power cut may cost */
#define LEAD_MAX (64LL * 1024 * 1024)     /* before the hashing */
#define LEAD_ENOUGH (8LL * 1024 * 1024)   /* the hashing has work: another connection, if they ... */
#define RATE_ENOUGH (256LL * 1024 * 1024) /* ... reach this in a second, would only bring parts out of order */
#define RENEWALS_MAX 5
#define LOOK_MS 100
#define STEP_MS 200

struct run {
    struct download *download;
    struct download_state state;
    struct arena *arena; /* dies with the run */
    struct http_group *group;
    struct hasher *hasher;
    struct part parts[MODEL_CONNECTIONS_MAX];
    int64_t next; /* first byte that no part has been given */
    int64_t looked_ms;
    int64_t latency_ms; /* from asking to the answer, at best */
    int64_t counted;    /* bytes that the rate limit has seen, and when the next one may come */
    double free_ms;
    bool must_restart;
};

static void run_end(struct run *run)
{
    http_group_free(run->group);
    hasher_free(run->hasher);
    for (int i = 0; i < MODEL_CONNECTIONS_MAX; i++)
        arena_free(run->parts[i].arena);
    arena_free(run->arena);
}

static int connections(const struct run *run)
{
    return run->download->no_ranges ? 1 : run->download->settings->connections;
}

static void parts_make(struct run *run)
{
    run->arena = arena_new();
    for (int i = 0; i < connections(run); i++) {
        struct part *part = &run->parts[i];

        part->download = run->download;
        part->arena = arena_new();
        part->buffer = arena_alloc(run->arena, PART_BUFFER);
    }
}

/* As much as CHUNK_SECONDS bring, but no more than the latency asks for: parts that end together leave much to hash. */
static int64_t chunk_of_rate(const struct run *run, const struct part *part)
{
    int64_t size = part->rate * CHUNK_SECONDS, latency = part->rate * run->latency_ms / 1000;
    int64_t left = (run->download->size - run->next) / connections(run);
    int64_t enough = latency * CHUNK_LATENCIES > CHUNK_FIRST ? latency * CHUNK_LATENCIES : CHUNK_FIRST;

    if (part->rate == 0)
        size = CHUNK_FIRST;
    if (size > enough)
        size = enough;
    if (size > CHUNK_MAX)
        size = CHUNK_MAX;
    if (run->download->size >= 0 && size > left) /* the end: smaller and smaller */
        size = left > latency * LAST_LATENCIES ? left : latency * LAST_LATENCIES;
    return size < CHUNK_MIN ? CHUNK_MIN : size;
}

/* With a rate limit no request is for more than all connections may fetch in a second: so it is never far exceeded. */
static int64_t chunk_size(const struct run *run, const struct part *part)
{
    int64_t limit = run->download->settings->rate_bytes, size = limit / connections(run);

    if (limit <= 0)
        return chunk_of_rate(run, part);
    return size < CHUNK_LIMITED_MIN ? CHUNK_LIMITED_MIN : size > CHUNK_MAX ? CHUNK_MAX : size;
}

/* The first byte that has not been written. */
static int64_t front(const struct run *run)
{
    int64_t first = run->next;

    for (int i = 0; i < connections(run); i++) {
        const struct part *part = &run->parts[i];

        if (part->position < part->end && part->position < first)
            first = part->position;
    }
    return run->download->size >= 0 && first > run->download->size ? run->download->size : first;
}

/* What is there already, from elsewhere, is passed over. */
static void stretch_find(struct run *run, int64_t *end_out)
{
    const struct download_ahead *ahead = run->download->ahead;

    if (ahead != NULL)
        run->next = ahead->missing(ahead->data, run->next, end_out);
}

static bool part_give(struct run *run, struct part *part)
{
    const struct download *download = run->download;
    int64_t size = chunk_size(run, part), stretch_end = INT64_MAX;

    if (download->no_ranges) {
        if (run->next > 0)
            return false;
        part->position = 0;
        part->end = download->size < 0 ? PART_END_UNKNOWN : download->size;
        run->next = part->end;
        return part->end > 0;
    }
    stretch_find(run, &stretch_end);
    if ((download->size >= 0 && run->next >= download->size) || run->next - front(run) >= AHEAD_MAX)
        return false;
    part->position = run->next;
    part->end = run->next + size < stretch_end ? run->next + size : stretch_end;
    if (download->size >= 0 && part->end > download->size)
        part->end = download->size;
    run->next = part->end;
    return true;
}

static bool is_running(const struct run *run)
{
    for (int i = 0; i < connections(run); i++) {
        if (run->parts[i].state == PART_RUNNING)
            return true;
    }
    return false;
}

/* Starts whatever may start now. Until the server has shown that it knows ranges, that is one part. */
static bool parts_start(struct run *run, struct error *err)
{
    int64_t now = clock_monotonic_ms();
    int count = run->state.ranges_known ? connections(run) : 1;
    bool is_ahead = front(run) - hasher_position(run->hasher) > LEAD_ENOUGH;

    for (int i = 0; i < count; i++) {
        struct part *part = &run->parts[i];

        if (part->state == PART_RUNNING || (part->state == PART_WAITING && now < part->until_ms))
            continue;
        if (is_ahead && part->rate >= RATE_ENOUGH && is_running(run))
            continue;
        if (part->position >= part->end && !part_give(run, part))
            continue;
        part->generation = run->state.generation;
        if (!part_request(part, run->group, err))
            return false;
    }
    return true;
}

static bool wait_later(struct run *run, struct part *part, struct error *err)
{
    const struct model_settings *settings = run->download->settings;
    int64_t pause = ask_pause_ms(settings, ++part->attempt, part->wanted_ms);

    if (pause < 0) {
        *err = part->error;
        return part->wanted_ms > settings->wait_ms
                   ? error_set(err, "%s; it asks to wait for %lld s, longer than is allowed here", part->error.text,
                               (long long)part->wanted_ms / 1000)
                   : false;
    }
    if (pause >= 1000)
        model_note(settings, "%s: trying again in %lld s", part->error.text, (long long)pause / 1000);
    part->state = PART_WAITING;
    part->until_ms = clock_monotonic_ms() + pause;
    return true;
}

/* The URL was followed or renewed for another part already, or is now. */
static bool url_change(struct run *run, const struct part *part, struct error *err)
{
    struct download *download = run->download;

    if (part->generation != run->state.generation)
        return true;
    run->state.generation++;
    if (part->verdict == PART_REDIRECT) {
        const struct http_header header = { "Location", part->location };
        const struct http_response response = { .headers = &header,
                                                .header_count = part->location != NULL,
                                                .peer_is_private = part->peer_is_private };

        return remote_follow(download->arena, &download->remote, &response, err);
    }
    if (++run->state.renewals > RENEWALS_MAX) {
        *err = part->error;
        return error_prefix(err, "given up, as every new URL is refused");
    }
    return download->renew(download->renew_data, &download->remote, err);
}

/* How it goes on after a part has ended. */
static bool part_next(struct run *run, struct part *part, bool is_ok, struct error *err)
{
    switch (part->verdict) {
    case PART_WHOLE:
        run->must_restart = true;
        return true;
    case PART_REDIRECT:
    case PART_EXPIRED:
        return url_change(run, part, err);
    case PART_TAKEN:
        run->state.ranges_known = !run->download->no_ranges;
        if (part->position > part->started_position)
            run->state.renewals = 0;
        if (part->position >= part->end)
            return true;
        if (run->download->no_ranges) { /* it cannot be continued, only repeated */
            run->must_restart = true;
            return true;
        }
        return (is_ok && part->position > part->started_position) || wait_later(run, part, err);
    case PART_UNJUDGED:
    case PART_LATER:
    case PART_FATAL:
        break;
    }
    return wait_later(run, part, err);
}

static bool parts_finish(struct run *run, struct error *err)
{
    struct http_done done;

    while (!run->must_restart && http_group_next(run->group, &done)) {
        struct part *part = done.data;
        bool is_ok = done.is_ok;

        if (!part_settle(part, &done, err))
            return false;
        if (part->verdict == PART_TAKEN && part->latency_ms < run->latency_ms)
            run->latency_ms = part->latency_ms;
        if (!part_next(run, part, is_ok, err))
            return false;
    }
    return true;
}

static bool look_around(struct run *run, struct error *err)
{
    const struct model_settings *settings = run->download->settings;
    int64_t now = clock_monotonic_ms();
    char text[PROGRESS_TEXT];

    if (now - run->looked_ms < LOOK_MS)
        return true;
    run->looked_ms = now;
    if (model_is_cancelled(settings))
        return error_set_kind(err, ERROR_CANCELLED, "cancelled");
    if (settings->watch.progress != NULL) {
        progress_add(run->download->progress, 0, now);
        progress_text(run->download->progress, now, text);
        settings->watch.progress(settings->watch.data, text);
    }
    return true;
}

/* Moves the network, or waits for the first part that waits. */
static bool step(struct run *run, struct error *err)
{
    int64_t now = clock_monotonic_ms(), pause = STEP_MS;

    for (int i = 0; i < connections(run); i++) {
        const struct part *part = &run->parts[i];

        if (part->state == PART_WAITING && part->until_ms - now < pause)
            pause = part->until_ms > now ? part->until_ms - now : 0;
    }
    if (!is_running(run))
        return model_pause(run->download->settings, pause, err);
    return http_group_step(run->group, (int)pause, err);
}

/* Waits until what has come is not more than the limit allows; meanwhile the servers wait, too. */
static bool keep_rate(struct run *run, struct error *err)
{
    int64_t rate = run->download->settings->rate_bytes, received = run->download->progress->received;
    double now = (double)clock_monotonic_ms();

    if (rate <= 0)
        return true;
    if (run->free_ms < now)
        run->free_ms = now;
    run->free_ms += (double)(received - run->counted) * 1000.0 / (double)rate;
    run->counted = received;
    while (run->free_ms > now + 1.0) {
        if (!look_around(run, err) ||
            !model_pause(run->download->settings,
                         run->free_ms - now > STEP_MS ? STEP_MS : (int64_t)(run->free_ms - now), err))
            return false;
        now = (double)clock_monotonic_ms();
    }
    return true;
}

/*
 * A network that is faster than the hashing waits for it: it gains nothing by running ahead, but would take the processor that
 * hashes. The servers wait, too.
 */
static void keep_together(struct run *run)
{
    int64_t first = front(run);

    if (first - hasher_position(run->hasher) > LEAD_MAX)
        hasher_await(run->hasher, first - LEAD_MAX / 2, LOOK_MS);
}

static bool is_complete(const struct run *run)
{
    return run->download->size >= 0 && front(run) >= run->download->size;
}

static bool run_loop(struct run *run, struct error *err)
{
    while (!is_complete(run) && !run->must_restart) {
        if (!look_around(run, err) || !parts_start(run, err) || !step(run, err) || !parts_finish(run, err) ||
            !keep_rate(run, err))
            return false;
        /* a first part that is under way shows already whether ranges are known */
        if (run->parts[0].verdict == PART_TAKEN && !run->download->no_ranges)
            run->state.ranges_known = true;
        if (run->download->no_ranges)
            run->next = run->parts[0].end;
        if (!hasher_advance(run->hasher, front(run), err))
            return false;
        if (run->download->ahead != NULL)
            run->download->ahead->front(run->download->ahead->data, front(run));
        keep_together(run);
    }
    return true;
}

/* One try over connections that may break; *again_out: the server's way makes a new start from zero necessary. */
static bool run_once(struct download *download, char sha256_out[DIGEST_HEX], bool *again_out, struct error *err)
{
    __attribute__((cleanup(run_end))) struct run run = { .download = download,
                                                         .next = download->partial->verified.length,
                                                         .latency_ms = CHUNK_SECONDS * 1000,
                                                         .counted = download->progress->received };

    *again_out = false;
    parts_make(&run);
    if (!http_group_new(&run.group, err) || !hasher_start(download->partial, &run.hasher, err) || !run_loop(&run, err))
        return false;
    if (run.must_restart) {
        *again_out = true;
        return true;
    }
    return hasher_advance(run.hasher, download->size, err) && hasher_finish(run.hasher, sha256_out, err);
}

/* A transfer that cannot be continued begins again, after a pause. */
static bool start_anew(struct download *download, int attempt, struct error *err)
{
    int64_t pause = attempt == 1 ? 0 : ask_pause_ms(download->settings, attempt - 1, -1);

    partial_restart(download->partial);
    if (download->ahead != NULL)
        download->ahead->restarted(download->ahead->data);
    download->no_ranges = true;
    if (pause < 0)
        return error_set(err, "%s: the server knows no ranges, and the transfer broke off every time",
                         download->remote.shown);
    return model_pause(download->settings, pause, err);
}

bool download_run(struct download *download, char sha256_out[DIGEST_HEX], int64_t *size_out, struct error *err)
{
    int64_t done_before = download->progress->done - download->partial->verified.length;
    bool again = true;

    if (download->no_ranges)
        partial_restart(download->partial);
    for (int attempt = 0; again; attempt++) {
        if (attempt > 0 && !start_anew(download, attempt, err))
            return false;
        download->progress->done = done_before + download->partial->verified.length;
        if (!run_once(download, sha256_out, &again, err))
            return false;
    }
    *size_out = download->size;
    return true;
}
