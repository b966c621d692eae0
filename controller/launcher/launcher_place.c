/* SPDX-License-Identifier: Apache-2.0 */
/* Where instances go: the planner is asked, models are looked for, pieces are made. */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/trust/secret.h"
#include "controller/launcher/launcher_internal.h"
#include "controller/launcher/launcher_models.h"
#include "controller/launcher/plan_input.h"

#define PLAN_PAUSE_MS 500 /* while nothing fits */

/* --- planning --- */

struct wishes {
    const struct workload **workloads;
    size_t workloads_count;
    int64_t *anew;
    size_t anew_count;
};

static void wish_add(const struct launcher *launcher, struct wishes *wishes, const struct turn *turn)
{
    bool is_there = false;

    wishes->anew[wishes->anew_count++] = turn->row.id;
    if (beside_is(&turn->row)) /* the plan's replica is that one's: it keeps its memory, not its nodes */
        wishes->anew[wishes->anew_count++] = beside_other(launcher, &turn->row);
    for (size_t i = 0; i < wishes->workloads_count; i++)
        is_there = is_there || wishes->workloads[i] == turn->in.workload;
    if (!is_there)
        wishes->workloads[wishes->workloads_count++] = turn->in.workload;
}

static void wishes_gather(struct launcher *launcher, struct wishes *out, unsigned action)
{
    size_t count = launcher->view.instances_count + 1;

    out->workloads = arena_new_array(launcher->pass, const struct workload *, count);
    out->anew = arena_new_array(launcher->pass, int64_t, 2 * count);
    for (const struct turn *turn = launcher->turns; turn != NULL; turn = turn->next) {
        if ((turn->decision.actions & action) != 0)
            wish_add(launcher, out, turn);
    }
}

static bool input_gather(struct launcher *launcher, const struct wishes *wishes, struct plan_input *out,
                         struct error *err)
{
    const struct plan_input_options options = { .workloads = wishes->workloads,
                                                .workloads_count = wishes->workloads_count,
                                                .anew = wishes->anew,
                                                .anew_count = wishes->anew_count,
                                                .is_heard = view_is_heard,
                                                .data = launcher,
                                                .facts = launcher->facts };

    return plan_input_gather(launcher->reader, launcher->pass, &options, out, err);
}

static const struct plan_place *place_of(const struct plan *plan, const struct turn *turn)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->places[i].replica == turn->row.replica % STORE_INSTANCE_BESIDE &&
            text_equal(plan->places[i].workload->name, turn->in.workload->name))
            return &plan->places[i];
    }
    return NULL;
}

/* One that no node has, and that is no source to bring it from. */
static const char *missing_model(const struct plan_input *input, const struct workload *workload)
{
    for (size_t i = 0; i < value_count(workload->models); i++) {
        const char *name = value_text(value_item(workload->models, i));
        bool is_known = name == NULL || strstr(name, "://") != NULL;

        for (size_t j = 0; j < input->models_count; j++)
            is_known = is_known || text_equal(input->models[j].name, name);
        if (!is_known)
            return name;
    }
    return NULL;
}

/* A sentence: what it needs is nowhere; NULL: it may be somewhere. */
static const char *hopeless_of(const struct launcher *launcher, const struct turn *turn, const struct plan_input *input,
                               const struct plan_place *place)
{
    const struct workload *workload = turn->in.workload;
    const struct engine *engine = engine_find(workload->engine);
    const char *name = missing_model(input, workload);

    if (place != NULL && engine != NULL && text_equal(place->code, "no_engine"))
        return arena_printf(launcher->pass, "%s; role %s installs it", place->sentence,
                            engine->role != NULL ? engine->role : engine->name);
    if (name == NULL || !turn->wants_shapes)
        return NULL;
    return arena_printf(launcher->pass, "no node has the model '%s'%s, and it is no source (hf://, https://, file:///)",
                        name, plan_model_meant(launcher->pass, input, name));
}

/* What is nowhere is decided on at once: the planner cannot do more. */
static void look_for_hope(struct launcher *launcher, struct turn *turn, const struct plan_input *input,
                          const struct plan_place *place)
{
    const char *sentence = turn->decision.sentence;

    turn->in.hopeless = hopeless_of(launcher, turn, input, place);
    if (turn->in.hopeless == NULL)
        return;
    step_instance(launcher->pass, &turn->in, &turn->decision);
    if (turn->decision.state != STEP_FAILED)
        turn->decision.sentence = sentence;
}

/* Where a model is known by its source alone, that is what is waited for. */
static void headers_tell(struct launcher *launcher, struct turn *turn)
{
    const struct value *models = turn->in.workload->models;
    struct error ignored = ERROR_INIT;

    for (size_t i = 0; i < value_count(models); i++) {
        const char *name = value_text(value_item(models, i)), *told = NULL;

        if (name != NULL && strstr(name, "://") != NULL &&
            launcher_model_shape_told(launcher->reader, launcher->pass, name, &told, NULL, &ignored) && told != NULL)
            turn->decision.sentence = told;
    }
}

static void place_take(struct launcher *launcher, struct turn *turn, const struct plan_place *place)
{
    if (place == NULL || !place->is_placed) {
        turn->decision.sentence = place == NULL ? "the planner has no place for it" : place->sentence;
        if (turn->in.state != STEP_DEGRADED)
            turn->decision.state = STEP_PLACING;
        turn->in.is_planned = false; /* the old plan stays: what is pinned goes there or nowhere */
        turn->wants_shapes = place != NULL && text_equal(place->code, "no_model");
        if (turn->wants_shapes)
            headers_tell(launcher, turn);
        return;
    }
    turn->row.plan = job_plan_text(launcher->pass, place, NULL, turn->in.workload);
    turn->has_changed = true;
    turn->in.is_planned = turn->in.is_planned_now = true;
    turn->in.plan_lost = NULL;
}

void place_plan(struct launcher *launcher)
{
    struct wishes wishes = { .anew_count = 0 };
    struct plan_input input = { .nodes = NULL };
    struct plan plan = { .count = 0 };
    struct error err = ERROR_INIT;
    bool ok = false;

    wishes_gather(launcher, &wishes, STEP_PLAN);
    if (wishes.anew_count == 0)
        return;
    launcher->plan_at_ms = clock_monotonic_ms() + PLAN_PAUSE_MS;
    ok = input_gather(launcher, &wishes, &input, &err) && plan_make(launcher->pass, &input, &plan, &err);
    for (struct turn *turn = launcher->turns; turn != NULL; turn = turn->next) {
        if ((turn->decision.actions & STEP_PLAN) == 0)
            continue;
        if (ok) {
            const struct plan_place *place = place_of(&plan, turn);

            place_take(launcher, turn, place);
            look_for_hope(launcher, turn, &input, place);
        } else {
            turn->decision.sentence = arena_copy(launcher->pass, err.text);
        }
    }
}

/* --- models --- */

static const struct view_node *node_named(const struct launcher *launcher, const char *name)
{
    for (size_t i = 0; i < launcher->view.nodes_count; i++) {
        if (text_equal(launcher->view.nodes[i].name, name))
            return &launcher->view.nodes[i];
    }
    return NULL;
}

static const char *head_node(struct arena *arena, const char *plan_text)
{
    const struct value *plan = NULL;
    const char *text = arena_copy(arena, plan_text);
    struct error ignored = ERROR_INIT;

    if (text == NULL || !json_read(arena, text, strlen(text), NULL, &plan, &ignored))
        return NULL;
    return value_map_text(value_item(value_map_get(plan, "parts"), 0), "node");
}

const char *place_lost(struct launcher *launcher, const struct turn *turn)
{
    const struct value *plan = NULL, *parts;
    const char *text = arena_copy(launcher->pass, turn->row.plan), *ignored_why = NULL;
    struct error ignored = ERROR_INIT;

    if (text == NULL || !json_read(launcher->pass, text, strlen(text), NULL, &plan, &ignored))
        return NULL;
    parts = value_map_get(plan, "parts");
    for (size_t i = 0; i < value_count(parts); i++) {
        const char *name = value_map_text(value_item(parts, i), "node");
        const struct view_node *node = node_named(launcher, name);

        if (name != NULL && (node == NULL || !node->is_active || node->is_drained ||
                             !view_is_heard(launcher, launcher->pass, node->id, &ignored_why)))
            return name;
    }
    return NULL;
}

static enum step_models models_of(enum launcher_model_state state)
{
    switch (state) {
    case LAUNCHER_MODEL_READY:
        return STEP_MODELS_READY;
    case LAUNCHER_MODEL_COMING:
        return STEP_MODELS_COMING;
    case LAUNCHER_MODEL_FAILED:
        return STEP_MODELS_FAILED;
    case LAUNCHER_MODEL_ABSENT:
        return STEP_MODELS_ABSENT;
    }
    return STEP_MODELS_ABSENT;
}

static struct value *model_value(struct arena *arena, const char *name, const struct launcher_model_place *place)
{
    struct value *out = value_map(arena);

    value_map_put_string(arena, out, "name", name);
    value_map_put_string(arena, out, "path", place->path);
    value_map_put_string(arena, out, "digest", place->digest);
    value_map_put_int(arena, out, "bytes", place->bytes);
    return out;
}

void place_models(struct launcher *launcher, struct turn *turn)
{
    const struct workload *workload = turn->in.workload;
    const struct engine *engine = workload == NULL ? NULL : engine_find(workload->engine);
    const struct view_node *node = node_named(launcher, head_node(launcher->pass, turn->row.plan));
    struct value *list = value_list(launcher->pass);

    turn->in.models = STEP_MODELS_READY;
    for (size_t i = 0; engine != NULL && node != NULL && i < value_count(workload->models); i++) {
        const char *name = value_text(value_item(workload->models, i));
        struct launcher_model_place place = { .state = LAUNCHER_MODEL_READY };
        struct error err = ERROR_INIT;

        if ((engine->traits & ENGINE_PULLS) == 0 &&
            !launcher_model_look(launcher->reader, launcher->pass, node->id, name, &place, &err)) {
            turn->in.models = STEP_MODELS_FAILED;
            turn->in.models_sentence = arena_copy(launcher->pass, err.text);
            return;
        }
        value_list_add(launcher->pass, list, model_value(launcher->pass, name, &place));
        if (models_of(place.state) > turn->in.models) {
            turn->in.models = models_of(place.state);
            turn->in.models_sentence = place.sentence;
        }
    }
    turn->models = list;
    turn->head_id = node == NULL ? 0 : node->id;
}

/* --- pieces --- */

/* The planner's nodes, with their facts, in place of the names that were kept. */
static bool nodes_put(struct launcher *launcher, struct turn *turn, struct job *job, struct error *err)
{
    const struct workload *const workloads[] = { turn->in.workload };
    const struct wishes wishes = { .workloads = (const struct workload **)(uintptr_t)workloads,
                                   .workloads_count = 1,
                                   .anew = &turn->row.id,
                                   .anew_count = 1 };
    struct plan_input input = { .nodes = NULL };

    if (!input_gather(launcher, &wishes, &input, err))
        return false;
    for (size_t i = 0; i < job->place.parts_count; i++) {
        struct plan_part *part = &job->place.parts[i];
        const char *name = part->node->name;

        for (size_t j = 0; j < input.nodes_count; j++) {
            if (text_equal(input.nodes[j].name, name))
                part->node = &input.nodes[j];
        }
    }
    return true;
}

static bool row_make(struct launcher *launcher, struct turn *turn, const struct job *job, const struct piece *piece,
                     struct store_piece *out, struct error *err)
{
    const struct view_node *node = node_named(launcher, piece->node);

    if (node == NULL)
        return error_set(err, "node %s is not known any more", piece->node);
    *out = (struct store_piece){ .node_id = node->id,
                                 .node = node->name,
                                 .name = piece->name,
                                 .instance_id = turn->row.id,
                                 .attempt = turn->row.attempt,
                                 .role = "worker",
                                 .body = json_text(launcher->pass, piece_value(launcher->pass, piece), JSON_COMPACT) };
    for (size_t i = 0; i < job->place.parts_count; i++) {
        const struct plan_part *part = &job->place.parts[i];
        bool is_taken = false;

        for (size_t j = 0; j < turn->placed_count; j++)
            is_taken = is_taken || turn->placed[j].node_id == node->id;
        if (is_taken || !text_equal(part->node->name, piece->node))
            continue;
        out->gpu = (int64_t)part->gpu; /* what a node has promised hangs on its first piece */
        out->host = (int64_t)part->host;
        out->port = part->port;
    }
    return true;
}

static bool rows_make(struct launcher *launcher, struct turn *turn, const struct job *job, struct error *err)
{
    struct piece *pieces = NULL;
    size_t count = 0;
    bool before = true;

    if (job->engine->allows != NULL && !job->engine->allows(launcher->pass, &job->job, err))
        return false;
    if (!job->engine->pieces(launcher->pass, &job->job, &pieces, &count, err))
        return false;
    if (count == 0)
        return error_set(err, "engine %s has nothing to run", job->engine->name);
    turn->placed = arena_new_array(launcher->pass, struct store_piece, count);
    turn->placed_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct store_piece *row = &turn->placed[i];
        bool is_service = text_equal(pieces[i].kind, "service");

        if (!row_make(launcher, turn, job, &pieces[i], row, err))
            return false;
        row->ordinal = (int64_t)i;
        row->role = i + 1 == count ? "head" : "worker";
        row->is_due = i == 0 || (before && is_service && i + 1 < count); /* the rest when these are ready */
        before = row->is_due && is_service;
        turn->placed_count++;
    }
    return true;
}

bool place_pieces(struct launcher *launcher, struct turn *turn, struct error *err)
{
    struct job job;
    struct secret key;
    const struct store_instance before = turn->row;

    if (!secret_make(launcher->pass, &key, err) ||
        !job_make(launcher->pass, turn->workload->declaration, &turn->row, &job, err) ||
        !nodes_put(launcher, turn, &job, err))
        return false;
    turn->row.plan = job_plan_text(launcher->pass, &job.place, turn->models, &job.workload);
    turn->row.attempt++;
    turn->row.key = secret_reveal(key);
    turn->row.began_us = turn->in.now_us;
    if (job_make(launcher->pass, turn->workload->declaration, &turn->row, &job, err) &&
        nodes_put(launcher, turn, &job, err) && rows_make(launcher, turn, &job, err)) {
        turn->has_changed = true;
        if (job.engine->look != NULL && job.engine->look(launcher->pass, &job.job).path != NULL)
            launcher_log_follow(launcher, turn->row.id);
        return true;
    }
    turn->row = before;
    turn->placed_count = 0;
    return false;
}
