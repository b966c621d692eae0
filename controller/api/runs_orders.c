/* SPDX-License-Identifier: Apache-2.0 */
/* What a run under way is told: to hold, to go on, to end, and what the operator answers to its question. */
#include "controller/api/center.h"
#include "controller/store/store_run.h"

/* The run of the path, under way and from the centre. False: answered already. */
static bool open_run(struct api_call *call, struct store_run **out)
{
    if (!center_run_of(call, out))
        return false;
    if ((*out)->node_id != 0)
        api_reply_error(call, 409, "not_from_here", "run %lld is the node's own: it ends by itself",
                        (long long)(*out)->id);
    else if (((*out)->state & STORE_RUN_OPEN) == 0)
        api_reply_error(call, 409, "run_over", "run %lld is over", (long long)(*out)->id);
    else if (center_of(call)->runs == NULL)
        api_reply_error(call, 503, "not_started", "this controller runs nothing");
    else
        return true;
    return false;
}

struct ordering {
    const char *action; /* for the audit log */
    const char *word;
    enum runs_order order;
    int64_t run_id;
};

static bool order_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    const struct ordering *ordering = data;

    return center_audit(writer, call, ordering->action, arena_printf(call->arena, "%lld", (long long)ordering->run_id),
                        NULL, err);
}

static void order_then(struct api_call *call, void *data)
{
    const struct ordering *ordering = data;
    struct value *out = value_map(call->arena);

    runs_tell(center_of(call)->runs, ordering->run_id, ordering->order, call->identity.name);
    value_map_put_int(call->arena, out, "id", ordering->run_id);
    value_map_put_string(call->arena, out, "told", ordering->word);
    api_reply(call, 202, out);
}

static void order(struct api_call *call, const struct ordering *what)
{
    struct ordering *ordering = arena_new_of(call->arena, struct ordering);
    struct store_run *run = NULL;

    *ordering = *what;
    if (!open_run(call, &run))
        return;
    ordering->run_id = run->id;
    center_write(call, &(struct center_work){ order_run, order_then, ordering });
}

static void pause_post(struct api_call *call)
{
    order(call, &(struct ordering){ "run.pause", "pause", RUNS_PAUSE, 0 });
}

static void resume_post(struct api_call *call)
{
    order(call, &(struct ordering){ "run.resume", "resume", RUNS_RESUME, 0 });
}

static void cancel_post(struct api_call *call)
{
    order(call, &(struct ordering){ "run.cancel", "cancel", RUNS_CANCEL, 0 });
}

/* --- answers --- */

struct answer_body {
    int64_t question;
    const char *text;
};

static const struct arg_spec answer_body_args[] = {
    ARG(answer_body, question, ARG_INT, .required = true, .help = "its number, of the run's event `question`"),
    ARG(answer_body, text, ARG_STRING, .no_log = true, .help = "absent: there is no answer"),
    ARG_END,
};
static const struct task_spec answer_body_spec = { .name = "answer",
                                                   .args = answer_body_args,
                                                   .args_size = sizeof(struct answer_body) };

/* Who answered which question; never what. */
static bool answer_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    const struct answer_body *body = call->body;
    const int64_t *run_id = data;

    return center_audit(writer, call, "run.answer", arena_printf(call->arena, "%lld", (long long)*run_id),
                        arena_printf(call->arena, "{\"question\":%lld}", (long long)body->question), err);
}

static void answer_then(struct api_call *call, void *data)
{
    const struct answer_body *body = call->body;
    const int64_t *run_id = data;
    struct value *out = value_map(call->arena);

    runs_answer(center_of(call)->runs, *run_id, (uint32_t)body->question, body->text);
    value_map_put_int(call->arena, out, "id", *run_id);
    api_reply(call, 202, out);
}

static void answer_post(struct api_call *call)
{
    const struct answer_body *body = call->body;
    struct store_run *run = NULL;

    if (!open_run(call, &run))
        return;
    if (body->question < 1 || runs_question(center_of(call)->runs, run->id) != (uint64_t)body->question) {
        api_reply_error(call, 409, "not_asked", "run %lld does not wait for an answer to question %lld",
                        (long long)run->id, (long long)body->question);
        return;
    }
    center_write(call, &(struct center_work){ answer_run, answer_then, &run->id });
}

static const struct api_route routes[] = {
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/runs/{id}/pause", pause_post,
              .summary = "Holds a run before its next task", .reply = "202: it is told"),
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/runs/{id}/resume", resume_post, .summary = "Lets a run go on",
              .reply = "202: it is told"),
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/runs/{id}/cancel", cancel_post,
              .summary = "Ends a run; once more ends it at once", .reply = "202: it is told"),
    API_ROUTE(API_OPERATOR, "POST", "/runs/{id}/pause", pause_post, .summary = "The same, from the dashboard",
              .form_back = "/runs/{id}"),
    API_ROUTE(API_OPERATOR, "POST", "/runs/{id}/resume", resume_post, .summary = "The same, from the dashboard",
              .form_back = "/runs/{id}"),
    API_ROUTE(API_OPERATOR, "POST", "/runs/{id}/cancel", cancel_post, .summary = "The same, from the dashboard",
              .form_back = "/runs/{id}"),
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/runs/{id}/answer", answer_post, .summary = "The answer to what a run asks",
              .reply = "202: it has the answer", .body = &answer_body_spec),
};

API_RESOURCE_DEFINE(runs_orders) = {
    .name = "runs_orders", .summary = "Runs under way", .routes = routes, .count = sizeof(routes) / sizeof(routes[0])
};
