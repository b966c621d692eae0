/* SPDX-License-Identifier: Apache-2.0 */
/* Dial, shake hands, send, receive: a state each, left as soon as it is over. */
#include "agent/daemon/controller_link.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/daemon/link_dial.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/limits.h"
#include "common/trust/certificate.h"

#define READ_BYTES 16384 /* of one TLS record */

enum link_state {
    STATE_IDLE, /* with a connection or without */
    STATE_DIAL,
    STATE_HANDSHAKE,
    STATE_SEND,
    STATE_RECEIVE,
};

struct controller_link {
    char *address;
    const struct tls_client *tls;
    enum link_state state;
    short events;  /* what the next step waits for */
    bool is_fresh; /* the next step is to come at once */
    bool is_dialling;
    struct link_dial dial;
    int fd;
    struct tls_stream *stream;

    struct link_request request;
    struct text head;
    size_t sent; /* of head and body together */
    struct link_answer *answer;
    const char *early;
    size_t early_length;
    bool is_reused;                 /* the connection has served before */
    int64_t end_ms, connect_end_ms; /* of the request (INT64_MAX: by idle time), of dial and handshake */
    int64_t moved_ms;
};

bool controller_link_new(const char *address, const struct tls_client *tls, struct controller_link **out,
                         struct error *err)
{
    struct controller_link *link = calloc(1, sizeof(*link));
    char *copy = strdup(address);

    if (link == NULL || copy == NULL) {
        free(link);
        free(copy);
        return error_set(err, "no memory");
    }
    *link = (struct controller_link){
        .address = copy, .tls = tls, .fd = -1, .dial = { .fd = -1, .answers = -1 }, .events = POLLIN
    };
    *out = link;
    return true;
}

static void connection_end(struct controller_link *link)
{
    link_dial_end(&link->dial);
    link->is_dialling = false;
    tls_stream_free(link->stream);
    fd_close(link->fd);
    link->stream = NULL;
    link->fd = -1;
}

void controller_link_free(struct controller_link *link)
{
    if (link == NULL)
        return;
    connection_end(link);
    free(link->address);
    free(link);
}

/* --- the request --- */

static void head_write(struct controller_link *link)
{
    const struct link_request *request = &link->request;

    link->head = text_new(request->arena);
    text_printf(&link->head,
                "%s %s HTTP/1.1\r\nHost: " CERTIFICATE_SERVER_NAME "\r\nUser-Agent: roost/" ROOST_VERSION "\r\n",
                request->body == NULL ? "GET" : "POST", request->path);
    if (request->body != NULL)
        text_printf(&link->head, "Content-Type: application/json\r\nContent-Length: %zu\r\n", request->body_length);
    if (request->upgrade != NULL)
        text_printf(&link->head, "Connection: Upgrade\r\nUpgrade: %s\r\n", request->upgrade);
    for (size_t i = 0; i < request->header_count; i++)
        text_printf(&link->head, "%s: %s\r\n", request->headers[i].name, request->headers[i].value);
    text_add(&link->head, "\r\n");
}

static void answer_begin(struct controller_link *link)
{
    const struct link_request *request = &link->request;

    link->answer = arena_new_of(request->arena, struct link_answer);
    link_answer_begin(link->answer, request->arena, request->limit_bytes > 0 ? request->limit_bytes : LIMIT_API_BODY);
    link->answer->sink = request->sink;
    link->answer->may_upgrade = request->upgrade != NULL;
    link->sent = 0;
}

void controller_link_start(struct controller_link *link, const struct link_request *request)
{
    int64_t now_ms = clock_monotonic_ms();

    link->request = *request;
    link->early = NULL;
    link->early_length = 0;
    link->moved_ms = now_ms;
    link->end_ms = request->deadline_ms > 0 ? now_ms + request->deadline_ms : INT64_MAX;
    link->connect_end_ms = now_ms + LIMIT_HTTP_TIMEOUT_MS;
    link->is_reused = link->stream != NULL;
    head_write(link);
    answer_begin(link);
    link->state = link->stream != NULL ? STATE_SEND : STATE_DIAL;
    link->is_fresh = true;
}

bool controller_link_is_busy(const struct controller_link *link)
{
    return link->state != STATE_IDLE;
}

/* --- each state: LINK_DONE goes on with the next one --- */

static enum link_step tls_wait(struct controller_link *link, enum tls_step step)
{
    link->events = step == TLS_WANT_WRITE ? POLLOUT : POLLIN;
    return LINK_WAIT;
}

static enum link_step dial_step(struct controller_link *link, struct error *err)
{
    enum link_dial_step step;

    if (!link->is_dialling && !link_dial_begin(&link->dial, link->address, LIMIT_HTTP_TIMEOUT_MS, err))
        return LINK_FAILED;
    link->is_dialling = true;
    step = link_dial_step(&link->dial, err);
    if (step != DIAL_CONNECTED)
        return step == DIAL_WAIT ? LINK_WAIT : LINK_FAILED;
    link->fd = link_dial_take(&link->dial);
    link->is_dialling = false;
    link->state = STATE_HANDSHAKE;
    return tls_stream_new(link->tls, link->fd, &link->stream, err) ? LINK_DONE : LINK_FAILED;
}

static enum link_step handshake_step(struct controller_link *link, struct error *err)
{
    enum tls_step step = tls_stream_handshake(link->stream, err);

    if (step != TLS_DONE)
        return step == TLS_FAILED ? LINK_FAILED : tls_wait(link, step);
    link->state = STATE_SEND;
    link->moved_ms = clock_monotonic_ms();
    return LINK_DONE;
}

static enum link_step send_step(struct controller_link *link, struct error *err)
{
    while (link->sent < link->head.length + link->request.body_length) {
        bool is_head = link->sent < link->head.length;
        const char *data = is_head ? link->head.data + link->sent : link->request.body + link->sent - link->head.length;
        size_t left = link->head.length + (is_head ? 0 : link->request.body_length) - link->sent, written = 0;
        enum tls_step step = tls_stream_write(link->stream, data, left, &written, err);

        if (step != TLS_DONE)
            return step == TLS_FAILED ? LINK_FAILED : tls_wait(link, step);
        link->sent += written;
        link->moved_ms = clock_monotonic_ms();
    }
    link->state = STATE_RECEIVE;
    return LINK_DONE;
}

/* The controller keeps to one answer a request; what comes behind it is of an upgraded connection, or an error. */
static enum link_step answer_end(struct controller_link *link, const char *rest, size_t length, struct error *err)
{
    bool is_upgraded = link->answer->response.status == 101;

    if (length > 0 && !is_upgraded) {
        error_set(err, "it sends more than was asked for");
        return LINK_FAILED;
    }
    link->early = length == 0 ? "" : arena_copy_n(link->request.arena, rest, length);
    link->early_length = length;
    if (!link->answer->keeps && !is_upgraded)
        connection_end(link);
    link->state = STATE_IDLE;
    link->events = POLLIN;
    return LINK_DONE;
}

static bool answer_has_begun(const struct controller_link *link)
{
    return link->answer->head_bytes > 0;
}

static enum link_step receive_step(struct controller_link *link, struct error *err)
{
    char data[READ_BYTES];

    for (;;) {
        size_t got = 0, used = 0;
        enum tls_step step = tls_stream_read(link->stream, data, sizeof(data), &got, err);

        if (step == TLS_ENDED) {
            error_set(err, answer_has_begun(link) ? "the connection ended in the middle of the answer"
                                                  : "the server closed the connection without an answer");
            return LINK_FAILED;
        }
        if (step != TLS_DONE)
            return step == TLS_FAILED ? LINK_FAILED : tls_wait(link, step);
        link->moved_ms = clock_monotonic_ms();
        if (!link_answer_take(link->answer, data, got, &used, err))
            return LINK_FAILED;
        if (link_answer_is_done(link->answer))
            return answer_end(link, data + used, got - used, err);
    }
}

/* Nothing is to come: bytes or an end both mean that this connection is over. What TLS itself has to say is neither. */
static void idle_step(struct controller_link *link)
{
    struct error ignored = ERROR_INIT;
    char data[1];
    size_t got = 0;

    if (link->stream == NULL)
        return;
    switch (tls_stream_read(link->stream, data, sizeof(data), &got, &ignored)) {
    case TLS_WANT_READ:
    case TLS_WANT_WRITE:
        return;
    default:
        connection_end(link);
    }
}

/* --- the whole --- */

static bool is_late(const struct controller_link *link, struct error *err)
{
    int64_t now_ms = clock_monotonic_ms();
    bool is_connecting = link->state == STATE_DIAL || link->state == STATE_HANDSHAKE;
    double seconds = LIMIT_HTTP_TIMEOUT_MS / 1000.0;

    if (is_connecting && now_ms >= link->connect_end_ms)
        return !error_set(err, "no connection within %g seconds (timeout)", seconds);
    if (link->request.deadline_ms == 0 && now_ms >= link->moved_ms + LIMIT_HTTP_TIMEOUT_MS)
        return !error_set(err, "no data for %g seconds (timeout)", seconds);
    if (now_ms >= link->end_ms)
        return !error_set(err, "no answer within %g seconds (timeout)", link->request.deadline_ms / 1000.0);
    return false;
}

static enum link_step state_step(struct controller_link *link, struct error *err)
{
    switch (link->state) {
    case STATE_DIAL:
        return dial_step(link, err);
    case STATE_HANDSHAKE:
        return handshake_step(link, err);
    case STATE_SEND:
        return send_step(link, err);
    default:
        return receive_step(link, err);
    }
}

/* A kept connection that the controller closed just now tells nothing about the controller. */
static bool may_try_again(const struct controller_link *link)
{
    return link->is_reused && (link->state == STATE_SEND || link->state == STATE_RECEIVE) && !answer_has_begun(link);
}

static void try_again(struct controller_link *link)
{
    connection_end(link);
    link->is_reused = false;
    link->connect_end_ms = clock_monotonic_ms() + LIMIT_HTTP_TIMEOUT_MS;
    answer_begin(link);
    link->state = STATE_DIAL;
}

static enum link_step link_fail(struct controller_link *link, struct error *err)
{
    connection_end(link);
    link->state = STATE_IDLE;
    error_prefix(err, "the controller at %s", link->address);
    return LINK_FAILED;
}

enum link_step controller_link_step(struct controller_link *link, struct error *err)
{
    if (link->state == STATE_IDLE) {
        idle_step(link);
        return LINK_WAIT;
    }
    link->is_fresh = false;
    for (;;) {
        enum link_step step = state_step(link, err);

        if (step == LINK_FAILED && may_try_again(link)) {
            error_clear(err);
            try_again(link);
            continue;
        }
        if (step == LINK_FAILED || (step == LINK_WAIT && is_late(link, err)))
            return link_fail(link, err);
        if (step == LINK_WAIT || link->state == STATE_IDLE)
            return step;
    }
}

struct pollfd controller_link_wait(const struct controller_link *link, int64_t *until_ms_out)
{
    int64_t until_ms = INT64_MAX;
    bool is_connecting = link->state == STATE_DIAL || link->state == STATE_HANDSHAKE;

    if (link->state != STATE_IDLE) {
        until_ms = is_connecting ? link->connect_end_ms : link->end_ms;
        if (!is_connecting && link->request.deadline_ms == 0)
            until_ms = link->moved_ms + LIMIT_HTTP_TIMEOUT_MS;
    }
    *until_ms_out = until_ms < link->end_ms || link->state == STATE_IDLE ? until_ms : link->end_ms;
    if (link->is_fresh)
        *until_ms_out = 0;
    if (link->is_dialling) {
        struct pollfd fd = link_dial_wait(&link->dial, &until_ms);

        if (until_ms < *until_ms_out)
            *until_ms_out = until_ms;
        return fd;
    }
    return (struct pollfd){ .fd = link->fd, .events = link->events };
}

const struct link_answer *controller_link_answer(const struct controller_link *link)
{
    return link->answer;
}

void controller_link_take(struct controller_link *link, struct link_upgraded *out)
{
    *out = (struct link_upgraded){ link->stream, link->fd, link->early, link->early_length };
    link->stream = NULL;
    link->fd = -1;
}

const char *controller_link_peer(const struct controller_link *link, struct arena *arena)
{
    struct sockaddr_storage storage;
    socklen_t length = sizeof(storage);
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&storage;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&storage;
    char text[INET6_ADDRSTRLEN];
    const char *found = NULL;

    if (link->fd < 0 || getpeername(link->fd, (struct sockaddr *)&storage, &length) != 0)
        return NULL;
    if (storage.ss_family == AF_INET)
        found = inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
    else if (storage.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        found = inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, text, sizeof(text));
    else if (storage.ss_family == AF_INET6)
        found = inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
    return found == NULL ? NULL : arena_copy(arena, found);
}
