/* SPDX-License-Identifier: Apache-2.0 */
/* A request between two threads: the HTTP server's, which has the client, and the proxy's, which has the engine. */
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/json/json.h"
#include "controller/gateway/gateway_internal.h"

#define BUFFER_FIRST 4096

void gateway_wake(struct gateway *gateway)
{
    (void)eventfd_write(gateway->wake, 1);
}

struct request *request_new(struct gateway *gateway, enum ask_kind kind)
{
    struct arena *arena = arena_new();
    struct request *request = arena_new_of(arena, struct request);

    request->gateway = gateway;
    request->arena = arena;
    request->ask.kind = kind;
    request->came_us = clock_monotonic_us();
    request->references = 1;
    return request;
}

void request_let_go(struct request *request)
{
    struct gateway *gateway = request->gateway;
    bool is_last = false;

    pthread_mutex_lock(&gateway->mutex);
    is_last = --request->references == 0;
    pthread_mutex_unlock(&gateway->mutex);
    if (!is_last)
        return;
    free(request->buffer);
    arena_free_secret(request->arena);
}

static const char *refusal_of(const struct gateway *gateway)
{
    return gateway->closing ? "the gateway is going down" : "too many requests are under way";
}

bool request_hand_over(struct request *request, struct api_call *call)
{
    struct gateway *gateway = request->gateway;
    const char *refusal = NULL;

    pthread_mutex_lock(&gateway->mutex);
    request->call = call;
    request->server = api_server_of(call);
    request->id = ++gateway->next_id;
    if (gateway->closing || gateway->count >= LIMIT_GATEWAY_REQUESTS) {
        refusal = refusal_of(gateway);
    } else {
        gateway->count++;
        gateway->calls++;
        request->is_counted = true;
        request->references++;
        request->handed = NULL;
        *gateway->inbox_end = request;
        gateway->inbox_end = &request->handed;
    }
    pthread_mutex_unlock(&gateway->mutex);
    if (refusal != NULL) {
        const char *body =
            json_text(request->arena, answer_error(request->arena, 503, "busy", NULL, refusal), JSON_COMPACT);

        request->retry_s = 1;
        request_answer(request, 503, body, strlen(body));
        return false;
    }
    gateway_wake(gateway);
    return true;
}

void request_leave(struct request *request)
{
    struct gateway *gateway = request->gateway;
    bool must_end = false;

    pthread_mutex_lock(&gateway->mutex);
    request->server = NULL;
    must_end = request->id != 0 && !request->is_over;
    if (request->is_counted && --gateway->calls == 0)
        pthread_cond_broadcast(&gateway->emptied);
    if (must_end && request->wanted == REQUEST_GOES_ON) {
        request->wanted = REQUEST_CLIENT_GONE;
        gateway->has_ends = true;
    }
    pthread_mutex_unlock(&gateway->mutex);
    if (must_end)
        gateway_wake(gateway);
    request_let_go(request);
}

/* --- with the mutex held --- */

static uint64_t topic_of(const struct request *request)
{
    return api_topic("gateway", (int64_t)request->id);
}

static void wake_client(struct request *request)
{
    if (request->call != NULL) {
        struct api_call *call = request->call;

        request->call = NULL;
        api_resume(call);
    } else if (request->server != NULL) {
        api_wake(request->server, topic_of(request));
    }
}

static bool buffer_add(struct request *request, const char *bytes, size_t length)
{
    size_t used = request->end - request->begin;

    if (used + length > LIMIT_GATEWAY_UNREAD)
        return false;
    if (request->begin > 0 && request->end + length > request->capacity) {
        memmove(request->buffer, request->buffer + request->begin, used);
        request->begin = 0;
        request->end = used;
    }
    if (used + length > request->capacity) {
        size_t wanted = request->capacity == 0 ? BUFFER_FIRST : request->capacity;
        char *wider = NULL;

        while (wanted < used + length)
            wanted *= 2;
        wider = realloc(request->buffer, wanted);
        if (wider == NULL)
            return false;
        request->buffer = wider;
        request->capacity = wanted;
    }
    memcpy(request->buffer + request->end, bytes, length);
    request->end += length;
    return true;
}

/* --- from the proxy thread --- */

bool request_push(struct request *request, const char *bytes, size_t length)
{
    bool fits = true;

    pthread_mutex_lock(&request->gateway->mutex);
    if (request->server != NULL && !request->is_over) {
        bool was_empty = request->begin == request->end;

        fits = buffer_add(request, bytes, length);
        request->is_streaming = true;
        if (was_empty)
            wake_client(request);
    }
    pthread_mutex_unlock(&request->gateway->mutex);
    return fits;
}

void request_finish_stream(struct request *request)
{
    pthread_mutex_lock(&request->gateway->mutex);
    if (!request->is_over) {
        request->is_over = true;
        wake_client(request);
    }
    pthread_mutex_unlock(&request->gateway->mutex);
}

void request_answer(struct request *request, int status, const char *body, size_t length)
{
    pthread_mutex_lock(&request->gateway->mutex);
    if (!request->is_over) {
        request->status = status;
        request->body = body;
        request->body_length = length;
        request->is_over = true;
        wake_client(request);
    }
    pthread_mutex_unlock(&request->gateway->mutex);
}

enum request_end request_wanted(struct request *request)
{
    enum request_end wanted = REQUEST_GOES_ON;

    pthread_mutex_lock(&request->gateway->mutex);
    wanted = request->wanted;
    pthread_mutex_unlock(&request->gateway->mutex);
    return wanted;
}

/* --- from the HTTP thread --- */

long request_take(struct request *request, char *buffer, size_t size)
{
    long taken = 0;

    pthread_mutex_lock(&request->gateway->mutex);
    if (request->end > request->begin) {
        size_t there = request->end - request->begin, length = there < size ? there : size;

        memcpy(buffer, request->buffer + request->begin, length);
        request->begin += length;
        if (request->begin == request->end)
            request->begin = request->end = 0;
        taken = (long)length;
    } else if (request->is_over) {
        taken = -1;
    }
    pthread_mutex_unlock(&request->gateway->mutex);
    return taken;
}
