/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dashboard's playground without a script: a form asks a model as any client of the gateway would, and the answer is a page. With a
 * script the page asks /v1/chat/completions itself and shows the answer as it comes.
 */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/json/json.h"
#include "controller/api/pages.h"
#include "controller/gateway/gateway_internal.h"
#include "controller/gateway/playground.h"

#define FORM_MAX ((size_t)64 * 1024)
#define TOKENS_MAX 4096

/* A call's own. */
struct playing {
    struct text body;
    struct page_playground page;
    struct request *request; /* NULL: there is none yet */
    int64_t asked_us;
};

/* --- the form --- */

static bool form_begin(struct api_call *call, size_t expected)
{
    struct playing *playing = arena_new_of(call->arena, struct playing);

    (void)expected;
    playing->body = text_new(call->arena);
    call->taken = playing;
    return true;
}

static bool form_take(struct api_call *call, const char *data, size_t length)
{
    struct playing *playing = call->taken;

    text_add_n(&playing->body, data, length);
    return true;
}

static void form_drop(struct api_call *call)
{
    struct playing *playing = call->taken;

    if (playing->request != NULL)
        request_leave(playing->request);
}

static bool form_read(struct api_call *call, struct playing *playing, struct error *err)
{
    const struct value *form = NULL;
    const char *tokens = NULL;

    if (!page_form_read(call->arena, playing->body.data == NULL ? "" : playing->body.data, playing->body.length, &form,
                        err))
        return false;
    playing->page.model = value_map_text(form, "model");
    playing->page.prompt = value_map_text(form, "prompt");
    tokens = value_map_text(form, "max_tokens");
    if (playing->page.model == NULL || *playing->page.model == '\0')
        return error_set(err, "choose a model");
    if (playing->page.prompt == NULL || *playing->page.prompt == '\0')
        return error_set(err, "write what it is to answer");
    if (tokens == NULL || !text_to_int(tokens, &playing->page.max_tokens) || playing->page.max_tokens < 1 ||
        playing->page.max_tokens > TOKENS_MAX) {
        playing->page.max_tokens = 0;
        return error_set(err, "the most tokens of an answer are 1 to %d", TOKENS_MAX);
    }
    return true;
}

static const char *body_of(struct api_call *call, const struct page_playground *page)
{
    struct value *body = value_map(call->arena), *messages = value_list(call->arena), *message = value_map(call->arena);

    value_map_put_string(call->arena, message, "role", "user");
    value_map_put_string(call->arena, message, "content", page->prompt);
    value_list_add(call->arena, messages, message);
    value_map_put_string(call->arena, body, "model", page->model);
    value_map_put(call->arena, body, "messages", messages);
    value_map_put_int(call->arena, body, "max_tokens", page->max_tokens);
    return json_text(call->arena, body, JSON_COMPACT);
}

/* --- the answer --- */

static int64_t count_of(const struct value *map, const char *key)
{
    const struct value *value = value_map_get(map, key);

    return value_is(value, VALUE_INT) && value->as.integer > 0 ? value->as.integer : 0;
}

/* A model that thinks aloud tells that apart. */
static const char *text_of(struct api_call *call, const struct value *answer)
{
    const struct value *message = value_map_get(value_item(value_map_get(answer, "choices"), 0), "message");
    const char *text = value_map_text(message, "content"), *thoughts = value_map_text(message, "reasoning_content");

    if (text != NULL && *text != '\0')
        return text;
    return thoughts == NULL ? text : arena_printf(call->arena, "(only thoughts so far) %s", thoughts);
}

static void answer_then(struct api_call *call)
{
    struct playing *playing = call->taken;
    const struct request *request = playing->request;
    const struct value *answer = NULL, *usage = NULL;
    struct error ignored = ERROR_INIT;
    const char *text = NULL;

    if (request->body == NULL || !json_read(call->arena, request->body, request->body_length, NULL, &answer, &ignored))
        answer = NULL;
    text = request->status == 200 ? text_of(call, answer) : NULL;
    if (text == NULL) {
        const char *message = value_map_text(value_map_get(answer, "error"), "message");

        playing->page.trouble = message != NULL          ? message
                                : request->status == 200 ? "the engine's answer has no text in it"
                                                         : "the gateway gave no answer";
        page_playground_reply(call, request->status == 200 ? 502 : request->status, &playing->page);
        return;
    }
    usage = value_map_get(answer, "usage");
    playing->page.answer = text;
    playing->page.tokens_in = count_of(usage, "prompt_tokens");
    playing->page.tokens_out = count_of(usage, "completion_tokens");
    playing->page.seconds = (double)(clock_monotonic_us() - playing->asked_us) / 1e6;
    page_playground_reply(call, 200, &playing->page);
}

static void refuse(struct api_call *call, int status, const char *message)
{
    struct playing *playing = call->taken;

    playing->page.trouble = message;
    page_playground_reply(call, status, &playing->page);
}

static void playground_post(struct api_call *call)
{
    struct gateway *gateway = center_of(call)->gateway->gateway;
    struct playing *playing = call->taken;
    struct ask_refusal why = { .code = NULL };
    struct error err = ERROR_INIT;
    struct request *request = NULL;
    const char *body = NULL;

    if (!form_read(call, playing, &err)) {
        refuse(call, 400, err.text);
        return;
    }
    request = playing->request = request_new(gateway, ASK_CHAT);
    request->key_id = arena_printf(request->arena, "operator:%s", call->identity.name);
    body = body_of(call, &playing->page);
    if (!ask_read(request->arena, ASK_CHAT, body, strlen(body), &request->ask, &why)) {
        refuse(call, 400, why.message);
        return;
    }
    playing->asked_us = clock_monotonic_us();
    api_await(call, answer_then);
    (void)request_hand_over(request, call); /* refused: it is answered through answer_then too */
}

static const struct api_sink form_sink = { .content_type = "application/x-www-form-urlencoded",
                                           .limit_bytes = FORM_MAX,
                                           .begin = form_begin,
                                           .take = form_take,
                                           .drop = form_drop };

static const struct api_route routes[] = {
    API_ROUTE(API_OPERATOR, "POST", "/playground", playground_post, .summary = "Ask a model by a form", .is_page = true,
              .sink = &form_sink),
};

const struct api_resource api_resource_gateway_playground = { .name = "gateway_playground",
                                                              .summary = "The playground's form",
                                                              .routes = routes,
                                                              .count = sizeof(routes) / sizeof(routes[0]) };
