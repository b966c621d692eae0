/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to the controller and what its answers say. */
#include "agent/daemon/controller_call.h"

#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/trust/certificate.h"

struct controller_talk {
    struct arena *arena;
    struct tls_client *tls;
    struct controller_link *link;
};

struct controller_address controller_address_of(const struct identity *identity)
{
    return (struct controller_address){ .address = identity->controller,
                                        .ca_path = identity->paths.ca,
                                        .certificate = identity->paths.certificate,
                                        .key = identity->paths.key };
}

static int64_t clock_behind(const struct http_response *response)
{
    const char *date = http_header_get(response, "Date");
    struct tm theirs = { 0 };

    if (date == NULL || strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &theirs) == NULL)
        return 0;
    return (int64_t)timegm(&theirs) - clock_wall_us() / 1000000;
}

void controller_answer_read(struct arena *arena, const struct http_response *response, const char *text, size_t length,
                            struct controller_answer *out)
{
    struct error ignored = ERROR_INIT;
    const struct value *body = NULL, *error;

    if (!json_read(arena, text, length, NULL, &body, &ignored))
        body = value_null();
    error = value_map_get(body, "error");
    *out = (struct controller_answer){
        .status = response->status,
        .body = body,
        .text = text,
        .etag = http_header_get(response, "ETag"),
        .code = value_map_text(error, "code"),
        .message = value_map_text(error, "message"),
        .clock_behind_s = clock_behind(response),
    };
    if (out->code == NULL)
        out->code = "";
    if (out->message == NULL)
        out->message = "";
}

bool controller_tls_open(const struct controller_address *to, struct tls_client **out, struct error *err)
{
    return tls_client_open(&(struct tls_client_options){ .ca_path = to->ca_path,
                                                         .certificate_path = to->certificate,
                                                         .key_path = to->key,
                                                         .server_name = CERTIFICATE_SERVER_NAME },
                           out, err);
}

bool controller_link_finish(struct controller_link *link, struct error *err)
{
    for (;;) {
        int64_t until_ms = INT64_MAX;
        struct pollfd fd = controller_link_wait(link, &until_ms);
        int64_t left_ms = until_ms - clock_monotonic_ms();

        (void)poll(&fd, 1, left_ms < 0 ? 0 : left_ms < INT32_MAX ? (int)left_ms : INT32_MAX);
        switch (controller_link_step(link, err)) {
        case LINK_DONE:
            return true;
        case LINK_FAILED:
            return false;
        default:
            break;
        }
    }
}

bool controller_talk_open(const struct controller_address *to, struct controller_talk **out, struct error *err)
{
    struct arena *arena = arena_new();
    struct controller_talk *talk = arena_new_of(arena, struct controller_talk);

    talk->arena = arena;
    if (!controller_tls_open(to, &talk->tls, err) || !controller_link_new(to->address, talk->tls, &talk->link, err)) {
        controller_talk_close(talk);
        return false;
    }
    *out = talk;
    return true;
}

void controller_talk_close(struct controller_talk *talk)
{
    if (talk == NULL)
        return;
    controller_link_free(talk->link);
    tls_client_close(talk->tls);
    arena_free(talk->arena);
}

static bool talk_do(struct controller_talk *talk, const struct link_request *request, struct controller_answer *out,
                    struct error *err)
{
    const struct link_answer *answer;

    controller_link_start(talk->link, request);
    if (!controller_link_finish(talk->link, err))
        return false;
    answer = controller_link_answer(talk->link);
    controller_answer_read(request->arena, &answer->response, answer->body.data, answer->body.length, out);
    return true;
}

bool controller_talk_ask(struct controller_talk *talk, struct arena *arena, const char *path, const struct value *body,
                         struct controller_answer *out, struct error *err)
{
    const char *text = body == NULL ? NULL : json_text(arena, body, JSON_COMPACT);

    return talk_do(talk,
                   &(struct link_request){
                       .arena = arena, .path = path, .body = text, .body_length = text == NULL ? 0 : strlen(text) },
                   out, err);
}

bool controller_talk_fetch(struct controller_talk *talk, struct arena *arena, const struct controller_fetch *fetch,
                           struct controller_answer *out, struct error *err)
{
    const struct http_header known = { "If-None-Match", fetch->etag };

    return talk_do(talk,
                   &(struct link_request){ .arena = arena,
                                           .path = fetch->path,
                                           .headers = &known,
                                           .header_count = fetch->etag == NULL ? 0 : 1,
                                           .sink = fetch->sink,
                                           .limit_bytes = fetch->limit_bytes },
                   out, err);
}

bool controller_ask(struct arena *arena, const struct controller_address *to, const char *path,
                    const struct value *body, struct controller_answer *out, struct error *err)
{
    struct controller_talk *talk = NULL;
    bool ok = controller_talk_open(to, &talk, err) && controller_talk_ask(talk, arena, path, body, out, err);

    controller_talk_close(talk);
    return ok;
}
