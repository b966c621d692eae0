/* SPDX-License-Identifier: Apache-2.0 */
/* The proxy thread: what is handed over, waits for a slot, is given to an engine, has ended. relay.c speaks to the engines. */
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/json/json.h"
#include "controller/gateway/gateway_internal.h"
#include "controller/gateway/queue.h"

#define IDLE_MS 60000
#define GONE_MAX 64
#define STATUS_GONE 499 /* the client has closed: nobody reads it */

/* --- how a request ends --- */

static void list_remove(struct gateway *gateway, const struct request *request)
{
    for (struct request **at = &gateway->requests; *at != NULL; at = &(*at)->next) {
        if (*at == request) {
            *at = request->next;
            return;
        }
    }
}

/* Of its key's minute. Who leaves before the engine has told what it took has had its prompt read all the same. */
static int64_t taken_of(const struct request *request, enum usage_outcome outcome, const struct usage_entry *entry)
{
    bool is_untold = outcome == USAGE_CANCELLED && request->is_running && !request->stream.facts.has_usage;

    return entry->tokens_in + entry->tokens_out + (is_untold ? request->prompt_tokens : 0);
}

/* Before the client has its last byte: its next request finds the books as they are. */
void proxy_account(struct request *request, enum usage_outcome outcome)
{
    struct gateway *gateway = request->gateway;
    const struct answer_facts *facts = &request->stream.facts;
    int64_t now_us = clock_monotonic_us();
    const struct usage_entry entry = {
        .key_id = request->key_id,
        .model = request->model == NULL ? "" : request->model->name,
        .outcome = outcome,
        .tokens_in = facts->tokens_in,
        .tokens_out = facts->has_usage ? facts->tokens_out : facts->pieces,
        .total_us = now_us - request->came_us,
        .first_us = request->first_us == 0 ? 0 : request->first_us - request->came_us,
    };

    if (outcome == USAGE_DONE)
        queue_learn(request->model, now_us - request->started_us);
    if (request->has_key)
        client_keys_charge(gateway->keys, request->key_id, request->reserved, taken_of(request, outcome, &entry),
                           clock_wall_us());
    usage_note(gateway->usage, &entry);
}

void proxy_end(struct request *request)
{
    struct gateway *gateway = request->gateway;

    queue_remove(request);
    proxy_release(request);
    list_remove(gateway, request);
    pthread_mutex_lock(&gateway->mutex);
    if (--gateway->count == 0)
        pthread_cond_broadcast(&gateway->emptied);
    pthread_mutex_unlock(&gateway->mutex);
    request_let_go(request);
}

void proxy_fail(struct request *request, enum usage_outcome outcome, int status, const char *code, const char *format,
                ...)
{
    struct text message = text_new(request->arena), body = text_new(request->arena);
    va_list args;

    va_start(args, format);
    text_vprintf(&message, format, args);
    va_end(args);
    if (request->is_streaming)
        text_add(&body, "data: ");
    json_write(&body, answer_error(request->arena, status, code, NULL, message.data), &JSON_COMPACT);
    text_add(&body, request->is_streaming ? "\n\n" : "\n");
    proxy_account(request, outcome);
    if (request->is_streaming) {
        (void)request_push(request, body.data, body.length);
        request_finish_stream(request);
    } else {
        request_answer(request, status, body.data, body.length);
    }
    proxy_end(request);
}

/* Somebody wants it to end. */
static void cut(struct request *request, enum request_end why)
{
    if (why == REQUEST_CLIENT_GONE) {
        proxy_account(request, USAGE_CANCELLED);
        request_answer(request, STATUS_GONE, "", 0);
        proxy_end(request);
    } else if (why == REQUEST_KEY_REVOKED) {
        proxy_fail(request, USAGE_CANCELLED, 401, "invalid_api_key", "the key was revoked");
    } else {
        request->retry_s = 5;
        proxy_fail(request, USAGE_FAILED, 503, "closing",
                   "the gateway is going down; nothing more comes of this answer");
    }
}

/* --- what comes in --- */

static enum request_end end_of(struct request *request, bool closing, bool has_revoked)
{
    if (closing)
        return REQUEST_CLOSING;
    if (has_revoked && request->has_key && !client_keys_good(request->gateway->keys, request->key_id, clock_wall_us()))
        return REQUEST_KEY_REVOKED;
    return request_wanted(request);
}

static void cut_wanted(struct gateway *gateway)
{
    bool has_ends = false, has_revoked = false, closing = false;

    pthread_mutex_lock(&gateway->mutex);
    has_ends = gateway->has_ends;
    has_revoked = gateway->has_revoked;
    closing = gateway->closing;
    gateway->has_ends = gateway->has_revoked = false;
    pthread_mutex_unlock(&gateway->mutex);
    if (!has_ends && !has_revoked && !closing)
        return;
    for (struct request *request = gateway->requests, *next = NULL; request != NULL; request = next) {
        enum request_end wanted = end_of(request, closing, has_revoked);

        next = request->next;
        if (wanted != REQUEST_GOES_ON)
            cut(request, wanted);
    }
}

static void inbox_take(struct gateway *gateway)
{
    struct request *first = NULL;

    pthread_mutex_lock(&gateway->mutex);
    first = gateway->inbox;
    gateway->inbox = NULL;
    gateway->inbox_end = &gateway->inbox;
    pthread_mutex_unlock(&gateway->mutex);
    for (struct request *request = first, *next = NULL; request != NULL; request = next) {
        next = request->handed;
        request->next = gateway->requests;
        gateway->requests = request;
        request->deadline_ms = clock_monotonic_ms() + gateway->options.queue_ms;
        proxy_dispatch(request);
    }
}

/* Sockets of clients that were closed at their end. An id, as the request may be over and its memory another's. */
static void clients_gone(struct gateway *gateway)
{
    struct epoll_event events[GONE_MAX];
    int count = epoll_wait(gateway->clients, events, GONE_MAX, 0);

    for (int i = 0; i < count; i++) {
        struct request *request = gateway->requests;

        while (request != NULL && request->id != events[i].data.u64)
            request = request->next;
        if (request != NULL)
            cut(request, REQUEST_CLIENT_GONE);
    }
}

/* --- the loop --- */

/* The transfers cannot go on: what an engine works on is lost, and told so. */
static void group_anew(struct gateway *gateway, const struct error *why)
{
    struct http_group *fresh = NULL;
    struct error ignored = ERROR_INIT;

    for (struct request *request = gateway->requests, *next = NULL; request != NULL; request = next) {
        next = request->next;
        if (request->is_running)
            proxy_fail(request, USAGE_FAILED, 502, "upstream_broken", "%s", why->text);
    }
    if (!http_group_new(&fresh, &ignored))
        return; /* the old one is tried again */
    http_group_free(gateway->group);
    gateway->group = fresh;
}

static bool is_over(struct gateway *gateway)
{
    bool over = false;

    pthread_mutex_lock(&gateway->mutex);
    over = gateway->must_exit && gateway->count == 0;
    pthread_mutex_unlock(&gateway->mutex);
    return over;
}

static int sooner(int64_t a_ms, int64_t b_ms)
{
    int64_t least = a_ms < 0 ? b_ms : b_ms < 0 || a_ms < b_ms ? a_ms : b_ms;

    return least < 0 || least > IDLE_MS ? IDLE_MS : (int)least;
}

static void wait_and_relay(struct gateway *gateway, int wait_ms)
{
    struct pollfd others[] = { { .fd = gateway->wake, .events = POLLIN },
                               { .fd = gateway->clients, .events = POLLIN } };
    struct error err = ERROR_INIT;
    struct http_done done;
    eventfd_t ignored = 0;

    if (!http_group_wait(gateway->group, others, 2, wait_ms, &err)) {
        group_anew(gateway, &err);
        return;
    }
    if ((others[0].revents & POLLIN) != 0)
        (void)eventfd_read(gateway->wake, &ignored);
    while (http_group_next(gateway->group, &done))
        relay_done(gateway, &done);
    if ((others[1].revents & POLLIN) != 0)
        clients_gone(gateway);
}

void *proxy_run(void *data)
{
    struct gateway *gateway = data;

    while (!is_over(gateway)) {
        int64_t queue_ms = 0;

        inbox_take(gateway);
        cut_wanted(gateway);
        queue_ms = queue_step(gateway);
        wait_and_relay(gateway, sooner(queue_ms, usage_step(gateway->usage)));
    }
    return NULL;
}
