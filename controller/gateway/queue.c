/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which engine a request goes to: the least busy one with a slot; until there is one it waits, for a time, in a bounded queue. Keys take
 * turns there: the second request of a key waits until each other key has had one, and who comes to a full queue takes the place of the
 * last one of the key that waits with most.
 */
#include "controller/gateway/queue.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"

#define LOOK_MS 250 /* engines come and go without a word to us */
#define RETRY_MAX_S 600
#define RETRY_FAILED_S 30
#define USUAL_WEIGHT 0.2 /* of the newest request in what is usual */

/* --- models and instances --- */

static struct model *model_known(const struct gateway *gateway, const char *name)
{
    struct model *model = gateway->models;

    while (model != NULL && strcmp(model->name, name) != 0)
        model = model->next;
    return model;
}

static struct model *model_of(struct gateway *gateway, const char *name)
{
    struct model *model = model_known(gateway, name);

    if (model != NULL)
        return model;
    model = calloc(1, sizeof(*model) + strlen(name) + 1);
    if (model == NULL)
        abort();
    memcpy(model->name, name, strlen(name) + 1);
    pthread_mutex_lock(&gateway->mutex);
    model->next = gateway->models;
    gateway->models = model;
    pthread_mutex_unlock(&gateway->mutex);
    return model;
}

static void model_serves(struct gateway *gateway, struct model *model, const char *workload)
{
    char *copy = NULL;

    if (workload == NULL || text_equal(model->workload, workload))
        return;
    copy = strdup(workload);
    if (copy == NULL)
        abort();
    pthread_mutex_lock(&gateway->mutex);
    free(model->workload);
    model->workload = copy;
    pthread_mutex_unlock(&gateway->mutex);
}

static struct instance *instance_of(struct gateway *gateway, int64_t id)
{
    struct instance *instance = gateway->instances;

    while (instance != NULL && instance->id != id)
        instance = instance->next;
    return instance;
}

static void instance_take(struct gateway *gateway, int64_t id, unsigned slots)
{
    struct instance *instance = instance_of(gateway, id);

    if (instance == NULL) {
        instance = calloc(1, sizeof(*instance));
        if (instance == NULL)
            abort();
        instance->id = id;
        instance->next = gateway->instances;
        gateway->instances = instance;
    }
    instance->busy += slots;
}

static void instance_give(struct gateway *gateway, int64_t id, unsigned slots)
{
    for (struct instance **at = &gateway->instances; *at != NULL; at = &(*at)->next) {
        struct instance *instance = *at;

        if (instance->id != id)
            continue;
        instance->busy -= slots;
        if (instance->busy == 0) {
            *at = instance->next;
            free(instance);
        }
        return;
    }
}

/* --- turns --- */

/* Keys whose next turn is the model's anyway are forgotten; all of them when nobody waits. */
static void turns_forget(struct model *model)
{
    for (struct turn **at = &model->turns; *at != NULL;) {
        struct turn *turn = *at;

        if (model->first != NULL && turn->turn >= model->turn) {
            at = &turn->next;
            continue;
        }
        *at = turn->next;
        free(turn);
    }
}

/* It has got a slot: the next one of its key waits until the others have had theirs, even if none of it waits now. */
static void turn_note(struct model *model, uint64_t now, const char *key_id)
{
    struct turn *turn = model->turns;
    size_t length = strlen(key_id) + 1;

    model->turn = now > model->turn ? now : model->turn;
    while (turn != NULL && strcmp(turn->key_id, key_id) != 0)
        turn = turn->next;
    if (turn == NULL) {
        turn = calloc(1, sizeof(*turn) + length);
        if (turn == NULL)
            abort();
        memcpy(turn->key_id, key_id, length);
        turn->next = model->turns;
        model->turns = turn;
    }
    turn->turn = now;
}

void queue_free(struct gateway *gateway)
{
    for (struct model *model = gateway->models, *next = NULL; model != NULL; model = next) {
        next = model->next;
        model->first = NULL;
        turns_forget(model);
        free(model->workload);
        free(model);
    }
    for (struct instance *instance = gateway->instances, *next = NULL; instance != NULL; instance = next) {
        next = instance->next;
        free(instance);
    }
}

void queue_learn(struct model *model, int64_t took_us)
{
    if (model->usual_us <= 0)
        model->usual_us = (double)took_us;
    else
        model->usual_us += USUAL_WEIGHT * ((double)took_us - model->usual_us);
}

static void load_change(struct request *request, int running, int waiting)
{
    struct gateway *gateway = request->gateway;

    pthread_mutex_lock(&gateway->mutex);
    request->model->running += (size_t)running;
    gateway->running += (size_t)running;
    request->model->waiting += (size_t)waiting;
    gateway->waiting += (size_t)waiting;
    pthread_mutex_unlock(&gateway->mutex);
}

/* --- waiting --- */

/* Of the next one of that key. */
static uint64_t turn_of(const struct model *model, const char *key_id)
{
    uint64_t turn = model->turn;

    for (const struct turn *at = model->turns; at != NULL; at = at->next) {
        if (at->turn >= turn && strcmp(at->key_id, key_id) == 0)
            turn = at->turn + 1;
    }
    for (const struct request *at = model->first; at != NULL; at = at->queued) {
        if (at->turn >= turn && strcmp(at->key_id, key_id) == 0)
            turn = at->turn + 1;
    }
    return turn;
}

static void queue_add(struct request *request, uint64_t turn, bool at_front)
{
    struct model *model = request->model;
    struct request *before = NULL, *behind = model->first;

    while (!at_front && behind != NULL && behind->turn <= turn) {
        before = behind;
        behind = behind->queued;
    }
    request->turn = turn;
    request->queued = behind;
    *(before == NULL ? &model->first : &before->queued) = request;
    if (behind == NULL)
        model->last = request;
    if (before == NULL && behind == NULL)
        model->deadline_ms = request->deadline_ms;
    else if (request->deadline_ms < model->deadline_ms)
        model->deadline_ms = request->deadline_ms;
    load_change(request, 0, 1);
}

void queue_remove(struct request *request)
{
    struct model *model = request->model;
    struct request *before = NULL;

    for (struct request *at = model == NULL ? NULL : model->first; at != NULL; before = at, at = at->queued) {
        if (at != request)
            continue;
        *(before == NULL ? &model->first : &before->queued) = at->queued;
        if (model->last == at)
            model->last = before;
        at->queued = NULL;
        load_change(request, 0, -1);
        return;
    }
}

/* --- choosing --- */

enum choice { CHOICE_FREE, CHOICE_FULL, CHOICE_NO_CHAT, CHOICE_NO_EMBEDDINGS, CHOICE_TOO_WIDE, CHOICE_NONE_LEFT };

static bool was_tried(const struct request *request, int64_t instance_id)
{
    for (int i = 0; i < request->tries; i++) {
        if (request->tried[i] == instance_id)
            return true;
    }
    return false;
}

static enum choice choose(const struct request *request, const struct launcher_route *route,
                          const struct launcher_backend **out, int64_t *slots_out)
{
    bool is_embedding = request->ask.kind == ASK_EMBEDDINGS;
    enum choice choice = CHOICE_NONE_LEFT;
    double least = 2;

    *slots_out = 0;
    for (size_t i = 0; i < route->count; i++) {
        const struct launcher_backend *backend = &route->backends[i];
        const struct instance *instance = instance_of(request->gateway, backend->instance_id);
        int64_t busy = instance == NULL ? 0 : instance->busy;
        double load = (double)busy / (double)backend->slots;

        if (was_tried(request, backend->instance_id))
            continue;
        if (backend->is_embedding != is_embedding || request->ask.weight > backend->slots) {
            if (choice == CHOICE_NONE_LEFT)
                choice = backend->is_embedding == is_embedding ? CHOICE_TOO_WIDE
                         : is_embedding                        ? CHOICE_NO_EMBEDDINGS
                                                               : CHOICE_NO_CHAT;
            continue;
        }
        *slots_out += backend->slots;
        if (choice != CHOICE_FREE)
            choice = CHOICE_FULL;
        if (busy + request->ask.weight <= backend->slots && load < least) {
            *out = backend;
            least = load;
            choice = CHOICE_FREE;
        }
    }
    return choice;
}

/* When the last of those who wait, and one more, would have a slot. */
static int64_t patience_s(const struct model *model)
{
    double seconds =
        model->usual_us / 1e6 * (double)(model->waiting + 1) / (double)(model->slots > 0 ? model->slots : 1);

    return seconds < 1 ? 1 : seconds > RETRY_MAX_S ? RETRY_MAX_S : (int64_t)(seconds + 0.5);
}

/* When it is worth asking again: where nobody can tell, the later the longer it is overdue. */
static int64_t loading_retry_s(const struct launcher_route *route)
{
    if (route->eta_s > 0)
        return route->eta_s;
    return route->late_s < RETRY_FAILED_S ? RETRY_FAILED_S : route->late_s > RETRY_MAX_S ? RETRY_MAX_S : route->late_s;
}

static void refuse_unserved(struct request *request, const struct launcher_route *route)
{
    const char *model = request->ask.model;
    struct text when = text_new(request->arena);

    if (route->state == LAUNCHER_UNKNOWN) {
        proxy_fail(request, USAGE_REFUSED, 404, "model_not_found", "no model '%s' is served here%s%s%s", model,
                   route->nearest == NULL ? "; GET /v1/models lists them" : "; did you mean '",
                   route->nearest == NULL ? "" : route->nearest, route->nearest == NULL ? "" : "'?");
    } else if (route->state == LAUNCHER_LOADS) {
        request->retry_s = loading_retry_s(route);
        if (route->eta_s > 0)
            text_printf(&when, ", in about %lld s", (long long)route->eta_s);
        proxy_fail(request, USAGE_REFUSED, 503, "model_loading", "the model '%s' is not ready yet%s: %s", model,
                   when.length > 0 ? when.data : "", route->sentence == NULL ? "it loads" : route->sentence);
    } else {
        request->retry_s = RETRY_FAILED_S;
        proxy_fail(request, USAGE_REFUSED, 503, "model_failed", "the model '%s' does not start: %s", model,
                   route->sentence == NULL ? "its engine fails" : route->sentence);
    }
}

static void refuse_unfit(struct request *request, enum choice choice)
{
    const char *model = request->ask.model;

    if (choice == CHOICE_TOO_WIDE)
        proxy_fail(request, USAGE_REFUSED, 400, "invalid_value",
                   "%u answers at once: no engine of '%s' has so many slots", request->ask.weight, model);
    else if (choice == CHOICE_NO_CHAT)
        proxy_fail(request, USAGE_REFUSED, 400, "model_not_supported",
                   "the model '%s' makes embeddings: use /v1/embeddings", model);
    else if (choice == CHOICE_NO_EMBEDDINGS)
        proxy_fail(request, USAGE_REFUSED, 400, "model_not_supported", "the model '%s' makes no embeddings", model);
    else
        proxy_fail(request, USAGE_FAILED, 502, "upstream_broken", "no engine of '%s' has answered: %s", model,
                   request->trouble == NULL ? "the connection broke" : request->trouble);
}

/* False: it has to wait; else it is an engine's now, or has ended. */
static bool start(struct request *request)
{
    const struct gateway_source *source = &request->gateway->options.source;
    struct arena *arena = arena_new();
    struct launcher_route route = { .state = LAUNCHER_UNKNOWN };
    const struct launcher_backend *backend = NULL;
    enum choice choice = CHOICE_FREE;
    int64_t slots = 0;

    source->route(source->data, arena, request->ask.model, &route);
    if (route.state != LAUNCHER_UNKNOWN && request->model == NULL)
        request->model = model_of(request->gateway, request->ask.model);
    if (route.state == LAUNCHER_SERVES && route.count > 0)
        model_serves(request->gateway, request->model, route.backends[0].workload);
    if (route.state == LAUNCHER_SERVES)
        choice = choose(request, &route, &backend, &slots);
    if (route.state == LAUNCHER_SERVES && choice == CHOICE_FULL) {
        request->model->slots = slots;
        request->retry_s = patience_s(request->model);
        arena_free_secret(arena);
        return false;
    }
    if (request->model != NULL && request->model->first == request)
        turn_note(request->model, request->turn, request->key_id);
    queue_remove(request);
    if (route.state != LAUNCHER_SERVES && (route.state == LAUNCHER_UNKNOWN || request->tries == 0)) {
        refuse_unserved(request, &route);
    } else if (route.state != LAUNCHER_SERVES || choice != CHOICE_FREE || backend == NULL) {
        request->retry_s = route.state == LAUNCHER_LOADS ? loading_retry_s(&route) : 0;
        refuse_unfit(request, choice == CHOICE_FREE ? CHOICE_NONE_LEFT : choice);
    } else {
        instance_take(request->gateway, backend->instance_id, request->ask.weight);
        load_change(request, 1, 0);
        relay_start(request, backend);
    }
    arena_free_secret(arena);
    return true;
}

void proxy_release(struct request *request)
{
    if (!request->is_running)
        return;
    http_group_end(request->gateway->group, request);
    request->is_running = false;
    instance_give(request->gateway, request->instance_id, request->ask.weight);
    load_change(request, -1, 0);
    for (struct model *model = request->gateway->models; model != NULL; model = model->next)
        model->is_due = model->first != NULL; /* the engine may have several names */
}

static void refuse_full(struct request *request)
{
    const struct model *model = request->model;

    request->retry_s = patience_s(model);
    proxy_fail(request, USAGE_REFUSED, 429, "queue_full", "%zu requests for '%s' wait already: try again in %lld s",
               model->waiting, request->ask.model, (long long)request->retry_s);
}

/* Who was with an engine that broke goes first. */
void proxy_dispatch(struct request *request)
{
    struct gateway *gateway = request->gateway;
    struct model *model = model_known(gateway, request->ask.model);
    bool is_retried = request->tries > 0;
    uint64_t turn = 0;

    if ((is_retried || model == NULL || model->first == NULL) && start(request))
        return;
    if (request->model == NULL)
        request->model = model;
    model = request->model;
    turn = is_retried ? model->turn : turn_of(model, request->key_id);
    if (!is_retried && model->waiting >= gateway->options.queue_length) {
        if (model->last == NULL || turn >= model->last->turn) {
            refuse_full(request);
            return;
        }
        refuse_full(model->last);
    }
    queue_add(request, turn, is_retried);
    gateway->look_ms = clock_monotonic_ms() + LOOK_MS;
}

/* The first one's estimate is everybody's. */
static void end_overdue(struct gateway *gateway, struct model *model, int64_t now_ms)
{
    int64_t retry_s = model->first == NULL ? 1 : model->first->retry_s;

    model->deadline_ms = INT64_MAX;
    for (struct request *request = model->first, *next = NULL; request != NULL; request = next) {
        next = request->queued;
        if (request->deadline_ms > now_ms) {
            model->deadline_ms = request->deadline_ms < model->deadline_ms ? request->deadline_ms : model->deadline_ms;
            continue;
        }
        request->retry_s = retry_s;
        proxy_fail(request, USAGE_REFUSED, 503, "queue_timeout",
                   "no slot of '%s' was free within %lld s: try again in %lld s", request->ask.model,
                   (long long)(gateway->options.queue_ms + 999) / 1000, (long long)retry_s);
    }
}

static void queue_look(struct gateway *gateway, struct model *model, int64_t now_ms)
{
    model->is_due = false;
    while (model->first != NULL) {
        if (!start(model->first))
            break;
    }
    turns_forget(model);
    if (model->deadline_ms <= now_ms)
        end_overdue(gateway, model, now_ms);
}

/* An engine may have several names: the one that was looked at first comes last now. */
static void models_turn(struct gateway *gateway)
{
    struct model *first = gateway->models, **end = &gateway->models;

    if (first == NULL || first->next == NULL)
        return;
    pthread_mutex_lock(&gateway->mutex);
    while (*end != NULL)
        end = &(*end)->next;
    gateway->models = first->next;
    first->next = NULL;
    *end = first;
    pthread_mutex_unlock(&gateway->mutex);
}

int64_t queue_step(struct gateway *gateway)
{
    int64_t now_ms = clock_monotonic_ms(), wait_ms = -1;
    bool all = now_ms >= gateway->look_ms, has_looked = false;

    if (all)
        gateway->look_ms = now_ms + LOOK_MS;
    for (struct model *model = gateway->models; model != NULL; model = model->next) {
        if (model->first != NULL && (all || model->is_due || model->deadline_ms <= now_ms)) {
            queue_look(gateway, model, now_ms);
            has_looked = true;
        }
        if (model->first == NULL)
            continue;
        if (wait_ms < 0)
            wait_ms = gateway->look_ms - now_ms;
        if (model->deadline_ms - now_ms < wait_ms)
            wait_ms = model->deadline_ms > now_ms ? model->deadline_ms - now_ms : 0;
    }
    if (has_looked)
        models_turn(gateway);
    return wait_ms;
}
