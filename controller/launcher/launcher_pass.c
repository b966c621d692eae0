/* SPDX-License-Identifier: Apache-2.0 */
/* One look at everything: read, decide, write, ask. */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/launcher/launcher_internal.h"
#include "controller/store/store_writer.h"

#define BUSY_MS 250
#define IDLE_MS 5000

/* --- instances that are to be there --- */

struct missing {
    struct store_instance *rows;
    size_t count;
};

static bool missing_add(struct store_connection *writer, void *data, struct error *err)
{
    const struct missing *missing = data;
    int64_t id = 0;

    for (size_t i = 0; i < missing->count; i++) {
        if (!store_instance_add(writer, &missing->rows[i], &id, err))
            return false;
    }
    return true;
}

static bool has_instance(const struct view *view, int64_t workload_id, int64_t replica)
{
    for (size_t i = 0; i < view->instances_count; i++) {
        if (view->instances[i].workload_id == workload_id && view->instances[i].replica == replica)
            return true;
    }
    return false;
}

/* *made_out: there are new ones, so all is read again. */
static bool instances_make(struct launcher *launcher, bool *made_out, struct error *err)
{
    struct missing missing = { .count = 0 };
    const struct view *view = &launcher->view;
    struct arena *arena = launcher->pass;

    for (size_t i = 0; i < view->workloads_count; i++) {
        const struct store_workload *row = &view->workloads[i];
        const struct declared *declared = declared_of(launcher, row);

        for (int64_t replica = 0; row->is_wanted && declared->is_readable && replica < declared->workload.replicas;
             replica++) {
            if (has_instance(view, row->id, replica))
                continue;
            missing.rows = arena_grow(arena, missing.rows, missing.count * sizeof(*missing.rows),
                                      (missing.count + 1) * sizeof(*missing.rows));
            missing.rows[missing.count++] = (struct store_instance){ .workload_id = row->id,
                                                                     .replica = replica,
                                                                     .version = row->version,
                                                                     .state = step_state_name(STEP_PENDING),
                                                                     .sentence = "it is to start",
                                                                     .since_us = clock_wall_us() };
        }
    }
    *made_out = missing.count > 0;
    return missing.count == 0 || store_write_wait(launcher->options.store, missing_add, &missing, err);
}

/* --- what is decided by --- */

static const char *told_sentence(struct arena *arena, const struct store_piece *piece)
{
    const struct value *told = NULL;
    const char *text = piece->told == NULL ? NULL : arena_copy(arena, piece->told);
    struct error ignored = ERROR_INIT;

    if (text == NULL || !json_read(arena, text, strlen(text), NULL, &told, &ignored))
        return NULL;
    return value_map_text(told, "sentence");
}

static void piece_view(struct launcher *launcher, const struct store_piece *row, struct step_piece *out)
{
    const struct view_node *node = view_node_find(launcher, row->node_id);
    bool has_lease = strstr(row->body, "\"lease\":true") != NULL;
    enum step_told told = step_told_of(row->state);

    *out = (struct step_piece){
        .name = row->name,
        .node = row->node,
        .attempt = row->attempt,
        .is_head = text_equal(row->role, "head"),
        .is_job = strstr(row->body, "\"kind\":\"job\"") != NULL,
        .is_due = row->is_due,
        .is_wanted = row->is_wanted,
        .is_silent = node == NULL || node->silent_ms >= (has_lease ? node->gone_ms : LAUNCHER_SILENT_MS),
        .told = told,
    };
    /* the agent of a node that was revoked ends all; one that has enrolled anew may still run what ran before, until it told */
    out->is_past = node != NULL && node->generation != row->generation;
    out->is_ended = node == NULL || (!node->is_active && node->silent_ms >= LAUNCHER_SILENT_MS) ||
                    (has_lease && node->silent_ms >= node->gone_ms);
    if (told == STEP_TOLD_FAILED || told == STEP_TOLD_REFUSED || told == STEP_TOLD_ENDED || told == STEP_TOLD_GONE)
        out->sentence = told_sentence(launcher->pass, row);
}

static bool has_instance_of(const struct view *view, int64_t id)
{
    for (size_t i = 0; i < view->instances_count; i++) {
        if (view->instances[i].id == id)
            return true;
    }
    return false;
}

/* Of a workload of the same name that was forgotten: it may still run. */
static bool is_leftover(const struct view *view, const struct store_piece *piece, const char *workload)
{
    size_t length = strlen(workload);

    return strncmp(piece->name, workload, length) == 0 && piece->name[length] == '.' &&
           !has_instance_of(view, piece->instance_id);
}

static bool is_of(const struct view *view, const struct store_piece *piece, const struct turn *turn)
{
    return piece->instance_id == turn->row.id || is_leftover(view, piece, turn->row.workload);
}

static void turn_pieces(struct launcher *launcher, struct turn *turn)
{
    const struct view *view = &launcher->view;
    size_t count = 0, at = 0;

    for (size_t i = 0; i < view->pieces_count; i++)
        count += is_of(view, &view->pieces[i], turn) ? 1 : 0;
    turn->pieces = arena_new_array(launcher->pass, struct step_piece, count + 1);
    turn->rows = arena_new_array(launcher->pass, const struct store_piece *, count + 1);
    for (size_t i = 0; i < view->pieces_count; i++) {
        if (!is_of(view, &view->pieces[i], turn))
            continue;
        turn->rows[at] = &view->pieces[i];
        piece_view(launcher, &view->pieces[i], &turn->pieces[at]);
        if (view->pieces[i].instance_id != turn->row.id) {
            turn->pieces[at].is_wanted = false;
            turn->pieces[at].attempt = -1;
        }
        at++;
    }
    turn->in.pieces = turn->pieces;
    turn->in.pieces_count = count;
}

static bool turn_is_live(const struct turn *turn)
{
    for (size_t i = 0; i < turn->in.pieces_count; i++) {
        if (turn->pieces[i].is_wanted && turn->pieces[i].attempt == turn->row.attempt)
            return true;
    }
    return false;
}

static void watch_begin(struct turn *turn)
{
    struct watch *watch = turn->watch;

    watch->is_seen = true;
    if (watch->attempt == turn->row.attempt)
        return;
    watch->attempt = turn->row.attempt;
    watch->has_served = false;
    /* what has served in this attempt was looked at: lines of its log are not to be had twice */
    watch->has_looked = turn->row.began_us > 0 && turn->row.served_us > turn->row.began_us;
    watch->asked = STEP_ASKED_NOTHING;
    watch->sentence[0] = '\0';
    watch->bad = watch->still = 0;
    watch->asks = 0;
    watch->ask_at_ms = watch->measure_at_ms = 0;
    watch->learn_at_ms = 0;
}

/* A declaration that has changed counts for what does not run from now on. */
static void turn_renew(struct turn *turn)
{
    enum step_state state = step_state_of(turn->row.state);

    if (turn->workload == NULL || turn->row.version == turn->workload->version || turn_is_live(turn))
        return;
    turn->row.version = turn->workload->version;
    turn->row.failures = turn->row.next_us = 0;
    turn->row.plan = NULL;
    turn->has_changed = true;
    if (state == STEP_FAILED || state == STEP_DONE || state == STEP_DOWNLOADING) {
        turn->row.state = step_state_name(STEP_PENDING);
        turn->row.sentence = "it is to start";
        turn->row.since_us = clock_wall_us();
    }
}

static void turn_fill(struct launcher *launcher, struct turn *turn)
{
    const struct store_instance *row = &turn->row;
    struct step_instance *in = &turn->in;

    in->workload = turn->declared != NULL && turn->declared->is_readable ? &turn->declared->workload : NULL;
    in->is_wanted = turn->is_wanted;
    in->is_current = turn->workload != NULL && row->version == turn->workload->version;
    beside_fill(launcher, turn);
    in->state = step_state_of(row->state);
    in->sentence = row->sentence;
    in->attempt = row->attempt;
    in->failures = row->failures;
    in->since_us = row->since_us;
    in->next_us = row->next_us;
    in->began_us = row->began_us;
    in->served_us = row->served_us;
    in->is_planned = row->plan != NULL && in->state == STEP_DOWNLOADING;
    in->plan_lost = in->is_planned ? place_lost(launcher, turn) : NULL;
    in->asked = turn->watch->asked;
    in->asked_sentence = turn->watch->sentence[0] != '\0' ? turn->watch->sentence : NULL;
    in->asked_bad = turn->watch->bad;
    in->now_us = clock_wall_us();
}

static struct turn *turn_make(struct launcher *launcher, const struct store_instance *row)
{
    struct turn *turn = arena_new_of(launcher->pass, struct turn);

    *turn = (struct turn){ .row = *row, .workload = view_workload_find(launcher, row->workload_id) };
    turn->declared = turn->workload == NULL ? NULL : declared_of(launcher, turn->workload);
    turn->is_wanted =
        turn->workload != NULL && turn->workload->is_wanted &&
        (!turn->declared->is_readable ||
         (beside_is(row) ? beside_is_wanted(launcher, row) : row->replica < turn->declared->workload.replicas));
    turn->watch = watch_of(launcher, row->id);
    turn_pieces(launcher, turn);
    turn_renew(turn);
    watch_begin(turn);
    turn_fill(launcher, turn);
    if (turn->in.is_planned && turn->in.plan_lost == NULL)
        place_models(launcher, turn);
    return turn;
}

static void decide(struct launcher *launcher, struct turn *turn)
{
    step_instance(launcher->pass, &turn->in, &turn->decision);
}

/* --- the pass --- */

static void turns_make(struct launcher *launcher)
{
    struct turn **end = &launcher->turns;

    launcher->turns = NULL;
    for (size_t i = 0; i < launcher->view.instances_count; i++) {
        struct turn *turn = turn_make(launcher, &launcher->view.instances[i]);

        decide(launcher, turn);
        *end = turn;
        end = &turn->next;
    }
}

/* Those that have a place now go on in the same pass. */
static void turns_place(struct launcher *launcher)
{
    place_plan(launcher);
    for (struct turn *turn = launcher->turns; turn != NULL; turn = turn->next) {
        struct error err = ERROR_INIT;

        if ((turn->decision.actions & STEP_PLAN) != 0 && turn->in.is_planned && turn->in.plan_lost == NULL) {
            place_models(launcher, turn);
            decide(launcher, turn);
        }
        if ((turn->decision.actions & STEP_PLACE) == 0 || place_pieces(launcher, turn, &err))
            continue;
        turn->decision.actions &= ~(unsigned)STEP_PLACE;
        turn->decision.state = STEP_PENDING;
        turn->decision.failures = turn->in.failures + 1;
        turn->decision.next_us = turn->in.now_us + step_pause_us(turn->decision.failures);
        turn->decision.sentence = arena_copy(launcher->pass, err.text);
    }
}

static bool is_at_rest(enum step_state state)
{
    return state == STEP_SERVING || state == STEP_STOPPED || state == STEP_FAILED || state == STEP_DONE ||
           state == STEP_RUNNING;
}

static void busy_look(struct launcher *launcher)
{
    launcher->is_busy = false;
    for (const struct turn *turn = launcher->turns; turn != NULL; turn = turn->next)
        launcher->is_busy = launcher->is_busy || turn->in.finishes || !is_at_rest(turn->decision.state) ||
                            (turn->decision.state == STEP_STOPPED && turn->in.pieces_count > 0);
}

static bool everything_read(struct launcher *launcher, struct error *err)
{
    bool made = false, changed = false, leased = false;

    return view_read(launcher, err) && leases_make(launcher, &leased, err) && instances_make(launcher, &made, err) &&
           beside_make(launcher, &changed, err) && ((!made && !changed && !leased) || view_read(launcher, err));
}

void pass_run(struct launcher *launcher)
{
    struct error err = ERROR_INIT;

    arena_reset(launcher->pass);
    facts_cache_tidy(launcher->facts);
    launcher->turns = NULL;
    pthread_mutex_lock(&launcher->mutex);
    launcher->read_count = launcher->declared_count;
    pthread_mutex_unlock(&launcher->mutex);
    launcher->failed = !everything_read(launcher, &err);
    if (launcher->failed)
        return; /* the store's own trouble: tried again */
    for (struct watch *watch = launcher->watches; watch != NULL; watch = watch->next)
        watch->is_seen = false;
    turns_make(launcher);
    turns_place(launcher);
    changes_write(launcher);
    changes_learn(launcher);
    busy_look(launcher);
    routes_make(launcher);
    asks_start(launcher);
    view_tidy(launcher);
}

int pass_wait_ms(const struct launcher *launcher)
{
    int64_t now_ms = clock_monotonic_ms(), due_ms = asks_due_ms(launcher);
    int64_t wait_ms = launcher->is_busy ? BUSY_MS : launcher->failed ? 1000 : IDLE_MS;

    if (due_ms - now_ms < wait_ms)
        wait_ms = due_ms > now_ms ? due_ms - now_ms : 0;
    return (int)wait_ms;
}
