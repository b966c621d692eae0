/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to the controller and what its answers say. */
#include "agent/daemon/controller_call.h"

#include <string.h>
#include <time.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/trust/certificate.h"

static const struct http_header json_headers[] = { { "Content-Type", "application/json" } };

struct http_request controller_request(struct arena *arena, const struct controller_address *to, const char *path,
                                       const struct value *body)
{
    const char *port = strrchr(to->address, ':');
    const char *text = body == NULL ? NULL : json_text(arena, body, JSON_COMPACT);

    return (struct http_request){
        .url = arena_printf(arena, "https://" CERTIFICATE_SERVER_NAME "%s%s", port == NULL ? "" : port, path),
        .shown = arena_printf(arena, "the controller at %s", to->address),
        .connect_to = to->address,
        .ca_path = to->ca_path,
        .insecure = to->ca_path == NULL,
        .client_cert = to->certificate,
        .client_key = to->key,
        .body = text,
        .body_length = text == NULL ? 0 : strlen(text),
        .headers = text == NULL ? NULL : json_headers,
        .header_count = text == NULL ? 0 : 1,
        .follow = HTTP_FOLLOW_NONE,
        .no_proxy = true,
        .http1 = true,
        .limit_bytes = LIMIT_API_BODY,
    };
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
        .code = value_map_text(error, "code"),
        .message = value_map_text(error, "message"),
        .clock_behind_s = clock_behind(response),
    };
    if (out->code == NULL)
        out->code = "";
    if (out->message == NULL)
        out->message = "";
}

bool controller_ask(struct arena *arena, const struct controller_address *to, const char *path,
                    const struct value *body, struct controller_answer *out, struct error *err)
{
    struct http_request request = controller_request(arena, to, path, body);
    struct http_response response;
    char *text = NULL;

    if (!http_fetch(arena, &request, &response, &text, err))
        return false;
    controller_answer_read(arena, &response, text, strlen(text), out);
    return true;
}
