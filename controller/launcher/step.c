/* SPDX-License-Identifier: Apache-2.0 */
/* The rules by which an instance goes from state to state. */
#include "controller/launcher/step.h"

#include <string.h>

#include "common/base/text.h"

#define SECOND_US ((int64_t)1000000)
#define PAUSE_MAX_S 60
#define STEADY_US (5 * SECOND_US) /* what served so long starts again without a pause */
#define BAD_PROBES 2              /* in a row, then it is started again */
#define HOPE_US (5 * SECOND_US)   /* a node may just be about to tell what it has */

struct step {
    struct arena *arena;
    const struct step_instance *in;
    struct step_decision *out;
};

static const char *const state_names[] = { "pending",  "placing", "downloading", "starting", "loading", "serving",
                                           "degraded", "failed",  "stopped",     "running",  "done" };
static const char *const told_names[] = { "", "starting", "running", "ended", "failed", "refused", "stopping", "gone" };

const char *step_state_name(enum step_state state)
{
    return state_names[state];
}

enum step_state step_state_of(const char *name)
{
    for (size_t i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++) {
        if (text_equal(name, state_names[i]))
            return (enum step_state)i;
    }
    return STEP_PENDING;
}

enum step_told step_told_of(const char *name)
{
    for (size_t i = 1; i < sizeof(told_names) / sizeof(told_names[0]); i++) {
        if (text_equal(name, told_names[i]))
            return (enum step_told)i;
    }
    return STEP_TOLD_NOTHING;
}

int64_t step_pause_us(int64_t failures)
{
    int64_t seconds = failures > 6 ? PAUSE_MAX_S : failures < 1 ? 0 : (int64_t)1 << (failures - 1);

    return (seconds > PAUSE_MAX_S ? PAUSE_MAX_S : seconds) * SECOND_US;
}

/* --- pieces --- */

static bool is_live(const struct step *step, size_t i)
{
    return step->in->pieces[i].is_wanted && step->in->pieces[i].attempt == step->in->attempt;
}

static size_t live_count(const struct step *step)
{
    size_t count = 0;

    for (size_t i = 0; i < step->in->pieces_count; i++)
        count += is_live(step, i) ? 1 : 0;
    return count;
}

/* One that may still run and must not beside a new start: any with `wait`, else heads. NULL: none. */
static const struct step_piece *lingering(const struct step *step)
{
    bool waits = step->in->workload == NULL || step->in->workload->on_node_loss == WORKLOAD_LOSS_WAIT;

    for (size_t i = 0; i < step->in->pieces_count; i++) {
        const struct step_piece *piece = &step->in->pieces[i];

        if (!is_live(step, i) && !piece->is_ended && piece->told != STEP_TOLD_GONE && (waits || piece->is_head))
            return piece;
    }
    return NULL;
}

static bool was_serving(const struct step *step)
{
    return step->in->state == STEP_SERVING || step->in->state == STEP_DEGRADED;
}

static void say(struct step *step, enum step_state state, const char *sentence)
{
    step->out->state = state;
    step->out->sentence = sentence;
}

/* --- failing --- */

static void take_away(struct step *step, enum step_state state, const char *sentence)
{
    step->out->actions |= STEP_TAKE_AWAY;
    say(step, state, sentence);
}

/* A start that failed, or something that served and does no more. */
static void fail(struct step *step, const char *sentence)
{
    const struct step_instance *in = step->in;
    int64_t most = in->workload->give_up_after;

    if (was_serving(step)) {
        step->out->failures = 0;
        step->out->next_us = in->now_us - in->since_us > STEADY_US ? in->now_us : in->now_us + step_pause_us(1);
        take_away(step, STEP_DEGRADED, arena_printf(step->arena, "%s; it starts again", sentence));
        step->out->event = in->state == STEP_SERVING ? "workload.degraded" : NULL;
        return;
    }
    step->out->failures = in->failures + 1;
    step->out->next_us = in->now_us + step_pause_us(step->out->failures);
    if (most > 0 && step->out->failures >= most) {
        take_away(step, STEP_FAILED,
                  arena_printf(step->arena, "%s; given up after %lld failed starts", sentence,
                               (long long)step->out->failures));
        step->out->event = "workload.failed";
        return;
    }
    take_away(step, STEP_PENDING,
              arena_printf(step->arena, "%s; start %lld failed, the next one in %lld s", sentence,
                           (long long)step->out->failures,
                           (long long)(step_pause_us(step->out->failures) / SECOND_US)));
}

static bool is_bad(const struct step_piece *piece)
{
    return piece->told == STEP_TOLD_FAILED || piece->told == STEP_TOLD_REFUSED || piece->told == STEP_TOLD_GONE ||
           (piece->told == STEP_TOLD_ENDED && !piece->is_job);
}

static const char *part_of(const struct step_piece *piece)
{
    return piece->is_job ? "job" : piece->is_head ? "head" : "worker";
}

/* The first to fail is the cause: a head aborts when its worker dies, so workers go first. True: it is decided. */
static bool look_for_bad(struct step *step)
{
    const struct step_piece *bad = NULL;

    for (size_t i = 0; i < step->in->pieces_count; i++) {
        const struct step_piece *piece = &step->in->pieces[i];

        if (!is_live(step, i) || !is_bad(piece) || (bad != NULL && !bad->is_head))
            continue;
        bad = piece;
        step->out->culprit = i;
    }
    if (bad == NULL)
        return false;
    step->out->actions |= STEP_KEEP_LOG;
    fail(step, arena_printf(step->arena, "the %s on %s %s%s%s", part_of(bad), bad->node,
                            bad->told == STEP_TOLD_REFUSED ? "was refused" : "has ended",
                            bad->sentence != NULL ? ": " : "", bad->sentence != NULL ? bad->sentence : ""));
    return true;
}

/* --- nodes that are silent --- */

static const struct step_piece *silent_piece(const struct step *step)
{
    for (size_t i = 0; i < step->in->pieces_count; i++) {
        if (is_live(step, i) && step->in->pieces[i].is_due &&
            (step->in->pieces[i].is_silent || step->in->pieces[i].is_ended || step->in->pieces[i].is_past))
            return &step->in->pieces[i];
    }
    return NULL;
}

/* True: it is decided. A head that answers serves, whoever is silent, until leases are over. */
static bool look_for_silence(struct step *step)
{
    const struct step_piece *piece = silent_piece(step);
    const struct step_instance *in = step->in;

    if (piece == NULL)
        return false;
    if (piece->is_ended || piece->is_past) {
        step->out->event = in->state == STEP_SERVING ? "workload.degraded" : NULL;
        step->out->next_us = in->now_us;
        take_away(step, was_serving(step) ? STEP_DEGRADED : STEP_PENDING,
                  arena_printf(step->arena,
                               piece->is_past ? "node %s has enrolled anew: it starts again"
                                              : "node %s is not heard any more: it moves",
                               piece->node));
        return true;
    }
    if (in->asked == STEP_ASKED_SERVES && in->asked_bad == 0 && was_serving(step))
        return false;
    step->out->event = in->state == STEP_SERVING ? "workload.degraded" : NULL;
    say(step, was_serving(step) ? STEP_DEGRADED : in->state,
        arena_printf(step->arena, "waits for node %s, which is not heard", piece->node));
    step->out->actions |= STEP_ASK;
    return true;
}

/* --- starting --- */

/* Services that stand in a row start together; a job, and the last piece, when all before are ready. */
static void look_for_due(struct step *step)
{
    const struct step_instance *in = step->in;
    bool is_ready = true;
    size_t last = in->pieces_count;

    for (size_t i = 0; i < in->pieces_count; i++) {
        if (is_live(step, i))
            last = i;
    }
    for (size_t i = 0; i < in->pieces_count && step->out->due_count < STEP_DUE_MAX; i++) {
        const struct step_piece *piece = &in->pieces[i];

        if (!is_live(step, i))
            continue;
        if (!piece->is_due && (is_ready || (!piece->is_job && i != last)))
            step->out->due[step->out->due_count++] = i;
        is_ready = is_ready && piece->told == (piece->is_job ? STEP_TOLD_ENDED : STEP_TOLD_RUNNING);
    }
    if (step->out->due_count > 0)
        step->out->actions |= STEP_DUE;
}

static const struct step_piece *head_of(const struct step *step)
{
    const struct step_piece *head = NULL;

    for (size_t i = 0; i < step->in->pieces_count; i++) {
        if (is_live(step, i))
            head = &step->in->pieces[i];
    }
    return head;
}

static const struct step_piece *unready(const struct step *step)
{
    for (size_t i = 0; i < step->in->pieces_count; i++) {
        const struct step_piece *piece = &step->in->pieces[i];

        if (is_live(step, i) && piece->is_due && piece->told != (piece->is_job ? STEP_TOLD_ENDED : STEP_TOLD_RUNNING))
            return piece;
    }
    return NULL;
}

static bool is_late(const struct step *step)
{
    int64_t limit = step->in->workload->health.start_timeout_s;

    return limit > 0 && step->in->now_us - step->in->began_us > limit * SECOND_US;
}

static void starting(struct step *step)
{
    const struct step_piece *piece = unready(step);
    const char *what = piece == NULL ? NULL
                       : piece->told == STEP_TOLD_NOTHING
                           ? arena_printf(step->arena, "node %s is told to start its %s", piece->node, part_of(piece))
                           : arena_printf(step->arena, "the %s on %s starts", part_of(piece), piece->node);

    if (is_late(step)) {
        fail(step, arena_printf(step->arena, "it did not start within %lld s%s%s",
                                (long long)step->in->workload->health.start_timeout_s, what != NULL ? ": " : "",
                                what != NULL ? what : ""));
        return;
    }
    say(step, STEP_STARTING, what != NULL ? what : "its pieces start");
}

/* --- serving --- */

static void answered(struct step *step)
{
    const struct step_instance *in = step->in;
    const struct step_piece *head = head_of(step);

    step->out->failures = 0;
    if (in->state != STEP_SERVING)
        step->out->event = "workload.serving";
    say(step, STEP_SERVING, arena_printf(step->arena, "serves on %s", head == NULL ? "no node" : head->node));
    if (in->leaves != NULL && in->has_successor)
        step->out->sentence = arena_printf(step->arena, "%s; node %s is drained: another one starts first",
                                           step->out->sentence, in->leaves);
}

static void unanswered(struct step *step)
{
    const struct step_instance *in = step->in;
    const char *why = in->asked_sentence != NULL ? in->asked_sentence : "it does not answer";

    if (was_serving(step) && in->asked_bad >= BAD_PROBES) {
        fail(step, why);
        return;
    }
    if (was_serving(step)) {
        step->out->event = in->state == STEP_SERVING ? "workload.degraded" : NULL;
        say(step, STEP_DEGRADED, why);
        return;
    }
    if (is_late(step))
        fail(step, arena_printf(step->arena, "it did not serve within %lld s: %s",
                                (long long)in->workload->health.start_timeout_s, why));
    else
        say(step, STEP_LOADING, why);
}

static void serving(struct step *step)
{
    step->out->actions |= STEP_ASK;
    switch (step->in->asked) {
    case STEP_ASKED_SERVES:
        answered(step);
        return;
    case STEP_ASKED_WRONG:
        fail(step, step->in->asked_sentence);
        return;
    case STEP_ASKED_LOADS:
    case STEP_ASKED_SILENT:
        unanswered(step);
        return;
    case STEP_ASKED_NOTHING:
        if (was_serving(step))
            return; /* the launcher has just started */
        say(step, STEP_LOADING, "its head runs, the model loads");
        return;
    }
}

/* --- batch --- */

static void working(struct step *step, const struct step_piece *last)
{
    size_t jobs = 0, ended = 0;

    for (size_t i = 0; i < step->in->pieces_count; i++) {
        if (is_live(step, i) && step->in->pieces[i].is_job) {
            jobs++;
            ended += step->in->pieces[i].told == STEP_TOLD_ENDED ? 1 : 0;
        }
    }
    if (last->is_job ? last->told == STEP_TOLD_ENDED : jobs > 0 && jobs == ended) {
        step->out->actions |= STEP_RESULT;
        take_away(step, STEP_DONE, "done");
        return;
    }
    say(step, STEP_RUNNING,
        jobs > 1 ? arena_printf(step->arena, "job %zu of %zu runs", ended + 1 > jobs ? jobs : ended + 1, jobs)
                 : arena_printf(step->arena, "runs on %s", last->node));
}

/* A batch workload is not started again: what it did is done. */
static bool look_for_bad_job(struct step *step)
{
    if (!look_for_bad(step))
        return false;
    step->out->state = STEP_FAILED;
    step->out->event = "workload.failed";
    step->out->sentence = arena_printf(
        step->arena, "the %s on %s failed%s%s", part_of(&step->in->pieces[step->out->culprit]),
        step->in->pieces[step->out->culprit].node, step->in->pieces[step->out->culprit].sentence != NULL ? ": " : "",
        step->in->pieces[step->out->culprit].sentence != NULL ? step->in->pieces[step->out->culprit].sentence : "");
    return true;
}

/* --- with pieces, without --- */

static void with_pieces(struct step *step)
{
    const struct step_piece *head = head_of(step);
    bool is_batch = step->in->workload->kind == WORKLOAD_BATCH;

    if (is_batch ? look_for_bad_job(step) : look_for_bad(step))
        return;
    if (look_for_silence(step))
        return;
    look_for_due(step);
    if (is_batch && (head->is_due || step->out->due_count == 0)) {
        working(step, head);
        return;
    }
    if (head->is_due && head->told == STEP_TOLD_RUNNING)
        serving(step);
    else if (!was_serving(step))
        starting(step);
    else if (is_late(step) && step->in->now_us - step->in->since_us > STEADY_US)
        fail(step, "its head does not run");
}

static void place(struct step *step)
{
    const struct step_instance *in = step->in;
    const char *told = in->models_sentence != NULL ? in->models_sentence : "its models are fetched";

    switch (in->models) {
    case STEP_MODELS_READY:
        if (in->state == STEP_DOWNLOADING && !in->is_planned_now) { /* others may have taken the room meanwhile */
            step->out->actions |= STEP_PLAN;
            say(step, STEP_DOWNLOADING, "its models are there, and its place is looked at once more");
            return;
        }
        step->out->actions |= STEP_PLACE;
        say(step, STEP_STARTING, "its pieces are told to their nodes");
        return;
    case STEP_MODELS_COMING:
        say(step, STEP_DOWNLOADING, told);
        return;
    case STEP_MODELS_ABSENT:
        step->out->actions |= STEP_FETCH;
        say(step, STEP_DOWNLOADING, told);
        return;
    case STEP_MODELS_FAILED:
        fail(step, told);
        return;
    }
}

static void without_pieces(struct step *step)
{
    const struct step_instance *in = step->in;
    const struct step_piece *old = lingering(step);

    if (in->state == STEP_FAILED || in->state == STEP_DONE)
        return;
    if (old != NULL) {
        if (!was_serving(step))
            say(step, STEP_PENDING,
                arena_printf(step->arena, "waits until its %s on %s has ended%s", part_of(old), old->node,
                             old->is_silent ? "; the node is not heard" : ""));
        return;
    }
    if (in->now_us < in->next_us)
        return;
    if (in->is_planned && in->plan_lost == NULL) {
        place(step);
        return;
    }
    if (in->hopeless != NULL && in->workload->kind == WORKLOAD_BATCH && in->now_us - in->since_us >= HOPE_US) {
        step->out->event = "workload.failed"; /* somebody waits for its end; what serves waits for its model */
        say(step, STEP_FAILED, in->hopeless);
        return;
    }
    step->out->actions |= STEP_PLAN;
    if (in->state != STEP_PLACING && !was_serving(step))
        say(step, STEP_PLACING, "a place is looked for");
}

static const struct step_piece *unended(const struct step *step)
{
    for (size_t i = 0; i < step->in->pieces_count; i++) {
        if (!step->in->pieces[i].is_ended && step->in->pieces[i].told != STEP_TOLD_GONE)
            return &step->in->pieces[i];
    }
    return NULL;
}

/* What it works on it may end: nothing new comes to it. */
static bool may_finish(const struct step *step)
{
    const struct step_piece *head = head_of(step);

    return step->in->finishes && head != NULL && head->told == STEP_TOLD_RUNNING;
}

/* A drained node, and nobody who could begin before it ends. */
static void move(struct step *step)
{
    const struct step_instance *in = step->in;

    take_away(step, STEP_PENDING,
              in->no_successor == NULL
                  ? arena_printf(step->arena, "node %s is drained: it moves", in->leaves)
                  : arena_printf(step->arena,
                                 "node %s is drained, and no other one can start before it ends (%s): it moves",
                                 in->leaves, in->no_successor));
}

/* Not to run, or not like this. */
static void leave(struct step *step, const char *why)
{
    const struct step_instance *in = step->in;
    const struct step_piece *old = NULL;

    if (may_finish(step)) {
        step->out->actions |= STEP_MEASURE;
        say(step, in->state, "another one serves in its place: it finishes what it has begun");
        return;
    }
    if (live_count(step) > 0) {
        take_away(step, STEP_PENDING, why);
        return;
    }
    old = unended(step);
    if (old != NULL) {
        say(step, STEP_PENDING,
            arena_printf(step->arena, "ends on %s%s", old->node, old->is_silent ? ", which is not heard" : ""));
        return;
    }
    if (in->is_planned)
        step->out->actions |= STEP_TAKE_AWAY;
    if (in->state != STEP_STOPPED)
        step->out->event = "workload.stopped";
    say(step, STEP_STOPPED, "stopped");
    step->out->is_over = in->pieces_count == 0;
}

void step_instance(struct arena *arena, const struct step_instance *in, struct step_decision *out)
{
    struct step step = { arena, in, out };

    *out = (struct step_decision){
        .state = in->state, .sentence = in->sentence, .failures = in->failures, .next_us = in->next_us
    };
    if (!in->is_wanted && in->state == STEP_DONE && in->pieces_count == 0)
        out->is_over = true;
    else if (!in->is_wanted)
        leave(&step, "it is being stopped");
    else if (in->workload == NULL)
        return;
    else if (in->state == STEP_STOPPED)
        say(&step, STEP_PENDING, "it is to start");
    else if (live_count(&step) > 0 && !in->is_current)
        take_away(&step, STEP_PENDING, "its declaration has changed: it starts anew");
    else if (live_count(&step) > 0 && in->leaves != NULL && in->workload->kind == WORKLOAD_INFERENCE &&
             !in->has_successor)
        move(&step);
    else if (live_count(&step) > 0)
        with_pieces(&step);
    else
        without_pieces(&step);
    if (in->is_beside)
        out->event = NULL;
}
