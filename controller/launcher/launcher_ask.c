/* SPDX-License-Identifier: Apache-2.0 */
/* Asking engines: whether they serve, with all their parts, and what they count. Everything happens in the launcher's thread. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "controller/engines/chat_probe.h"
#include "controller/launcher/busy.h"
#include "controller/launcher/launcher_internal.h"
#include "controller/store/store_measure.h"
#include "controller/store/store_writer.h"

#define ANSWER_MAX ((size_t)4 * 1024 * 1024)
#define MEASURE_MS 5000
#define MEASURE_LAST_MS 500 /* of one that only finishes */
#define MEASURE_TIMEOUT_S 5
#define AGAIN_MS 500         /* after one that was not as it should be */
#define TIMEOUT_EARLY_MS 100 /* so much before its end a request counts as timed out */
#define LOADING_MIN_MS 100
#define LOADING_MAX_MS 1000
#define LOAD_AGAIN_MS 5000 /* after a load that was refused */

enum ask_kind { ASK_PROBE, ASK_LOOK, ASK_LOAD, ASK_METRICS };

struct ask {
    struct arena *arena; /* SECRET */
    int64_t instance_id, attempt, began_ms;
    enum ask_kind kind;
    struct job job;
    struct http_header headers[2];
    struct text body;
    struct busy_mark before; /* when it was sent */
    bool was_serving;
    bool is_dropped; /* nobody waits for it any more */
};

/* --- sending --- */

static bool answer_write(void *data, const char *bytes, size_t length, struct error *err)
{
    struct ask *ask = data;

    if (ask->body.length + length > ANSWER_MAX)
        return error_set(err, "its answer is longer than %zu bytes", ANSWER_MAX);
    text_add_n(&ask->body, bytes, length);
    return true;
}

static void ask_free(struct ask *ask)
{
    arena_free_secret(ask->arena);
}

static bool ask_send(struct launcher *launcher, struct ask *ask, const struct engine_request *request,
                     int64_t timeout_s, struct error *err)
{
    struct http_job job = { .sink = { answer_write, ask } };
    size_t headers = 0;

    if (ask->job.job.key != NULL)
        ask->headers[headers++] =
            (struct http_header){ "Authorization", arena_printf(ask->arena, "Bearer %s", ask->job.job.key) };
    if (request->body != NULL)
        ask->headers[headers++] = (struct http_header){ "Content-Type", "application/json" };
    job.request = (struct http_request){
        .url = job_url(ask->arena, &ask->job, request->path),
        .method = request->method,
        .headers = ask->headers,
        .header_count = headers,
        .body = request->body,
        .body_length = request->body == NULL ? 0 : strlen(request->body),
        .timeout_ms = (int)timeout_s * 1000,
        .deadline_ms = (int)timeout_s * 1000,
        .no_proxy = true,
        .follow = HTTP_FOLLOW_NONE,
        .http1 = true,
    };
    ask->began_ms = clock_monotonic_ms();
    if (launcher->group == NULL && !http_group_new(&launcher->group, err))
        return false;
    return http_group_start(launcher->group, &job, err);
}

static struct ask *ask_new(const struct turn *turn, enum ask_kind kind, struct error *err)
{
    struct arena *arena = arena_new();
    struct ask *ask = arena_new_of(arena, struct ask);

    *ask = (struct ask){
        .arena = arena, .instance_id = turn->row.id, .attempt = turn->row.attempt, .kind = kind, .body = text_new(arena)
    };
    if (job_make(arena, turn->workload->declaration, &turn->row, &ask->job, err))
        return ask;
    ask_free(ask);
    return NULL;
}

static void watch_say(struct watch *watch, enum step_asked asked, const char *sentence)
{
    watch->asked = asked;
    snprintf(watch->sentence, sizeof(watch->sentence), "%.*s", (int)sizeof(watch->sentence) - 1,
             sentence == NULL ? "" : sentence);
}

static bool look_start(struct launcher *launcher, struct watch *watch, struct ask *ask);

static int64_t probe_timeout_s(const struct workload_health *health)
{
    return health->timeout_s > 0 ? health->timeout_s : 10;
}

static struct busy_mark busy_mark_of(struct launcher *launcher, const struct watch *watch)
{
    struct busy_mark mark = { .at_us = 0 };

    pthread_mutex_lock(&launcher->mutex);
    mark.passed = watch->passed_ms;
    if (watch->figures.attempt == watch->attempt) {
        mark.figures = watch->figures.figures;
        mark.at_us = watch->figures.at_us;
    }
    pthread_mutex_unlock(&launcher->mutex);
    return mark;
}

/* Engines that answer in other words than these have no probe: their head's running is all there is. */
static void probe_start(struct launcher *launcher, struct turn *turn)
{
    struct watch *watch = turn->watch;
    struct error err = ERROR_INIT;
    struct ask *ask = ask_new(turn, ASK_PROBE, &err);
    const struct workload_health *health = &turn->in.workload->health;
    bool is_live = turn->in.state == STEP_SERVING || turn->in.state == STEP_DEGRADED;
    struct engine_request request;

    watch->ask_at_ms = clock_monotonic_ms() + AGAIN_MS;
    if (ask == NULL) {
        watch_say(watch, STEP_ASKED_SILENT, err.text);
        return;
    }
    if (ask->job.engine->probe == NULL) {
        watch_say(watch, STEP_ASKED_SERVES, NULL);
        watch->has_served = true;
        ask_free(ask);
        return;
    }
    if (ask->job.engine->load != NULL && look_start(launcher, watch, ask)) { /* first it has to have its models */
        watch->probing = ask;
        return;
    }
    ask->kind = ASK_PROBE;
    request = ask->job.engine->probe(ask->arena, &ask->job.job, is_live ? 1 : health->max_tokens);
    watch->asks++;
    ask->was_serving = watch->has_served || turn->in.state == STEP_SERVING;
    ask->before = busy_mark_of(launcher, watch);
    if (ask_send(launcher, ask, &request, probe_timeout_s(health), &err)) {
        watch->probing = ask;
        return;
    }
    watch_say(watch, STEP_ASKED_SILENT, err.text);
    ask_free(ask);
}

static void measure_start(struct launcher *launcher, struct turn *turn)
{
    struct error ignored = ERROR_INIT;
    struct ask *ask = ask_new(turn, ASK_METRICS, &ignored);
    struct engine_request request = { .path = NULL };

    turn->watch->measure_at_ms = clock_monotonic_ms() + (turn->in.finishes ? MEASURE_LAST_MS : MEASURE_MS);
    if (ask == NULL)
        return;
    if (ask->job.engine->metrics != NULL && ask->job.engine->metrics_read != NULL)
        request = ask->job.engine->metrics(ask->arena, &ask->job.job);
    if (request.path != NULL && ask_send(launcher, ask, &request, MEASURE_TIMEOUT_S, &ignored))
        turn->watch->measuring = ask;
    else
        ask_free(ask);
}

static bool suspect_take(struct launcher *launcher, int64_t instance_id)
{
    bool found = false;

    pthread_mutex_lock(&launcher->mutex);
    for (size_t i = 0; i < launcher->suspects_count && !found; i++) {
        found = launcher->suspects[i] == instance_id;
        if (found)
            launcher->suspects[i] = launcher->suspects[--launcher->suspects_count];
    }
    pthread_mutex_unlock(&launcher->mutex);
    return found;
}

void asks_start(struct launcher *launcher)
{
    int64_t now_ms = clock_monotonic_ms();

    for (struct turn *turn = launcher->turns; turn != NULL; turn = turn->next) {
        struct watch *watch = turn->watch;
        bool can_ask =
            (turn->decision.actions & STEP_ASK) != 0 && (turn->decision.actions & (STEP_TAKE_AWAY | STEP_PLACE)) == 0;

        watch->is_asked = can_ask;
        if ((turn->decision.actions & STEP_MEASURE) != 0 && watch->measuring == NULL &&
            (now_ms >= watch->measure_at_ms || watch->measure_at_ms > now_ms + MEASURE_LAST_MS))
            measure_start(launcher, turn);
        if (!can_ask)
            continue;
        if (suspect_take(launcher, turn->row.id))
            watch->ask_at_ms = 0;
        if (watch->probing == NULL && now_ms >= watch->ask_at_ms)
            probe_start(launcher, turn);
        if ((turn->decision.state == STEP_SERVING || turn->decision.state == STEP_DEGRADED) &&
            watch->measuring == NULL && now_ms >= watch->measure_at_ms)
            measure_start(launcher, turn);
    }
}

int64_t asks_due_ms(const struct launcher *launcher)
{
    int64_t due_ms = INT64_MAX;

    for (const struct watch *watch = launcher->watches; watch != NULL; watch = watch->next) {
        if (watch->is_asked && watch->probing == NULL && watch->ask_at_ms < due_ms)
            due_ms = watch->ask_at_ms;
    }
    return due_ms;
}

/* --- what comes back --- */

static void probe_said(struct watch *watch, enum step_asked asked, const char *sentence)
{
    int64_t pause_ms = LOADING_MIN_MS + 25 * (int64_t)watch->asks;

    watch->bad = asked == STEP_ASKED_SERVES ? 0 : watch->bad + 1;
    watch_say(watch, asked, sentence);
    if (asked != STEP_ASKED_SERVES)
        watch->ask_at_ms = clock_monotonic_ms() + (pause_ms > LOADING_MAX_MS ? LOADING_MAX_MS : pause_ms);
}

static enum step_asked asked_of(enum engine_answer answer)
{
    return answer == ENGINE_SERVES ? STEP_ASKED_SERVES : answer == ENGINE_LOADS ? STEP_ASKED_LOADS : STEP_ASKED_WRONG;
}

static void served(struct watch *watch, const struct ask *ask)
{
    int64_t interval_s = ask->job.workload.health.interval_s;

    watch->has_served = true;
    watch->still = 0;
    watch->served_us = clock_wall_us();
    probe_said(watch, STEP_ASKED_SERVES, NULL);
    watch->ask_at_ms = clock_monotonic_ms() + (interval_s > 0 ? interval_s : 5) * 1000;
}

/* True: that it did not answer in time is no failure, as it works. */
static bool is_excused(struct launcher *launcher, struct watch *watch, const struct ask *ask)
{
    const struct workload_health *health = &ask->job.workload.health;
    const struct busy_mark now = busy_mark_of(launcher, watch);
    int64_t took_ms = clock_monotonic_ms() - ask->began_ms;
    enum busy_verdict verdict = BUSY_IDLE;

    if (!ask->was_serving || took_ms < probe_timeout_s(health) * 1000 - TIMEOUT_EARLY_MS)
        return false;
    verdict = busy_judge(&ask->before, &now, &watch->still);
    if (verdict == BUSY_MOVES)
        probe_said(watch, STEP_ASKED_SERVES, NULL);
    if (verdict == BUSY_STUCK)
        watch->bad = BUSY_STILL_MAX; /* that was patience enough */
    watch->ask_at_ms = clock_monotonic_ms() + AGAIN_MS;
    return verdict == BUSY_MOVES || verdict == BUSY_MAY;
}

/* True: the ask goes on, as another question. */
static bool look_start(struct launcher *launcher, struct watch *watch, struct ask *ask)
{
    struct engine_request request = { .path = NULL };
    struct error err = ERROR_INIT;

    if (!watch->has_looked && ask->job.engine->look != NULL)
        request = ask->job.engine->look(ask->arena, &ask->job.job);
    if (request.path == NULL)
        return false;
    ask->kind = ASK_LOOK;
    ask->body = text_new(ask->arena);
    if (ask_send(launcher, ask, &request, MEASURE_TIMEOUT_S, &err))
        return true;
    probe_said(watch, STEP_ASKED_SILENT, err.text);
    return false;
}

static bool probe_taken(struct launcher *launcher, struct watch *watch, struct ask *ask, const struct http_done *done)
{
    const char *sentence = NULL;
    enum engine_answer answer = ENGINE_LOADS;

    if (!done->is_ok && is_excused(launcher, watch, ask))
        return false;
    if (!done->is_ok) {
        probe_said(watch, STEP_ASKED_SILENT,
                   arena_printf(ask->arena, "its head does not answer: %s", done->error->text));
        return false;
    }
    answer = ask->job.engine->probe_read(ask->arena, &ask->job.job, done->response->status, ask->body.data, &sentence);
    if (answer != ENGINE_SERVES) {
        probe_said(watch, asked_of(answer), sentence);
        return false;
    }
    pthread_mutex_lock(&launcher->mutex);
    watch->probe_ms = (double)(clock_monotonic_ms() - ask->began_ms);
    watch->figures.served_us = clock_wall_us();
    watch->figures.probe_ms = watch->probe_ms;
    pthread_mutex_unlock(&launcher->mutex);
    if (look_start(launcher, watch, ask))
        return true;
    if (ask->kind == ASK_PROBE)
        served(watch, ask);
    return false;
}

/* The lines of its head that the launcher follows. */
static struct value *head_log(struct launcher *launcher, const struct ask *ask)
{
    struct launcher_line *lines = NULL;
    struct value *out = value_list(ask->arena);
    const char *tail = arena_printf(ask->arena, ".%lld.head", (long long)ask->attempt); /* no other has this attempt */
    size_t count = 0;
    const struct launcher_line_range range = { .instance_id = ask->instance_id, .limit = LAUNCHER_LOG_LINES };

    launcher_log_read(launcher, ask->arena, &range, &lines, &count);
    for (size_t i = 0; i < count; i++) {
        if (text_ends(lines[i].piece, tail))
            value_list_add(ask->arena, out, value_string(ask->arena, lines[i].text));
    }
    return out;
}

/* What it is missing, it is told to get. True: the ask goes on. */
static bool load_start(struct launcher *launcher, struct watch *watch, struct ask *ask)
{
    int64_t timeout_s = ask->job.workload.health.start_timeout_s;
    struct engine_request request = { .path = NULL };
    struct error err = ERROR_INIT;

    if (ask->job.engine->load != NULL && ask->body.data != NULL)
        request = ask->job.engine->load(ask->arena, &ask->job.job, ask->body.data);
    if (request.path == NULL)
        return false;
    ask->kind = ASK_LOAD;
    ask->body = text_new(ask->arena);
    if (ask_send(launcher, ask, &request, timeout_s > 0 ? timeout_s : 600, &err))
        return true;
    probe_said(watch, STEP_ASKED_SILENT, err.text);
    return false;
}

static void load_taken(struct watch *watch, struct ask *ask, const struct http_done *done)
{
    const char *said = done->is_ok ? chat_error(ask->arena, ask->body.data) : done->error->text;

    if (done->is_ok && done->response->status < 400) {
        watch->ask_at_ms = clock_monotonic_ms() + ask->job.engine->settles_ms;
        return;
    }
    probe_said(
        watch, STEP_ASKED_LOADS,
        arena_printf(ask->arena, "%s; it was refused: %s", watch->sentence, said == NULL ? "no word why" : said));
    watch->ask_at_ms = clock_monotonic_ms() + LOAD_AGAIN_MS;
}

/* True: the ask goes on. */
static bool look_taken(struct launcher *launcher, struct watch *watch, struct ask *ask, const struct http_done *done)
{
    const char *sentence = NULL;
    int status = done->is_ok ? done->response->status : 0;
    enum engine_answer answer = ask->job.engine->look_read(ask->arena, &ask->job.job, status, ask->body.data,
                                                           head_log(launcher, ask), &sentence);

    watch->has_looked = answer == ENGINE_SERVES;
    if (answer == ENGINE_SERVES && ask->job.engine->load != NULL)
        watch->ask_at_ms = clock_monotonic_ms(); /* a completion is asked for now */
    else if (answer == ENGINE_SERVES)
        served(watch, ask);
    else
        probe_said(watch, asked_of(answer), sentence);
    return answer == ENGINE_LOADS && load_start(launcher, watch, ask);
}

struct sample_work {
    struct store_workload_sample sample;
    struct arena *arena;
};

static bool sample_run(struct store_connection *writer, void *data, struct error *err)
{
    const struct sample_work *work = data;

    return store_workload_sample_add(writer, &work->sample, err);
}

static void sample_done(void *data, const struct error *err)
{
    struct sample_work *work = data;

    (void)err; /* one that is lost is in the next one's counters */
    arena_free(work->arena);
}

static void sample_write(struct launcher *launcher, const struct ask *ask, const struct engine_figures *figures)
{
    struct arena *arena = arena_new();
    struct sample_work *work = arena_new_of(arena, struct sample_work);
    const struct store_work write = { sample_run, sample_done, work };
    struct error ignored = ERROR_INIT;

    work->arena = arena;
    work->sample = (struct store_workload_sample){ .workload = arena_copy(arena, ask->job.workload.name),
                                                   .instance_id = ask->instance_id,
                                                   .attempt = ask->attempt,
                                                   .at_us = clock_wall_us(),
                                                   .tokens_in = figures->tokens_in,
                                                   .tokens_out = figures->tokens_out,
                                                   .seconds_in = figures->seconds_in,
                                                   .seconds_out = figures->seconds_out,
                                                   .running = figures->requests_running,
                                                   .waiting = figures->requests_waiting,
                                                   .slots = figures->slots };
    if (!store_write(launcher->options.store, &write, &ignored))
        arena_free(arena);
}

/* A probe's one token takes no time worth a rate. */
static double rate_of(double tokens, double before, double seconds, double seconds_before, double last)
{
    if (isnan(tokens) || isnan(before) || tokens <= before)
        return last;
    return seconds - seconds_before >= LIMIT_RATE_SECONDS ? (tokens - before) / (seconds - seconds_before) : last;
}

static void metrics_taken(struct launcher *launcher, struct watch *watch, struct ask *ask, const struct http_done *done)
{
    struct launcher_figures *kept = &watch->figures;
    struct engine_figures figures;

    if (!done->is_ok || done->response->status != 200 || ask->body.data == NULL ||
        !ask->job.engine->metrics_read(ask->arena, ask->body.data, &figures))
        return;
    pthread_mutex_lock(&launcher->mutex);
    if (kept->at_us == 0 || kept->attempt != ask->attempt) {
        kept->figures = (struct engine_figures){ .tokens_in = 0 };
        kept->prefill_per_s = kept->decode_per_s = (double)NAN;
    }
    kept->prefill_per_s = rate_of(figures.tokens_in, kept->figures.tokens_in, figures.seconds_in,
                                  kept->figures.seconds_in, kept->prefill_per_s);
    kept->decode_per_s = rate_of(figures.tokens_out, kept->figures.tokens_out, figures.seconds_out,
                                 kept->figures.seconds_out, kept->decode_per_s);
    kept->figures = figures;
    kept->attempt = ask->attempt;
    kept->at_us = clock_wall_us();
    pthread_mutex_unlock(&launcher->mutex);
    sample_write(launcher, ask, &figures);
}

static void done_take(struct launcher *launcher, const struct http_done *done)
{
    struct ask *ask = done->data;
    struct watch *watch = launcher->watches;
    bool goes_on = false;

    while (watch != NULL && watch->probing != ask && watch->measuring != ask)
        watch = watch->next;
    if (watch != NULL && watch->attempt == ask->attempt) {
        if (ask->kind == ASK_PROBE)
            goes_on = probe_taken(launcher, watch, ask, done);
        else if (ask->kind == ASK_LOOK)
            goes_on = look_taken(launcher, watch, ask, done);
        else if (ask->kind == ASK_LOAD)
            load_taken(watch, ask, done);
        else
            metrics_taken(launcher, watch, ask, done);
    }
    if (goes_on)
        return;
    if (watch != NULL && watch->probing == ask)
        watch->probing = NULL;
    if (watch != NULL && watch->measuring == ask)
        watch->measuring = NULL;
    ask_free(ask);
}

void asks_take(struct launcher *launcher)
{
    struct http_done done;

    while (launcher->group != NULL && http_group_next(launcher->group, &done))
        done_take(launcher, &done);
}

void asks_free(struct launcher *launcher)
{
    for (struct watch *watch = launcher->watches; watch != NULL; watch = watch->next) {
        if (watch->probing != NULL)
            ask_free(watch->probing);
        if (watch->measuring != NULL)
            ask_free(watch->measuring);
        watch->probing = watch->measuring = NULL;
    }
}

void launcher_passes(struct launcher *launcher, int64_t instance_id)
{
    if (launcher == NULL)
        return;
    pthread_mutex_lock(&launcher->mutex);
    for (struct watch *watch = launcher->watches; watch != NULL; watch = watch->next) {
        if (watch->id == instance_id)
            watch->passed_ms = clock_monotonic_ms();
    }
    pthread_mutex_unlock(&launcher->mutex);
}

bool launcher_figures(struct launcher *launcher, int64_t instance_id, struct launcher_figures *out)
{
    bool found = false;

    if (launcher == NULL)
        return false;
    pthread_mutex_lock(&launcher->mutex);
    for (const struct watch *watch = launcher->watches; watch != NULL && !found; watch = watch->next) {
        found = watch->id == instance_id && (watch->figures.at_us != 0 || watch->figures.served_us != 0);
        if (found)
            *out = watch->figures;
    }
    pthread_mutex_unlock(&launcher->mutex);
    return found;
}
