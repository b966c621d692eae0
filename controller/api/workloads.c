/* SPDX-License-Identifier: Apache-2.0 */
/* Workloads: declared, started, stopped, looked at. */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/api/workloads_shown.h"
#include "controller/engines/engine.h"

/* --- read --- */

static void workloads_list(struct api_call *call)
{
    struct store_connection *reader = center_of(call)->reader;
    struct value *items = value_list(call->arena);
    struct store_workload *rows = NULL;
    struct workload_shown shown = { .in_full = false };
    struct store_instance *instances = NULL;
    struct error err = ERROR_INIT;
    size_t count = 0;

    if (!store_workload_list(reader, call->arena, &rows, &count, &err) ||
        !store_instance_list(reader, call->arena, 0, &instances, &shown.count, &err)) {
        center_read_failed(call, &err);
        return;
    }
    shown.instances = instances;
    for (size_t i = 0; i < count; i++) {
        shown.row = &rows[i];
        value_list_add(call->arena, items, workload_shown_value(call, &shown));
    }
    center_reply_page(call, items, NULL);
}

static void workload_get(struct api_call *call)
{
    struct workload_shown shown = { .in_full = true };
    const char *node = NULL;
    struct value *out = NULL;
    struct store_instance *instances = NULL;
    struct store_workload *row = NULL;
    struct error err = ERROR_INIT;

    if (!workload_of_call(call, &row))
        return;
    if (!store_instance_list(center_of(call)->reader, call->arena, row->id, &instances, &shown.count, &err) ||
        !store_workload_node(center_of(call)->reader, call->arena, row->name, &node, &err)) {
        center_read_failed(call, &err);
        return;
    }
    shown.row = row;
    shown.instances = instances;
    out = workload_shown_value(call, &shown);
    value_map_put_string(call->arena, out, "runs_on", node);
    api_reply(call, 200, out);
}

/* --- declared --- */

/* A declaration as it is: what it may hold is workload_bind's to say. */
static const struct arg_spec declaration_args[] = { ARG_END };
static const struct task_spec declaration_spec = {
    .name = "workload", .args = declaration_args, .args_size = 1, .any_args = true
};

struct put_work {
    struct store_workload row;
    bool is_new, starts_anew;
};

/* What can change while it runs on. */
static bool runs_on_with(const char *key)
{
    return text_in(key, ARG_NAMES("alias", "health", "priority", "give_up_after", "replicas", "pinned"));
}

static bool is_same(const struct value *before, const struct value *after)
{
    for (size_t i = 0; i < value_map_count(after); i++) {
        const struct value_pair *pair = value_pair_at(after, i);
        const char *key = value_text(pair->key);
        const struct value *old = value_map_get(before, key);

        if (!runs_on_with(key) && (old == NULL || !value_equal(old, pair->item)))
            return false;
    }
    for (size_t i = 0; i < value_map_count(before); i++) {
        const char *key = value_text(value_pair_at(before, i)->key);

        if (!runs_on_with(key) && value_map_get(after, key) == NULL)
            return false;
    }
    return true;
}

static bool put_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct put_work *work = data;
    struct store_workload *before = NULL;
    const char *detail = NULL;
    int64_t id = 0;

    if (!store_workload_get(writer, call->arena, work->row.name, &before, err))
        return false;
    work->is_new = before == NULL;
    work->row.is_wanted = before != NULL && before->is_wanted;
    work->starts_anew =
        before != NULL && !is_same(center_json(call, before->declaration), center_json(call, work->row.declaration));
    detail = arena_printf(call->arena, "{\"starts_anew\":%s}", work->starts_anew ? "true" : "false");
    if (before != NULL && text_equal(before->declaration, work->row.declaration))
        return true; /* nothing is other than before */
    return store_workload_put(writer, &work->row, work->starts_anew, &id, err) &&
           center_audit(writer, call, "workload.put", work->row.name, detail, err);
}

static void put_then(struct api_call *call, void *data)
{
    const struct put_work *work = data;
    struct value *out = value_map(call->arena);

    launcher_declared(center_of(call)->launcher);
    value_map_put_string(call->arena, out, "name", work->row.name);
    value_map_put_bool(call->arena, out, "is_new", work->is_new);
    value_map_put_bool(call->arena, out, "starts_anew", work->starts_anew);
    value_map_put_string(call->arena, out, "wanted", work->row.is_wanted ? "run" : "stop");
    api_reply(call, work->is_new ? 201 : 200, out);
}

static void workload_put(struct api_call *call)
{
    struct put_work *work = arena_new_of(call->arena, struct put_work);
    struct workload workload;
    const char *name = api_path_value(call, "name");
    struct error err = ERROR_INIT;

    if (!workload_bind(call->arena, call->body_value, &workload, &err) || !workload_name_is_free(workload.name, &err) ||
        !engine_workload_check(call->arena, &workload, &err)) {
        api_reply_error(call, 400, "bad_workload", "%s", err.text);
        return;
    }
    if (!text_equal(workload.name, name)) {
        api_reply_error(call, 400, "bad_workload", "the path names '%s', the declaration '%s'", name, workload.name);
        return;
    }
    work->row = (struct store_workload){ .name = workload.name,
                                         .declaration = json_text(call->arena, workload_value(call->arena, &workload),
                                                                  JSON_COMPACT),
                                         .changed_us = clock_wall_us(),
                                         .changed_by = call->identity.name };
    center_write(call, &(struct center_work){ put_run, put_then, work });
}

/* --- wanted or not --- */

struct want_work {
    struct store_workload_wish wish;
    const char *action;
    const char *node; /* that still has pieces of it */
    bool found, removes;
};

static bool want_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct want_work *work = data;
    bool ok = false;

    if (work->removes && !store_workload_node(writer, call->arena, work->wish.name, &work->node, err))
        return false;
    if (work->node != NULL)
        return true;
    ok = work->removes ? store_workload_remove(writer, work->wish.name, &work->found, err)
                       : store_workload_want(writer, &work->wish, &work->found, err);

    return ok && (!work->found || center_audit(writer, call, work->action, work->wish.name, NULL, err));
}

static void want_then(struct api_call *call, void *data)
{
    const struct want_work *work = data;
    struct value *out = value_map(call->arena);

    launcher_declared(center_of(call)->launcher);
    if (work->node != NULL) {
        api_reply_error(call, 409, "workload_runs",
                        "'%s' still has pieces on %s: stop it, and forget it when they have ended", work->wish.name,
                        work->node);
        return;
    }
    if (!work->found) {
        api_reply_error(call, 404, "workload_unknown", "there is no workload '%s' any more", work->wish.name);
        return;
    }
    value_map_put_string(call->arena, out, "name", work->wish.name);
    if (!work->removes)
        value_map_put_string(call->arena, out, "wanted", work->wish.is_wanted ? "run" : "stop");
    api_reply(call, work->removes ? 200 : 202, out);
}

static void want(struct api_call *call, const struct want_work *what)
{
    struct want_work *work = arena_new_of(call->arena, struct want_work);
    struct store_workload *row = NULL;

    if (!workload_of_call(call, &row))
        return;
    *work = *what;
    work->wish.name = row->name;
    work->wish.by = call->identity.name;
    work->wish.now_us = clock_wall_us();
    center_write(call, &(struct center_work){ want_run, want_then, work });
}

static void start_post(struct api_call *call)
{
    want(call, &(struct want_work){ .action = "workload.start", .wish = { .is_wanted = true } });
}

static void stop_post(struct api_call *call)
{
    want(call, &(struct want_work){ .action = "workload.stop", .wish = { .is_wanted = false } });
}

static void restart_post(struct api_call *call)
{
    want(call, &(struct want_work){ .action = "workload.restart", .wish = { .is_wanted = true, .anew = true } });
}

static void workload_delete(struct api_call *call)
{
    want(call, &(struct want_work){ .action = "workload.delete", .removes = true });
}

static const struct api_route routes[] = {
    API_ROUTE(API_VIEWER, "GET", "/api/v1/workloads", workloads_list,
              .summary = "Workloads with the states of their instances", .reply = "a list of workloads"),
    API_ROUTE(API_VIEWER, "GET", "/api/v1/workloads/{name}", workload_get, .summary = "One workload",
              .reply = "the workload, its declaration, results, and the log of its last failure"),
    API_ROUTE(API_OPERATOR, "PUT", "/api/v1/workloads/{name}", workload_put,
              .summary = "Declares a workload; what runs starts anew only where that is other than before",
              .reply = "201: new; 200: changed", .body = &declaration_spec),
    API_ROUTE(API_OPERATOR, "DELETE", "/api/v1/workloads/{name}", workload_delete,
              .summary = "Forgets a workload that has ended", .reply = "the name; 409: a node still has pieces of it"),
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/workloads/{name}/start", start_post,
              .summary = "It is to run; one that had failed is tried again at once", .reply = "202: it is wanted"),
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/workloads/{name}/stop", stop_post, .summary = "It is to end",
              .reply = "202: it is not wanted"),
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/workloads/{name}/restart", restart_post,
              .summary = "Ends what runs and starts it anew", .reply = "202: it is told"),
    API_ROUTE(API_OPERATOR, "POST", "/workloads/{name}/start", start_post, .summary = "The same, from the dashboard",
              .form_back = "/workloads/{name}"),
    API_ROUTE(API_OPERATOR, "POST", "/workloads/{name}/stop", stop_post, .summary = "The same, from the dashboard",
              .form_back = "/workloads/{name}"),
    API_ROUTE(API_OPERATOR, "POST", "/workloads/{name}/restart", restart_post,
              .summary = "The same, from the dashboard", .form_back = "/workloads/{name}"),
};

API_RESOURCE_DEFINE(workloads) = {
    .name = "workloads", .summary = "Workloads", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};
