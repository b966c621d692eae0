/* SPDX-License-Identifier: Apache-2.0 */
/* Who serves which model, for the gateway: made anew by each pass, read under the mutex. */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/launcher/launcher_internal.h"

#define NAMES_MAX 256

/* --- making --- */

static bool head_runs(const struct turn *turn)
{
    bool runs = false;

    for (size_t i = 0; i < turn->in.pieces_count; i++) {
        if (turn->pieces[i].is_wanted && turn->pieces[i].attempt == turn->row.attempt && turn->pieces[i].is_head)
            runs = turn->pieces[i].told == STEP_TOLD_RUNNING;
    }
    return runs && (turn->decision.actions & STEP_TAKE_AWAY) == 0;
}

static enum launcher_route_state route_state(const struct turn *turn)
{
    enum step_state state = turn->decision.state;

    if ((state == STEP_SERVING || state == STEP_DEGRADED) && head_runs(turn))
        return LAUNCHER_SERVES;
    return state == STEP_FAILED || state == STEP_STOPPED ? LAUNCHER_FAILED : LAUNCHER_LOADS;
}

/* What the engine calls its model is what it is probed with. */
static const char *engine_model(struct arena *arena, const struct job *job)
{
    struct engine_request request = { .body = NULL };
    const struct value *map = NULL;
    struct error ignored = ERROR_INIT;

    if (job->engine->probe != NULL)
        request = job->engine->probe(arena, &job->job, 1);
    if (request.body == NULL || !json_read(arena, request.body, strlen(request.body), NULL, &map, &ignored))
        return NULL;
    return value_map_text(map, "model");
}

static void backend_fill(struct arena *arena, const struct turn *turn, struct launcher_entry *entry)
{
    struct launcher_backend *backend = &entry->backend;
    struct error ignored = ERROR_INIT;
    struct job job;
    int64_t slots = turn->in.workload->slots;

    if (!job_make(arena, turn->workload->declaration, &turn->row, &job, &ignored)) {
        entry->state = LAUNCHER_LOADS;
        return;
    }
    backend->address = job.place.parts[0].node->address;
    backend->port = job.place.parts[0].port != 0 ? job.place.parts[0].port : job.engine->port;
    backend->key = job.job.key;
    backend->model = engine_model(arena, &job);
    backend->slots = slots > 0 ? slots : 1;
    backend->context = turn->in.workload->context / backend->slots;
}

/* Its head answers nothing, or the node of a piece is not heard: when that ends nobody knows. */
static bool is_silent(const struct turn *turn)
{
    bool is_degraded = turn->decision.state == STEP_DEGRADED;
    bool silent = is_degraded && turn->in.asked == STEP_ASKED_SILENT;

    for (size_t i = 0; i < turn->in.pieces_count; i++)
        silent = silent || (turn->pieces[i].is_silent && (is_degraded || turn->pieces[i].is_wanted));
    return silent;
}

/* When it is to serve, as its last start took from the moment at which its pieces were told; 0: nobody can tell. */
static int64_t due_us(const struct turn *turn)
{
    int64_t takes_us = turn->row.load_s > 0 ? (int64_t)(turn->row.load_s * 1e6) : 0;

    if (takes_us == 0)
        return 0;
    switch (turn->decision.state) {
    case STEP_STARTING:
    case STEP_LOADING:
        return turn->row.began_us + takes_us;
    case STEP_SERVING:
    case STEP_DEGRADED:
        return turn->row.since_us + takes_us;
    case STEP_PENDING: /* after a start that failed */
        return turn->decision.next_us > turn->in.now_us ? turn->decision.next_us + takes_us : 0;
    default:
        return 0;
    }
}

/* Seconds until it serves; 0: that is over, or nobody can tell. late_out: since when in vain. */
static int64_t eta_of(const struct turn *turn, int64_t *late_out)
{
    int64_t due = due_us(turn), now = turn->in.now_us, from = due == 0 ? turn->row.since_us : due;

    *late_out = now > from ? (now - from) / 1000000 : 0;
    return due > now && !is_silent(turn) ? (due - now) / 1000000 + 1 : 0;
}

/* For clients of the gateway, who are to learn no node, address or path: what the step says is for operators. */
static const char *client_sentence(const struct turn *turn)
{
    switch (turn->decision.state) {
    case STEP_PENDING:
        return turn->decision.failures > 0 ? "its last start failed, it is tried again" : "it waits for a place";
    case STEP_PLACING:
        return "it is given a place";
    case STEP_DOWNLOADING:
        return "its model is fetched";
    case STEP_FAILED:
        return "its starts have failed";
    case STEP_STOPPED:
        return "it is stopped";
    case STEP_SERVING:
    case STEP_DEGRADED:
        return is_silent(turn) ? "it does not answer at the moment" : "it starts again";
    default:
        return is_silent(turn) ? "it does not answer at the moment" : "its engine starts and loads the model";
    }
}

static void entry_fill(struct arena *arena, const struct turn *turn, struct launcher_entry *entry)
{
    const struct workload *workload = turn->in.workload;

    *entry = (struct launcher_entry){
        .backend = { .instance_id = turn->row.id,
                     .workload_id = turn->row.workload_id,
                     .attempt = turn->row.attempt,
                     .workload = arena_copy(arena, workload->name),
                     .engine = arena_copy(arena, workload->engine),
                     .is_embedding = workload->is_embedding },
        .alias = arena_copy(arena, workload->alias),
        .model = arena_copy(arena, value_text(value_item(workload->models, 0))),
        .state = route_state(turn),
        .sentence = client_sentence(turn),
        .since_us = turn->row.since_us,
        .is_embedding = workload->is_embedding,
    };
    entry->eta_s = eta_of(turn, &entry->late_s);
    if (entry->state == LAUNCHER_SERVES)
        backend_fill(arena, turn, entry);
}

void routes_make(struct launcher *launcher)
{
    struct arena *arena = arena_new(), *before = NULL;
    struct launcher_entry *entries = arena_new_array(arena, struct launcher_entry, launcher->view.instances_count + 1);
    size_t count = 0;

    for (const struct turn *turn = launcher->turns; turn != NULL; turn = turn->next) {
        if (turn->in.workload != NULL && turn->is_wanted && !beside_is(&turn->row) &&
            turn->in.workload->kind == WORKLOAD_INFERENCE)
            entry_fill(arena, turn, &entries[count++]);
    }
    pthread_mutex_lock(&launcher->mutex);
    before = launcher->routes_arena;
    launcher->routes_arena = arena;
    launcher->routes = entries;
    launcher->routes_count = count;
    launcher->routes_of = launcher->read_count;
    pthread_mutex_unlock(&launcher->mutex);
    if (before != NULL)
        arena_free_secret(before);
}

/* --- reading, under the mutex --- */

static bool is_named(const struct launcher_entry *entry, const char *model)
{
    return text_equal(entry->backend.workload, model) || text_equal(entry->alias, model);
}

/* The one workload that has the model; NULL: none, or several. */
static const char *workload_with(const struct launcher *launcher, const char *model)
{
    const char *workload = NULL;

    for (size_t i = 0; i < launcher->routes_count; i++) {
        const struct launcher_entry *entry = &launcher->routes[i];

        if (!text_equal(entry->model, model))
            continue;
        if (workload != NULL && !text_equal(workload, entry->backend.workload))
            return NULL;
        workload = entry->backend.workload;
    }
    return workload;
}

static void backend_copy(struct arena *arena, const struct launcher_backend *from, struct launcher_backend *out)
{
    *out = *from;
    out->workload = arena_copy(arena, from->workload);
    out->engine = arena_copy(arena, from->engine);
    out->address = arena_copy(arena, from->address);
    out->key = arena_copy(arena, from->key);
    out->model = arena_copy(arena, from->model);
}

static void route_take(struct arena *arena, const struct launcher_entry *entry, struct launcher_route *out)
{
    if (entry->state == LAUNCHER_SERVES && out->count < LAUNCHER_BACKENDS_MAX)
        backend_copy(arena, &entry->backend, &out->backends[out->count++]);
    if (entry->state < out->state) {
        out->state = entry->state;
        out->eta_s = 0;
        out->late_s = entry->late_s;
    }
    if (entry->state == out->state) {
        out->sentence = arena_copy(arena, entry->sentence);
        if (entry->eta_s > 0 && (out->eta_s == 0 || entry->eta_s < out->eta_s))
            out->eta_s = entry->eta_s;
        if (entry->late_s < out->late_s)
            out->late_s = entry->late_s;
    }
}

static const char *nearest_of(struct arena *arena, const struct launcher *launcher, const char *model)
{
    const char *names[NAMES_MAX];
    size_t count = 0;

    for (size_t i = 0; i < launcher->routes_count && count + 2 < NAMES_MAX; i++) {
        names[count++] = launcher->routes[i].backend.workload;
        if (launcher->routes[i].alias != NULL)
            names[count++] = launcher->routes[i].alias;
    }
    return arena_copy(arena, text_nearest(model, names, count));
}

void launcher_route(struct launcher *launcher, struct arena *arena, const char *model, struct launcher_route *out)
{
    const char *other = NULL;
    bool is_found = false;

    *out = (struct launcher_route){ .state = LAUNCHER_UNKNOWN };
    if (launcher == NULL || model == NULL)
        return;
    out->backends = arena_new_array(arena, struct launcher_backend, LAUNCHER_BACKENDS_MAX);
    pthread_mutex_lock(&launcher->mutex);
    for (size_t i = 0; i < launcher->routes_count; i++)
        is_found = is_found || is_named(&launcher->routes[i], model);
    other = is_found ? NULL : workload_with(launcher, model);
    for (size_t i = 0; i < launcher->routes_count; i++) {
        if (is_found ? is_named(&launcher->routes[i], model)
                     : other != NULL && text_equal(launcher->routes[i].backend.workload, other))
            route_take(arena, &launcher->routes[i], out);
    }
    if (out->state == LAUNCHER_UNKNOWN && launcher->routes_of != launcher->declared_count) {
        out->state = LAUNCHER_LOADS; /* it may be the one that nobody has looked at yet */
        out->sentence = "what is declared is being read";
        out->eta_s = 1;
    } else if (out->state == LAUNCHER_UNKNOWN) {
        out->nearest = nearest_of(arena, launcher, model);
    }
    pthread_mutex_unlock(&launcher->mutex);
}

void launcher_models(struct launcher *launcher, struct arena *arena, struct launcher_model **out, size_t *count_out)
{
    struct launcher_model *models = NULL;
    size_t count = 0;

    *out = NULL;
    *count_out = 0;
    if (launcher == NULL)
        return;
    pthread_mutex_lock(&launcher->mutex);
    models = arena_new_array(arena, struct launcher_model, launcher->routes_count + 1);
    for (size_t i = 0; i < launcher->routes_count; i++) {
        const struct launcher_entry *entry = &launcher->routes[i];
        const char *name = entry->alias != NULL ? entry->alias : entry->backend.workload;

        if (count > 0 && text_equal(models[count - 1].name, name)) { /* another replica */
            if (entry->state < models[count - 1].state)
                models[count - 1].state = entry->state;
            continue;
        }
        models[count++] = (struct launcher_model){ .name = arena_copy(arena, name),
                                                   .workload = arena_copy(arena, entry->backend.workload),
                                                   .state = entry->state,
                                                   .is_embedding = entry->is_embedding,
                                                   .since_us = entry->since_us };
    }
    pthread_mutex_unlock(&launcher->mutex);
    *out = models;
    *count_out = count;
}
