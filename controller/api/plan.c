/* SPDX-License-Identifier: Apache-2.0 */
/* Plans without doing anything: where workloads would go, and what the memory of the nodes is taken by. */
#include "controller/launcher/plan_input.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/api/center.h"
#include "controller/launcher/launcher.h"
#include "controller/launcher/launcher_models.h"

#define NODE_SILENT_MS 75000
#define TOUCHED_MAX 1024

struct plan_body {
    const struct value *workloads;
};

static const struct arg_spec plan_body_args[] = {
    ARG(plan_body, workloads, ARG_VALUES, .required = true,
        .help = "declarations, as in inventory/workloads; what of them runs already keeps its place"),
    ARG_END,
};
static const struct task_spec plan_body_spec = { .name = "plan",
                                                 .args = plan_body_args,
                                                 .args_size = sizeof(struct plan_body) };

/* --- what is asked for --- */

static bool is_twice(struct workload *const *known, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(known[i]->name, name) == 0)
            return true;
    }
    return false;
}

/* False: answered already. */
static bool workloads_bind(struct api_call *call, const struct value *list, struct workload **out)
{
    struct error err = ERROR_INIT;

    for (size_t i = 0; i < value_count(list); i++) {
        struct workload *workload = arena_new_of(call->arena, struct workload);

        if (!workload_bind(call->arena, value_item(list, i), workload, &err) ||
            !engine_workload_check(call->arena, workload, &err)) {
            api_reply_error(call, 400, "bad_workload", "%s", err.text);
            return false;
        }
        if (is_twice(out, i, workload->name)) {
            api_reply_error(call, 400, "bad_workload", "the workload '%s' is there twice", workload->name);
            return false;
        }
        out[i] = workload;
    }
    return true;
}

/* --- what has a place already --- */

static struct value *held_part(struct arena *arena, const struct plan_held *held)
{
    struct value *out = value_map(arena);

    value_map_put_string(arena, out, "node", held->node);
    value_map_put_string(arena, out, "role", held->role);
    value_map_put_int(arena, out, "gpu", (int64_t)held->gpu);
    value_map_put_int(arena, out, "host", (int64_t)held->host);
    value_map_put_int(arena, out, "port", held->port);
    return out;
}

/* NULL: this replica has no place yet. */
static struct value *held_place(struct arena *arena, const struct plan_input *input, const char *workload,
                                int64_t replica)
{
    struct value *out = value_map(arena), *parts = value_list(arena);
    struct text nodes = text_new(arena);

    for (size_t i = 0; i < input->held_count; i++) {
        const struct plan_held *held = &input->held[i];

        if (held->replica != replica || !text_equal(held->workload, workload))
            continue;
        text_printf(&nodes, "%s%s", nodes.length == 0 ? "" : ", ", held->node);
        value_list_add(arena, parts, held_part(arena, held));
    }
    if (value_count(parts) == 0)
        return NULL;
    value_map_put_string(arena, out, "workload", workload);
    value_map_put_int(arena, out, "replica", replica);
    value_map_put_bool(arena, out, "placed", true);
    value_map_put_string(arena, out, "code", "held");
    value_map_put_string(arena, out, "sentence",
                         arena_printf(arena, "it has its place on %s, and keeps it", nodes.data));
    value_map_put(arena, out, "parts", parts);
    return out;
}

static const struct value *places_all(struct arena *arena, const struct plan_input *input, const struct plan *plan)
{
    const struct value *planned = value_map_get(plan_value(arena, plan), "places");
    struct value *out = value_list(arena);

    for (size_t i = 0; i < value_count(planned); i++)
        value_list_add(arena, out, value_item(planned, i));
    for (size_t i = 0; i < input->workloads_count; i++) {
        for (int64_t replica = 0; replica < input->workloads[i]->replicas; replica++) {
            struct value *held = held_place(arena, input, input->workloads[i]->name, replica);

            if (held != NULL)
                value_list_add(arena, out, held);
        }
    }
    return out;
}

/* --- answers --- */

static const struct value *nodes_value(struct arena *arena, const struct plan_input *input, const struct plan *plan)
{
    struct value *out = value_list(arena);

    for (size_t i = 0; i < input->nodes_count; i++)
        value_list_add(arena, out, plan_memory_map(arena, input, plan, i));
    return out;
}

/* A node asks for work at least every minute; one that was not heard since the controller's start may yet be. */
static bool is_heard(void *data, struct arena *arena, int64_t node_id, const char **why_not)
{
    const struct center *center = data;
    struct presence_time heard = { .wall_us = 0 };
    int64_t silent_ms;

    if (!presence_find(center->presence, node_id, &heard))
        return true;
    silent_ms = clock_monotonic_ms() - heard.monotonic_ms;
    if (silent_ms < NODE_SILENT_MS)
        return true;
    *why_not = arena_printf(arena, "not heard for %d s", (int)(silent_ms / 1000));
    return false;
}

/* False: answered already. */
static bool planned(struct api_call *call, struct plan_input_options *options, struct plan_input *input,
                    struct plan *plan)
{
    struct center *center = center_of(call);
    struct error err = ERROR_INIT;

    options->is_heard = is_heard;
    options->data = center;
    options->facts = center->facts;
    facts_cache_tidy(center->facts);
    if (plan_input_gather(center->reader, call->arena, options, input, &err) &&
        plan_make(call->arena, input, plan, &err))
        return true;
    center_read_failed(call, &err);
    return false;
}

static void plan_reply(struct api_call *call, const struct plan_input *input, const struct plan *plan, bool looks)
{
    struct value *out = value_map(call->arena);

    value_map_put(call->arena, out, "places", places_all(call->arena, input, plan));
    value_map_put(call->arena, out, "nodes", nodes_value(call->arena, input, plan));
    value_map_put_bool(call->arena, out, "looking", looks);
    api_reply(call, 200, out);
}

static void plan_get(struct api_call *call)
{
    struct plan_input_options options = { .workloads = NULL };
    struct plan_input input;
    struct plan plan;

    if (planned(call, &options, &input, &plan))
        plan_reply(call, &input, &plan, false);
}

/* --- models that nobody has --- */

/* The first model of a place that nothing is known of; NULL: it has a place, or none for another reason. */
static const char *unknown_model(const struct plan_input *input, const struct plan_place *place)
{
    const struct value *models = place->workload->models;

    for (size_t i = 0; !place->is_placed && text_equal(place->code, "no_model") && i < value_count(models); i++) {
        const char *name = value_text(value_item(models, i));
        bool is_known = name == NULL;

        for (size_t j = 0; j < input->models_count; j++)
            is_known = is_known || text_equal(input->models[j].name, name);
        if (!is_known)
            return name;
    }
    return NULL;
}

/* What is not known, and what would make it known. *looks_out: a node reads a header just now. */
static bool unknown_tell(struct api_call *call, const struct plan_input *input, struct plan *plan, bool *looks_out,
                         struct error *err)
{
    *looks_out = false;
    for (size_t i = 0; i < plan->count; i++) {
        const char *name = unknown_model(input, &plan->places[i]), *told = NULL;
        bool is_source = name != NULL && strstr(name, "://") != NULL, looks = false;

        if (is_source && !launcher_model_shape_told(center_of(call)->reader, call->arena, name, &told, &looks, err))
            return false;
        *looks_out = *looks_out || looks;
        if (told != NULL)
            plan->places[i].sentence =
                arena_printf(call->arena, "%s%s", told, looks ? "; how large it is, is known then: ask again" : "");
        else if (is_source)
            plan->places[i].sentence = arena_printf(
                call->arena, "%s; an operator's `roost plan` has a node read its header", plan->places[i].sentence);
        else if (name != NULL)
            plan->places[i].sentence =
                arena_printf(call->arena,
                             "%s: name a source in its place (hf://, https://, file:///), or bring it with `roost "
                             "models fetch SOURCE --nodes NODE --name %s`",
                             plan->places[i].sentence, name);
    }
    return true;
}

struct look_work {
    struct plan_input_options options;
    const char **sources;
    size_t count;
    int64_t touched[TOUCHED_MAX]; /* nodes */
    size_t touched_count;
};

static bool look_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct look_work *work = data;

    work->touched_count = 0;
    for (size_t i = 0; i < work->count; i++) {
        int64_t *touched = NULL;

        if (!launcher_model_shape_want(writer, call->arena, work->sources[i], &touched, err) ||
            (touched != NULL && !center_audit(writer, call, "model.look", work->sources[i], NULL, err)))
            return false;
        for (; touched != NULL && *touched != 0 && work->touched_count < TOUCHED_MAX; touched++)
            work->touched[work->touched_count++] = *touched;
    }
    return true;
}

static void look_then(struct api_call *call, void *data)
{
    struct look_work *work = data;
    struct plan_input input;
    struct plan plan;
    struct error err = ERROR_INIT;
    bool looks = false;

    for (size_t i = 0; i < work->touched_count; i++)
        api_wake(center_of(call)->server, api_topic("work", work->touched[i]));
    if (work->touched_count > 0)
        launcher_wake(center_of(call)->launcher);
    if (!planned(call, &work->options, &input, &plan))
        return;
    if (unknown_tell(call, &input, &plan, &looks, &err))
        plan_reply(call, &input, &plan, looks);
    else
        center_read_failed(call, &err);
}

/* Who may only look on has no node ask anybody. */
static void plan_or_look(struct api_call *call, const struct plan_input_options *options)
{
    struct look_work *work = arena_new_of(call->arena, struct look_work);
    struct plan_input input;
    struct plan plan;

    *work = (struct look_work){ .options = *options };
    if (!planned(call, &work->options, &input, &plan))
        return;
    work->sources = arena_new_array(call->arena, const char *, plan.count + 1);
    for (size_t i = 0; call->identity.role >= API_OPERATOR && i < plan.count; i++) {
        const char *name = unknown_model(&input, &plan.places[i]);

        if (name != NULL && strstr(name, "://") != NULL)
            work->sources[work->count++] = name;
    }
    if (work->count > 0)
        center_write(call, &(struct center_work){ look_run, look_then, work });
    else
        look_then(call, work);
}

static void plan_post(struct api_call *call)
{
    const struct plan_body *body = call->body;
    size_t count = value_count(body->workloads);
    struct workload **workloads = arena_new_array(call->arena, struct workload *, count + 1);

    if (count > WORKLOADS_MAX) {
        api_reply_error(call, 400, "bad_workload", "there are more than %d workloads", WORKLOADS_MAX);
        return;
    }
    if (!workloads_bind(call, body->workloads, workloads))
        return;
    plan_or_look(call, &(struct plan_input_options){ .workloads = (const struct workload *const *)workloads,
                                                     .workloads_count = count });
}

static const struct api_route routes[] = {
    API_ROUTE(API_VIEWER, "GET", "/api/v1/plan", plan_get, .summary = "What the memory of each node is taken by",
              .reply =
                  "nodes: for each its totals, what is free, and items of {what, workload, bytes, where, measured, "
                  "planned}"),
    API_ROUTE(API_VIEWER, "POST", "/api/v1/plan", plan_post, .summary = "Where workloads would go; nothing is done",
              .reply =
                  "places: for each replica {placed, code, sentence, parts, ...}; nodes: their memory with what was "
                  "placed; looking: a node reads the header of a model that nobody has (operators only)",
              .body = &plan_body_spec),
};

API_RESOURCE_DEFINE(plan) = {
    .name = "plan", .summary = "Where workloads would go", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};
