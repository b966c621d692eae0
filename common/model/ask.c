/* SPDX-License-Identifier: Apache-2.0 */
/* Asking again: after a pause, a bounded number of times, on the monotonic clock. */
#include "common/model/ask.h"

#include <string.h>

#include "common/base/text.h"
#include "common/http/http_url.h"

#define BROKEN_ATTEMPTS 3 /* when there is no answer */
#define PAUSE_FIRST_MS 500
#define PAUSE_MAX_MS 30000

int64_t ask_pause_ms(const struct model_settings *settings, int attempt, int64_t wanted_ms)
{
    int64_t pause = PAUSE_FIRST_MS;

    if (attempt >= settings->retries || wanted_ms > settings->wait_ms)
        return -1;
    if (wanted_ms >= 0)
        return wanted_ms;
    for (int i = 1; i < attempt && pause < PAUSE_MAX_MS; i++)
        pause *= 2;
    return pause > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause;
}

struct listener {
    struct text body;
    bool head_only, is_begun;
    struct http_response head;
};

static bool answer_begin(void *data, const struct http_response *head, struct error *err)
{
    struct listener *listener = data;

    listener->is_begun = true;
    listener->head = *head;
    return !listener->head_only || error_set_kind(err, ERROR_CANCELLED, "not wanted");
}

static bool answer_write(void *data, const char *bytes, size_t length, struct error *err)
{
    struct listener *listener = data;

    (void)err;
    text_add_n(&listener->body, bytes, length);
    return true;
}

static void group_guard(struct http_group **group)
{
    http_group_free(*group);
}

/* The response with everything it names, in `arena`: its own memory goes with the transfer. */
static void keep(struct arena *arena, const struct http_response *from, struct http_response *out)
{
    struct http_header *headers = arena_new_array(arena, struct http_header, from->header_count + 1);

    for (size_t i = 0; i < from->header_count; i++)
        headers[i] =
            (struct http_header){ arena_copy(arena, from->headers[i].name), arena_copy(arena, from->headers[i].value) };
    *out = *from;
    out->headers = headers;
    out->reason = arena_copy(arena, from->reason);
    out->url = arena_copy(arena, from->url);
    out->etag = http_header_get(out, "ETag");
    out->last_modified = http_header_get(out, "Last-Modified");
}

/* One transfer; looks for a cancellation meanwhile. */
static bool transfer(struct arena *arena, const struct model_settings *settings, const struct http_request *request,
                     struct listener *listener, struct http_response *out, struct error *err)
{
    __attribute__((cleanup(group_guard))) struct http_group *group = NULL;
    struct http_job job = { .request = *request,
                            .sink = { .write = answer_write, .data = listener },
                            .begin = answer_begin };
    struct http_done done;

    if (!http_group_new(&group, err) || !http_group_start(group, &job, err))
        return false;
    for (;;) {
        if (model_is_cancelled(settings))
            return error_set_kind(err, ERROR_CANCELLED, "cancelled");
        if (!http_group_step(group, 200, err))
            return false;
        if (http_group_next(group, &done))
            break;
    }
    if (done.is_ok || (listener->head_only && listener->is_begun)) {
        keep(arena, done.is_ok ? done.response : &listener->head, out);
        return true;
    }
    *err = *done.error;
    return false;
}

/* True: follow it here. A question that stays takes only what remains with the one who was asked. */
static bool is_followed(struct arena *arena, const struct ask *question, const struct remote *remote,
                        const struct http_response *response)
{
    const char *location = http_header_get(response, "Location");
    struct error ignored = ERROR_INIT;
    char *url = NULL, *origin = NULL;

    if (!remote_is_redirect(response))
        return false;
    if (!question->stay || location == NULL)
        return true;
    return http_url_join(arena, remote->url, location, &url, &ignored) &&
           http_url_origin(arena, url, &origin, &ignored) && strcmp(origin, remote->origin) == 0;
}

/* Waits for the next try. False: it is enough, and `err` says why. */
static bool wait_again(const struct model_settings *settings, int attempt, int64_t wanted_ms, struct error *err)
{
    int64_t pause = ask_pause_ms(settings, attempt, wanted_ms);

    if (pause < 0)
        return false;
    if (pause >= 1000)
        model_note(settings, "%s: trying again in %lld s", err->text, (long long)pause / 1000);
    return model_pause(settings, pause, err);
}

static bool ask_once(struct arena *arena, const struct model_settings *settings, const struct ask *question,
                     struct remote *remote, struct answer *out, struct error *err)
{
    struct listener listener = { .body = text_new(arena), .head_only = question->head_only };
    struct http_request request;

    text_add(&listener.body, "");
    remote_request(arena, remote, settings, question->range, &request);
    request.method = question->method;
    request.limit_bytes = ASK_BODY_MAX;
    if (!transfer(arena, settings, &request, &listener, &out->response, err))
        return false;
    out->body = listener.body.data;
    return true;
}

bool ask(struct arena *arena, const struct model_settings *settings, const struct ask *question, struct remote *remote,
         struct answer *out, struct error *err)
{
    for (int attempt = 1;;) {
        struct answer answer = { 0 };
        int64_t wanted_ms = -1;

        if (ask_once(arena, settings, question, remote, &answer, err)) {
            if (is_followed(arena, question, remote, &answer.response)) {
                if (!remote_follow(arena, remote, &answer.response, err))
                    return false;
                continue;
            }
            if (!remote_is_temporary(&answer.response, &wanted_ms)) {
                *out = answer;
                return true;
            }
            remote_refused(arena, remote, &answer.response, err);
        } else if (attempt >= BROKEN_ATTEMPTS || err->kind != ERROR_GENERIC) {
            return false;
        }
        if (!wait_again(settings, attempt++, wanted_ms, err))
            return false;
    }
}
