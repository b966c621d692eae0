/* SPDX-License-Identifier: Apache-2.0 */
/* What a route's function may do with its call: look, answer, wait. */
#include "controller/api/call.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/api/page.h"
#include "controller/api/server_internal.h"

#define STREAM_BLOCK 16384
#define STREAM_LOOK_MS 1000

static struct call *call_of(struct api_call *base)
{
    return (struct call *)base;
}

const char *api_path_value(const struct api_call *call, const char *name)
{
    const struct api_match *match = &((const struct call *)call)->match;
    int index = api_path_index(call->route, name);

    return index < 0 ? NULL : arena_copy_n(call->arena, match->values[index], match->lengths[index]);
}

const char *api_path(const struct api_call *call)
{
    return ((const struct call *)call)->target;
}

const char *api_header(const struct api_call *call, const char *name)
{
    return MHD_lookup_connection_value(((const struct call *)call)->connection, MHD_HEADER_KIND, name);
}

int api_socket(const struct api_call *call)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(((const struct call *)call)->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    return info == NULL ? -1 : info->connect_fd;
}

struct api_server *api_server_of(const struct api_call *call)
{
    return ((const struct call *)call)->server;
}

/* --- answers --- */

void api_reply_header(struct api_call *call, const char *name, const char *value)
{
    struct text *headers = &call_of(call)->headers;

    text_add_n(headers, name, strlen(name) + 1);
    text_add_n(headers, value, strlen(value) + 1);
}

static bool has_header(const struct call *call, const char *name)
{
    const char *end = call->headers.data + call->headers.length;

    for (const char *at = call->headers.data; at != NULL && at < end; at += strlen(at) + 1) {
        if (strcmp(at, name) == 0)
            return true;
        at += strlen(at) + 1;
    }
    return false;
}

static void answer(struct api_call *base, int status, struct MHD_Response *response, const char *content_type)
{
    struct call *call = call_of(base);

    if (response == NULL) /* out of memory */
        return;
    if (call->response != NULL) { /* the first answer counts */
        MHD_destroy_response(response);
        return;
    }
    api_reply_header(base, "Content-Type", content_type);
    api_reply_header(base, "X-Content-Type-Options", "nosniff");
    if (!has_header(call, "Cache-Control"))
        api_reply_header(base, "Cache-Control", "no-store");
    for (size_t at = 0; at < call->headers.length;) {
        const char *name = call->headers.data + at;
        const char *value = name + strlen(name) + 1;

        MHD_add_response_header(response, name, value);
        at = (size_t)(value - call->headers.data) + strlen(value) + 1;
    }
    call->response = response;
    call->status = status;
}

void api_reply_bytes(struct api_call *call, int status, const char *content_type, const char *bytes, size_t length)
{
    /* the arena outlives the answer: call_free comes when MHD has sent it */
    union {
        const char *bytes;
        void *persistent; /* MHD reads only, but its type does not say so */
    } buffer = { .bytes = bytes };

    answer(call, status, MHD_create_response_from_buffer(length, buffer.persistent, MHD_RESPMEM_PERSISTENT),
           content_type);
}

void api_reply_file(struct api_call *call, int status, const char *content_type, int fd, int64_t size)
{
    struct MHD_Response *response = MHD_create_response_from_fd64((uint64_t)size, fd);

    if (response == NULL)
        fd_close(fd);
    answer(call, status, response, content_type);
}

/* What an operator's program was told before in the same words is not sent again; some routes have a version of their own. */
static bool is_known(struct api_call *call, int status, const struct text *text)
{
    const struct api_route *route = call->route;
    char digest[HASH_HEX_MAX];

    if (status != 200 || route == NULL || route->access < API_VIEWER || !text_equal(route->method, "GET") ||
        has_header(call_of(call), "ETag"))
        return false;
    return api_not_modified(call, hash_hex_of(HASH_SHA256, text->data, text->length, digest));
}

void api_reply(struct api_call *call, int status, const struct value *body)
{
    struct text text = text_new(call->arena);

    if (call->route != NULL && call->route->form_back != NULL && status < 400) {
        page_go_back(call);
        return;
    }
    json_write(&text, body, &JSON_COMPACT);
    text_add_char(&text, '\n');
    if (!is_known(call, status, &text))
        api_reply_bytes(call, status, "application/json", text.data, text.length);
}

/* A page and what its forms lead to; of addresses that are not there, those that a browser asks for. */
static bool is_for_people(const struct api_call *call)
{
    const char *accept = call->route != NULL ? NULL : api_header(call, "Accept");

    if (call->route != NULL)
        return call->route->is_page || call->route->form_back != NULL;
    return accept != NULL && strstr(accept, "text/html") != NULL;
}

void api_reply_error(struct api_call *call, int status, const char *code, const char *format, ...)
{
    struct value *body = value_map(call->arena), *inner = value_map(call->arena);
    struct text message = text_new(call->arena);
    va_list args;

    va_start(args, format);
    text_vprintf(&message, format, args);
    va_end(args);
    if (is_for_people(call)) {
        page_problem(call, status, message.data);
        return;
    }
    value_map_put_string(call->arena, inner, "code", code);
    value_map_put_string(call->arena, inner, "message", message.data);
    if (call_of(call)->server->options.error_more != NULL)
        call_of(call)->server->options.error_more(call->arena, inner, status);
    value_map_put(call->arena, body, "error", inner);
    api_reply(call, status, body);
}

bool api_not_modified(struct api_call *call, const char *version)
{
    const char *quoted = arena_printf(call->arena, "\"%s\"", version);
    const char *known = api_header(call, "If-None-Match");

    api_reply_header(call, "ETag", quoted);
    if (known == NULL || (strcmp(known, "*") != 0 && strstr(known, quoted) == NULL))
        return false;
    api_reply_bytes(call, 304, "application/json", "", 0);
    return true;
}

/* --- streams --- */

/* Every few seconds, and whenever somebody was revoked, whether it has waited or is always busy. */
static bool stream_may_go_on(struct call *call)
{
    int64_t now_ms = clock_monotonic_ms();

    if (call->looked == call->server->looks && now_ms < call->looks_at_ms)
        return true;
    call->looks_at_ms = now_ms + call_patience_ms(call, STREAM_LOOK_MS);
    return call_still_may(call);
}

static ssize_t stream_read(void *data, uint64_t position, char *buffer, size_t size)
{
    static const char comment[] = ": still here\n\n";
    struct call *call = data;
    struct room *room = &call->server->room;

    (void)position;
    room_leave(room, call);
    if (!stream_may_go_on(call))
        return MHD_CONTENT_READER_END_OF_STREAM;
    for (;;) {
        long length = 0;

        call->seen = room_wakes(room, call->topic);
        length = call->stream.next(&call->base, buffer, size);
        if (length != 0)
            return length < 0 ? MHD_CONTENT_READER_END_OF_STREAM : length;
        if (call->base.timed_out && room_is_closing(room))
            return MHD_CONTENT_READER_END_OF_STREAM;
        if (call->base.timed_out && size >= sizeof(comment)) {
            call->base.timed_out = false;
            memcpy(buffer, comment, sizeof(comment) - 1);
            return (ssize_t)sizeof(comment) - 1;
        }
        if (room_enter(room, call, call_patience_ms(call, call->stream.keep_alive_ms)))
            return 0;
        call->base.timed_out = room_is_closing(room);
    }
}

void api_reply_stream(struct api_call *base, const struct api_stream *stream)
{
    struct call *call = call_of(base);

    call->stream = *stream;
    call->topic = stream->topic;
    call->looks_at_ms = clock_monotonic_ms() + call_patience_ms(call, STREAM_LOOK_MS);
    base->timed_out = false;
    answer(base, 200, MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, stream_read, call, NULL),
           stream->content_type);
}

/* --- waiting --- */

void api_watch(struct api_call *base, uint64_t topic)
{
    struct call *call = call_of(base);

    call->topic = topic;
    call->seen = room_wakes(&call->server->room, topic);
}

void api_wait(struct api_call *base, int64_t timeout_ms)
{
    struct call *call = call_of(base);

    call->then = NULL;
    if (room_is_closing(&call->server->room))
        api_reply_error(base, 503, "closing", "the controller is going down");
    else
        call->again = call->looked != call->server->looks ||
                      !room_enter(&call->server->room, call, call_patience_ms(call, timeout_ms));
}

void api_await(struct api_call *base, void (*then)(struct api_call *call))
{
    struct call *call = call_of(base);

    call->then = then;
    room_lend(&call->server->room, call);
}

void api_resume(struct api_call *base)
{
    room_return(&call_of(base)->server->room, call_of(base));
}
