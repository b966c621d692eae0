/* SPDX-License-Identifier: Apache-2.0 */
/* What a pass has decided, written in one work; then those are told who wait for it. */
#include <math.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/engines/batch_output.h"
#include "controller/launcher/launcher_internal.h"
#include "controller/launcher/launcher_models.h"
#include "controller/launcher/launcher_peak.h"
#include "controller/store/store_event.h"
#include "controller/store/store_shape.h"
#include "controller/store/store_writer.h"

#define TOUCHED_MAX 1024
#define MODELS_MS 1000
#define YOUNG_MS 30000
#define LEARN_MS 30000
#define SAID_MOST 160

struct changes {
    struct launcher *launcher;
    struct arena *arena; /* of this run of the work */
    struct store_connection *writer;
    int64_t now_us;
    bool steps_models, tidies;
    int64_t touched[TOUCHED_MAX]; /* nodes */
    size_t touched_count;
};

static void touch(struct changes *changes, int64_t node_id)
{
    for (size_t i = 0; i < changes->touched_count; i++) {
        if (changes->touched[i] == node_id)
            return;
    }
    if (node_id != 0 && changes->touched_count < TOUCHED_MAX)
        changes->touched[changes->touched_count++] = node_id;
}

static void touch_all(struct changes *changes, const int64_t *nodes)
{
    for (; nodes != NULL && *nodes != 0; nodes++)
        touch(changes, *nodes);
}

/* --- a turn's row --- */

static const struct value *told_of(struct arena *arena, const struct store_piece *piece)
{
    const struct value *told = NULL;
    const char *text = piece->told == NULL ? NULL : arena_copy(arena, piece->told);
    struct error ignored = ERROR_INIT;

    return text != NULL && json_read(arena, text, strlen(text), NULL, &told, &ignored) ? told : NULL;
}

static void output_put(struct launcher *launcher, const struct store_piece *row, struct value *out)
{
    const struct value *output = NULL;
    const char *text = NULL;
    struct error ignored = ERROR_INIT;

    if (store_piece_output(launcher->reader, launcher->pass, row->node_id, row->name, &text, &ignored) &&
        text != NULL && json_read(launcher->pass, text, strlen(text), NULL, &output, &ignored))
        value_map_put(launcher->pass, out, "output", output);
}

static struct value *outputs_of(struct launcher *launcher, const struct turn *turn)
{
    struct arena *arena = launcher->pass;
    struct value *list = value_list(arena);

    for (size_t i = 0; i < turn->in.pieces_count; i++) {
        const struct value *told = told_of(arena, turn->rows[i]);
        struct value *item = value_map(arena);

        if (!turn->pieces[i].is_job || turn->pieces[i].attempt != turn->row.attempt)
            continue;
        value_map_put_string(arena, item, "name", turn->pieces[i].name);
        value_map_put_string(arena, item, "node", turn->pieces[i].node);
        value_map_put_string(arena, item, "role", turn->rows[i]->role);
        if (value_map_get(told, "exit_code") != NULL)
            value_map_put(arena, item, "exit_code", value_map_get(told, "exit_code"));
        output_put(launcher, turn->rows[i], item);
        value_list_add(arena, list, item);
    }
    return list;
}

/* Where it ran, which the row does not say any more when it is done. */
static void place_put(struct arena *arena, struct value *out, const struct plan_place *place)
{
    struct value *nodes = value_list(arena);

    for (size_t i = 0; i < place->parts_count; i++)
        value_list_add(arena, nodes, value_string(arena, place->parts[i].node->name));
    value_map_put(arena, out, "nodes", nodes);
    value_map_put_string(arena, out, "build", place->build);
}

static void take_result(struct launcher *launcher, struct turn *turn)
{
    struct value *figures = value_map(launcher->pass), *out = value_map(launcher->pass);
    struct value *outputs = outputs_of(launcher, turn);
    struct error err = ERROR_INIT;
    struct job job = { .engine = NULL };
    bool ok = job_make(launcher->pass, turn->workload->declaration, &turn->row, &job, &err) &&
              (job.engine->result == NULL || job.engine->result(launcher->pass, &job.job, outputs, figures, &err));

    if (job.place.parts_count > 0)
        place_put(launcher->pass, out, &job.place);
    value_map_put(launcher->pass, out, "figures", figures);
    value_map_put(launcher->pass, out, "outputs", outputs);
    turn->row.result = json_text(launcher->pass, out, JSON_COMPACT);
    turn->decision.event = ok ? "workload.done" : "workload.failed";
    if (!ok) {
        turn->decision.state = STEP_FAILED;
        turn->decision.sentence = arena_copy(launcher->pass, err.text);
    }
}

/* What it said last, or last of what names an error: after that many say only that they end. NULL: nothing. */
static const char *last_said(const struct value *log)
{
    const char *last = NULL;

    for (size_t i = value_count(log); i > 0; i--) {
        const char *line = value_text(value_item(log, i - 1));

        if (line != NULL && strstr(line, "error") != NULL)
            return line;
        if (last == NULL && line != NULL && batch_tells(line))
            last = line;
    }
    return last;
}

static void keep_log(struct launcher *launcher, struct turn *turn)
{
    const struct value *told = told_of(launcher->pass, turn->rows[turn->decision.culprit]);
    const struct value *log = value_map_get(told, "log");

    if (value_is(log, VALUE_LIST))
        turn->row.log = json_text(launcher->pass, log, JSON_COMPACT);
    if (turn->in.workload->kind == WORKLOAD_BATCH) { /* what a job wrote before it failed */
        struct value *out = value_map(launcher->pass);
        const char *said = last_said(log);

        if (said != NULL)
            turn->decision.sentence =
                arena_printf(launcher->pass, "%s: it said '%.*s'", turn->decision.sentence, SAID_MOST, said);

        value_map_put(launcher->pass, out, "outputs", outputs_of(launcher, turn));
        turn->row.result = json_text(launcher->pass, out, JSON_COMPACT);
    }
}

/* The decision into the row that will be written. */
static void turn_settle(struct launcher *launcher, struct turn *turn)
{
    struct step_decision *decision = &turn->decision;
    const struct watch *watch = turn->watch;

    if ((decision->actions & STEP_RESULT) != 0)
        take_result(launcher, turn);
    if ((decision->actions & STEP_KEEP_LOG) != 0)
        keep_log(launcher, turn);
    if (decision->state != turn->in.state)
        turn->row.since_us = turn->in.now_us;
    turn->has_changed = turn->has_changed || decision->state != turn->in.state ||
                        !text_equal(decision->sentence, turn->in.sentence) || decision->failures != turn->in.failures ||
                        decision->next_us != turn->in.next_us ||
                        (decision->actions & (STEP_TAKE_AWAY | STEP_PLACE | STEP_DUE | STEP_FETCH)) != 0 ||
                        (decision->is_over && !turn->is_wanted && decision->state == STEP_STOPPED);
    turn->row.state = step_state_name(decision->state);
    turn->row.sentence = decision->sentence == NULL ? "" : decision->sentence;
    turn->row.failures = decision->failures;
    turn->row.next_us = decision->next_us;
    if (watch->served_us > turn->row.served_us) {
        turn->row.served_us = watch->served_us;
        turn->row.probe_ms = watch->probe_ms;
    }
    if (decision->state == STEP_SERVING && turn->in.state != STEP_SERVING && turn->in.state != STEP_DEGRADED)
        turn->row.load_s = (double)(turn->in.now_us - turn->row.began_us) / 1e6;
    if (decision->state == STEP_STOPPED || decision->state == STEP_FAILED || decision->state == STEP_DONE)
        turn->row.plan = NULL;
}

/* --- in the writer's thread --- */

static bool event_add(struct changes *changes, const struct turn *turn, struct error *err)
{
    struct value *body = value_map(changes->arena);
    struct store_event event = { .at_us = changes->now_us, .kind = turn->decision.event };

    if (turn->decision.event == NULL)
        return true;
    value_map_put_string(changes->arena, body, "workload", turn->row.workload);
    value_map_put_int(changes->arena, body, "replica", turn->row.replica);
    value_map_put_string(changes->arena, body, "state", turn->row.state);
    value_map_put_string(changes->arena, body, "sentence", turn->row.sentence);
    event.body = json_text(changes->arena, body, JSON_COMPACT);
    return store_event_add(changes->writer, &event, NULL, err);
}

/* What cannot be asked for counts as a failed start. */
static bool start_refused(struct changes *changes, struct turn *turn, const struct error *refused, struct error *err)
{
    bool is_set = false;

    turn->row.failures++;
    turn->row.next_us = changes->now_us + step_pause_us(turn->row.failures);
    turn->row.state = step_state_name(STEP_PENDING);
    turn->row.sentence = arena_copy(changes->launcher->pass, refused->text);
    return store_instance_set(changes->writer, &turn->row, &is_set, err);
}

static bool models_want(struct changes *changes, struct turn *turn, struct error *err)
{
    const struct value *models = turn->in.workload->models;

    for (size_t i = 0; i < value_count(models); i++) {
        const struct launcher_model_wish wish = { .model = value_text(value_item(models, i)),
                                                  .node_id = turn->head_id,
                                                  .by =
                                                      arena_printf(changes->arena, "workload %s", turn->row.workload) };
        struct error refused = ERROR_INIT;
        int64_t *touched = NULL;

        if (!launcher_model_want(changes->writer, changes->arena, &wish, &touched, &refused))
            return start_refused(changes, turn, &refused, err);
        touch_all(changes, touched);
    }
    return true;
}

static bool shapes_want(struct changes *changes, const struct turn *turn, struct error *err)
{
    const struct value *models = turn->in.workload->models;

    for (size_t i = 0; i < value_count(models); i++) {
        const char *name = value_text(value_item(models, i));
        int64_t *touched = NULL;

        if (strstr(name, "://") == NULL)
            continue;
        if (!launcher_model_shape_want(changes->writer, changes->arena, name, &touched, err))
            return false;
        touch_all(changes, touched);
    }
    return true;
}

static bool pieces_change(struct changes *changes, struct turn *turn, struct error *err)
{
    const struct step_decision *decision = &turn->decision;

    if ((decision->actions & STEP_TAKE_AWAY) != 0) {
        for (size_t i = 0; i < turn->in.pieces_count; i++)
            touch(changes, turn->rows[i]->node_id);
        if (!store_piece_take_away(changes->writer, turn->row.id, turn->in.attempt, changes->now_us, err))
            return false;
    }
    for (size_t i = 0; i < decision->due_count; i++) {
        const struct store_piece *row = turn->rows[decision->due[i]];

        touch(changes, row->node_id);
        if (!store_piece_due(changes->writer, row->node_id, row->name, changes->now_us, err))
            return false;
    }
    for (size_t i = 0; i < turn->placed_count; i++) {
        touch(changes, turn->placed[i].node_id);
        if (!store_piece_add(changes->writer, &turn->placed[i], changes->now_us, err))
            return false;
    }
    return true;
}

static bool turn_write(struct changes *changes, struct turn *turn, struct error *err)
{
    bool is_set = false;

    if (!store_instance_set(changes->writer, &turn->row, &is_set, err))
        return false;
    if (!is_set)
        return true; /* somebody wants something else of it meanwhile: the next pass sees that */
    if (!pieces_change(changes, turn, err) || !event_add(changes, turn, err) ||
        ((turn->decision.actions & STEP_FETCH) != 0 && !models_want(changes, turn, err)))
        return false;
    return !turn->decision.is_over || turn->workload == NULL || turn->row.replica == 0 || turn->is_wanted ||
           turn->declared == NULL || !turn->declared->is_readable ||
           turn->row.replica < turn->declared->workload.replicas ||
           store_instance_remove(changes->writer, turn->row.id, err);
}

struct turn_work {
    struct changes *changes;
    struct turn *turn;
};

static bool turn_run(struct store_connection *writer, void *data, struct error *err)
{
    const struct turn_work *work = data;

    (void)writer;
    return (!work->turn->has_changed || turn_write(work->changes, work->turn, err)) &&
           (!work->turn->wants_shapes || shapes_want(work->changes, work->turn, err));
}

/* What cannot be written of one is no harm to the others. */
static bool turn_try(struct changes *changes, struct turn *turn, struct error *err)
{
    struct turn_work work = { changes, turn };
    struct error failure = ERROR_INIT;
    bool done = false;

    if (!store_try(changes->writer, &(struct store_work){ .run = turn_run, .data = &work }, &done, &failure)) {
        *err = failure;
        return false;
    }
    turn->is_undone = !done;
    return done || turn->placed_count == 0 || start_refused(changes, turn, &failure, err);
}

static bool changes_run(struct store_connection *writer, void *data, struct error *err)
{
    struct changes *changes = data;
    ARENA_SCOPED arena = arena_new();
    int64_t *touched = NULL, tidied = 0;

    changes->writer = writer;
    changes->arena = arena;
    changes->touched_count = 0;
    for (struct turn *turn = changes->launcher->turns; turn != NULL; turn = turn->next) {
        if (!turn_try(changes, turn, err))
            return false;
    }
    if (changes->tidies && !store_piece_tidy(writer, changes->now_us, &tidied, err))
        return false;
    for (size_t i = 0; changes->tidies && i < changes->launcher->view.pieces_count; i++)
        touch(changes, changes->launcher->view.pieces[i].node_id);
    for (size_t i = 0; i < changes->launcher->told_count; i++) {
        touch(changes, changes->launcher->told[i]);
        if (!store_placement_change(writer, changes->launcher->told[i], changes->now_us, err))
            return false;
    }
    if (changes->steps_models) {
        bool is_young = clock_monotonic_ms() - changes->launcher->opened_ms < YOUNG_MS;

        if (!launcher_models_step(writer, arena, is_young, &touched, err))
            return false;
        touch_all(changes, touched);
    }
    return true;
}

/* --- what was measured --- */

struct learning {
    struct store_peak peak;
    struct arena *arena;
};

static bool learn_run(struct store_connection *writer, void *data, struct error *err)
{
    const struct learning *learning = data;

    return store_peak_learn(writer, &learning->peak, err);
}

static void learn_done(void *data, const struct error *err)
{
    struct learning *learning = data;

    (void)err; /* one that is lost is measured again */
    arena_free(learning->arena);
}

/* Deaths are to be noticed meanwhile: nobody waits for the disk. */
static void learn_write(struct launcher *launcher, const struct store_peak *peak)
{
    struct arena *arena = arena_new();
    struct learning *learning = arena_new_of(arena, struct learning);
    const struct store_work write = { learn_run, learn_done, learning };
    struct error ignored = ERROR_INIT;

    *learning = (struct learning){ .peak = *peak, .arena = arena };
    learning->peak.digest = arena_copy(arena, peak->digest);
    learning->peak.build = arena_copy(arena, peak->build);
    learning->peak.kv = arena_copy(arena, peak->kv);
    learning->peak.options = arena_copy(arena, peak->options);
    if (!store_write(launcher->options.store, &write, &ignored))
        arena_free(arena);
}

/* The most that its pieces were seen to take together, every now and then while it serves. */
static void turn_learn(struct launcher *launcher, struct turn *turn)
{
    struct store_peak peak = { .at_us = turn->in.now_us };
    struct job job;
    struct error ignored = ERROR_INIT;
    int64_t now_ms = clock_monotonic_ms();

    if (turn->decision.state != STEP_SERVING || now_ms < turn->watch->learn_at_ms)
        return;
    turn->watch->learn_at_ms = now_ms + LEARN_MS;
    if (!peak_sum(launcher->pass, turn->rows, turn->in.pieces_count, turn->row.attempt, &peak) ||
        !job_make(launcher->pass, turn->workload->declaration, &turn->row, &job, &ignored) ||
        job.job.models[0] == NULL || job.job.models[0]->digest == NULL || job.place.build == NULL)
        return;
    peak.digest = job.job.models[0]->digest;
    peak.build = job.place.build;
    peak.kv = job.workload.kv != NULL ? job.workload.kv : "f16";
    peak.options = plan_options_text(launcher->pass, &job.workload);
    peak.context = job.workload.context;
    peak.slots = job.workload.slots;
    peak.nodes = (int64_t)job.place.parts_count;
    learn_write(launcher, &peak);
}

/* --- the whole --- */

/* Pieces whose instance is gone. */
static bool has_untidy(const struct launcher *launcher)
{
    for (size_t i = 0; i < launcher->view.pieces_count; i++) {
        const struct store_piece *piece = &launcher->view.pieces[i];
        bool has_instance = false;

        for (size_t j = 0; j < launcher->view.instances_count && !has_instance; j++)
            has_instance = launcher->view.instances[j].id == piece->instance_id;
        if (piece->is_wanted && !has_instance)
            return true;
    }
    return false;
}

/* Nodes of instances that somebody has begun to follow. */
static void follows_take(struct launcher *launcher)
{
    launcher->told_count = 0;
    pthread_mutex_lock(&launcher->mutex);
    for (size_t i = 0; i < launcher->view.pieces_count; i++) {
        const struct store_piece *piece = &launcher->view.pieces[i];

        for (size_t j = 0; j < launcher->follows_count; j++) {
            if (launcher->follows[j] == piece->instance_id && piece->is_due && piece->is_wanted &&
                launcher->told_count < LAUNCHER_LOG_INSTANCES)
                launcher->told[launcher->told_count++] = piece->node_id;
        }
    }
    launcher->follows_count = 0;
    pthread_mutex_unlock(&launcher->mutex);
}

static void tell(struct launcher *launcher, const struct changes *changes)
{
    const struct launcher_news *news = &launcher->options.news;

    for (size_t i = 0; news->work != NULL && i < changes->touched_count; i++)
        news->work(news->data, changes->touched[i]);
    for (const struct turn *turn = launcher->turns; news->workload != NULL && turn != NULL; turn = turn->next) {
        if (turn->has_changed && !turn->is_undone)
            news->workload(news->data, turn->row.id);
    }
}

static bool models_are_due(struct launcher *launcher)
{
    struct error ignored = ERROR_INIT;
    bool is_busy = false;
    int64_t now_ms = clock_monotonic_ms();

    if (now_ms < launcher->models_at_ms || !launcher_models_is_busy(launcher->reader, &is_busy, &ignored))
        return false;
    if (is_busy)
        launcher->models_at_ms = now_ms + MODELS_MS;
    return is_busy;
}

void changes_write(struct launcher *launcher)
{
    struct changes changes = { .launcher = launcher, .now_us = clock_wall_us(), .tidies = has_untidy(launcher) };
    struct error err = ERROR_INIT;
    bool is_needed = changes.tidies;

    follows_take(launcher);
    changes.steps_models = models_are_due(launcher);
    for (struct turn *turn = launcher->turns; turn != NULL; turn = turn->next) {
        turn_settle(launcher, turn);
        is_needed = is_needed || turn->has_changed || turn->wants_shapes;
    }
    if (!is_needed && !changes.steps_models && launcher->told_count == 0)
        return;
    launcher->failed = !store_write_wait(launcher->options.store, changes_run, &changes, &err);
    if (!launcher->failed)
        tell(launcher, &changes);
}

void changes_learn(struct launcher *launcher)
{
    for (struct turn *turn = launcher->turns; turn != NULL; turn = turn->next)
        turn_learn(launcher, turn);
}
