/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway's routes, in the thread of the HTTP server that was asked: bodies are taken and read, keys looked at, the call lent to the
 * proxy thread; what comes back is answered. Nothing here waits.
 */
#include <string.h>
#include <sys/epoll.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/json/json.h"
#include "controller/gateway/gateway_internal.h"

#define KEEP_ALIVE_MS 15000
#define BYTES_OF_TOKEN 4

/* A call's own. */
struct asking {
    struct text body;
    struct request *request; /* NULL: there is none yet */
    struct reading reading;
    int socket; /* watched; -1: none */
};

struct gateway *gateway_of(const struct api_call *call)
{
    return center_of(call)->gateway->gateway;
}

/* --- the body --- */

static bool body_begin(struct api_call *call, size_t expected)
{
    struct asking *asking = arena_new_of(call->arena, struct asking);

    (void)expected;
    asking->body = text_new(call->arena);
    asking->socket = -1;
    call->taken = asking;
    return true;
}

static bool body_take(struct api_call *call, const char *data, size_t length)
{
    struct asking *asking = call->taken;

    text_add_n(&asking->body, data, length);
    return true;
}

static void body_drop(struct api_call *call)
{
    struct asking *asking = call->taken;

    if (asking->socket >= 0)
        (void)epoll_ctl(gateway_of(call)->clients, EPOLL_CTL_DEL, asking->socket, NULL);
    if (asking->request != NULL)
        request_leave(asking->request);
}

/* --- what comes back --- */

static long stream_next(struct api_call *call, char *buffer, size_t size)
{
    const struct asking *asking = call->taken;

    return request_take(asking->request, buffer, size);
}

static void answer_then(struct api_call *call)
{
    const struct asking *asking = call->taken;
    struct request *request = asking->request;
    bool is_streaming = false;

    pthread_mutex_lock(&request->gateway->mutex);
    is_streaming = request->is_streaming;
    pthread_mutex_unlock(&request->gateway->mutex);
    if (is_streaming) {
        api_reply_header(call, "X-Accel-Buffering", "no"); /* a proxy of somebody in front of us */
        api_reply_stream(call, &(struct api_stream){ .content_type = "text/event-stream",
                                                     .topic = api_topic("gateway", (int64_t)request->id),
                                                     .keep_alive_ms = KEEP_ALIVE_MS,
                                                     .next = stream_next });
        return;
    }
    if (request->retry_s > 0 && request->status >= 400)
        api_reply_header(call, "Retry-After", arena_printf(call->arena, "%lld", (long long)request->retry_s));
    api_reply_bytes(call, request->status, "application/json", request->body, request->body_length);
}

/* --- what is refused before an engine hears of it --- */

static void refuse(struct api_call *call, int status, const struct ask_refusal *why)
{
    struct gateway *gateway = gateway_of(call);
    const struct asking *asking = call->taken;
    const struct usage_entry entry = { .key_id = asking->request->key_id, .model = "", .outcome = USAGE_REFUSED };

    usage_note(gateway->usage, &entry);
    api_reply(call, status, answer_error(call->arena, status, why->code, why->param, why->message));
}

/* Tokens are what an engine makes of it: for texts about four bytes. */
static struct client_wish wish_of(const struct ask *ask)
{
    return (struct client_wish){ .model = ask->model,
                                 .prompt_tokens = (int64_t)(ask->text_bytes / BYTES_OF_TOKEN) + 1,
                                 .answers = ask->kind == ASK_EMBEDDINGS ? 0 : ask->weight,
                                 .answer_tokens = ask->max_tokens };
}

static void refuse_for_now(struct api_call *call, const struct client_ticket *ticket, const char *what)
{
    const char *retry = arena_printf(call->arena, "%lld", (long long)ticket->retry_s);

    api_reply_header(call, "Retry-After", retry);
    refuse(call, 429,
           &(struct ask_refusal){
               .code = "rate_limit_exceeded",
               .message = arena_printf(call->arena,
                                       "the key '%s' has a limit of %lld %s a minute, of which too few are left: try "
                                       "again in %s s",
                                       call->identity.name, (long long)ticket->limit, what, retry) });
}

static bool admit(struct api_call *call, struct request *request)
{
    const struct client_wish wish = wish_of(&request->ask);
    struct client_ticket ticket = { .retry_s = 1 };
    const char *name = call->identity.name;
    enum client_admission admission = CLIENT_ADMITTED;

    if (!request->has_key)
        return true;
    admission = client_keys_admit(gateway_of(call)->keys, request->key_id, &wish, clock_wall_us(), &ticket);
    switch (admission) {
    case CLIENT_ADMITTED:
        request->reserved = ticket.reserved;
        request->prompt_tokens = wish.prompt_tokens;
        return true;
    case CLIENT_REVOKED_NOW:
        refuse(call, 401, &(struct ask_refusal){ .code = "invalid_api_key", .message = "the key was revoked" });
        return false;
    case CLIENT_MODEL:
        refuse(call, 403,
               &(struct ask_refusal){ .param = "model",
                                      .code = "model_not_allowed",
                                      .message = arena_printf(call->arena, "the key '%s' may not use the model '%s'",
                                                              name, request->ask.model) });
        return false;
    case CLIENT_REQUESTS:
    case CLIENT_TOKENS:
        refuse_for_now(call, &ticket, admission == CLIENT_REQUESTS ? "requests" : "tokens");
        return false;
    }
    return false;
}

/* --- asking --- */

/* Its end is seen while nothing is written to it, too. */
static void watch(struct api_call *call)
{
    struct asking *asking = call->taken;
    struct epoll_event event = { .events = EPOLLRDHUP | EPOLLET, .data.u64 = asking->request->id };
    int socket = api_socket(call);

    if (socket >= 0 && epoll_ctl(gateway_of(call)->clients, EPOLL_CTL_ADD, socket, &event) == 0)
        asking->socket = socket;
}

static void go_on(struct api_call *call, bool is_good, const struct ask_refusal *why)
{
    struct request *request = ((struct asking *)call->taken)->request;

    if (!is_good) {
        refuse(call, 400, why);
        return;
    }
    if (!admit(call, request))
        return;
    api_await(call, answer_then);
    if (request_hand_over(request, call)) {
        watch(call);
        return;
    }
    client_keys_charge(gateway_of(call)->keys, request->key_id, request->reserved, 0, clock_wall_us());
    usage_note(gateway_of(call)->usage,
               &(struct usage_entry){ .key_id = request->key_id, .model = "", .outcome = USAGE_REFUSED });
}

static void read_then(struct api_call *call)
{
    const struct asking *asking = call->taken;

    go_on(call, asking->reading.is_good, &asking->reading.why);
}

static void ask(struct api_call *call, enum ask_kind kind)
{
    struct gateway *gateway = gateway_of(call);
    struct asking *asking = call->taken;
    struct request *request = request_new(gateway, kind);
    bool is_client = call->identity.kind == API_IS_CLIENT;

    asking->request = request;
    request->has_key = is_client;
    request->key_id = is_client ? arena_copy(request->arena, call->identity.key_id)
                                : arena_printf(request->arena, "operator:%s", call->identity.name);
    asking->reading =
        (struct reading){ .call = call, .request = request, .body = asking->body.data, .length = asking->body.length };
    if (asking->body.length > LIMIT_GATEWAY_QUICK) {
        api_await(call, read_then);
        reader_take(gateway->reader, &asking->reading);
    } else {
        struct ask_refusal why = { .code = NULL };
        bool is_good = ask_read(request->arena, kind, asking->body.data, asking->body.length, &request->ask, &why);

        go_on(call, is_good, &why);
    }
}

static void chat_post(struct api_call *call)
{
    ask(call, ASK_CHAT);
}

static void text_post(struct api_call *call)
{
    ask(call, ASK_TEXT);
}

static void embeddings_post(struct api_call *call)
{
    ask(call, ASK_EMBEDDINGS);
}

/* --- models --- */

static struct value *model_value(struct api_call *call, const struct launcher_model *model)
{
    struct value *out = value_map(call->arena);

    value_map_put_string(call->arena, out, "id", model->name);
    value_map_put_string(call->arena, out, "object", "model");
    value_map_put_int(call->arena, out, "created", model->since_us / 1000000);
    value_map_put_string(call->arena, out, "owned_by", "roost");
    value_map_put_string(call->arena, out, "status",
                         model->state == LAUNCHER_SERVES  ? "serving"
                         : model->state == LAUNCHER_LOADS ? "loading"
                                                          : "failed");
    return out;
}

static bool is_for(const struct api_call *call, const struct launcher_model *model)
{
    return call->identity.kind != API_IS_CLIENT ||
           client_keys_may_use(gateway_of(call)->keys, call->identity.key_id, model->name);
}

static void models_get(struct api_call *call)
{
    const struct gateway_source *source = &gateway_of(call)->options.source;
    struct value *out = value_map(call->arena), *list = value_list(call->arena);
    struct launcher_model *models = NULL;
    size_t count = 0;

    source->models(source->data, call->arena, &models, &count);
    for (size_t i = 0; i < count; i++) {
        if (is_for(call, &models[i]))
            value_list_add(call->arena, list, model_value(call, &models[i]));
    }
    value_map_put_string(call->arena, out, "object", "list");
    value_map_put(call->arena, out, "data", list);
    api_reply(call, 200, out);
}

static void model_get(struct api_call *call)
{
    const struct gateway_source *source = &gateway_of(call)->options.source;
    const char *name = api_path_value(call, "model");
    struct launcher_model *models = NULL;
    size_t count = 0;

    source->models(source->data, call->arena, &models, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(models[i].name, name) == 0 && is_for(call, &models[i])) {
            api_reply(call, 200, model_value(call, &models[i]));
            return;
        }
    }
    api_reply(call, 404,
              answer_error(call->arena, 404, "model_not_found", "model",
                           arena_printf(call->arena, "no model '%s' is served here; GET /v1/models lists them", name)));
}

static void health_get(struct api_call *call)
{
    struct value *out = value_map(call->arena);

    value_map_put_string(call->arena, out, "status", "ok");
    api_reply(call, 200, out);
}

static const struct api_sink body_sink = { .content_type = "application/json",
                                           .limit_bytes = LIMIT_GATEWAY_BODY,
                                           .begin = body_begin,
                                           .take = body_take,
                                           .drop = body_drop };

static const struct api_route routes[] = {
    API_ROUTE(API_CLIENT, "POST", "/v1/chat/completions", chat_post, .summary = "A chat, as OpenAI's API has it",
              .reply = "a chat.completion, or with stream its chunks as server-sent events", .sink = &body_sink),
    API_ROUTE(API_CLIENT, "POST", "/v1/completions", text_post,
              .summary = "A text to go on with, as OpenAI's API has it",
              .reply = "a text_completion, or with stream its chunks as server-sent events", .sink = &body_sink),
    API_ROUTE(API_CLIENT, "POST", "/v1/embeddings", embeddings_post,
              .summary = "Vectors of texts, as OpenAI's API has it", .reply = "a list of embeddings",
              .sink = &body_sink),
    API_ROUTE(API_CLIENT, "GET", "/v1/models", models_get, .summary = "Models that are served or on their way",
              .reply = "a list of models that the key may use"),
    API_ROUTE(API_CLIENT, "GET", "/v1/models/{model}", model_get, .summary = "One of them", .reply = "the model"),
};

const struct api_resource api_resource_gateway = { .name = "gateway",
                                                   .summary =
                                                       "Models by OpenAI's API, on the gateway's address and here",
                                                   .routes = routes,
                                                   .count = sizeof(routes) / sizeof(routes[0]) };

static const struct api_route health_routes[] = {
    API_ROUTE(API_PUBLIC, "GET", "/health", health_get, .summary = "Whether the gateway runs", .reply = "status ok"),
};

const struct api_resource api_resource_gateway_health = { .name = "gateway_health",
                                                          .summary = "The gateway itself",
                                                          .routes = health_routes,
                                                          .count = sizeof(health_routes) / sizeof(health_routes[0]) };
