/* SPDX-License-Identifier: Apache-2.0 */
/* Inside controller/gateway: a request, shared by the thread of its HTTP server, which has the client, and the proxy thread, which has the engine. */
#pragma once

#include "common/base/limits.h"
#include "common/http/http.h"
#include "controller/api/call.h"
#include "controller/gateway/answer.h"
#include "controller/gateway/ask.h"

struct gateway;
struct model;

enum request_end { REQUEST_GOES_ON, REQUEST_CLIENT_GONE, REQUEST_KEY_REVOKED, REQUEST_CLOSING };

struct request {
    struct gateway *gateway;
    struct arena *arena; /* of the HTTP thread until it is handed over, then of the proxy thread until it has ended */
    uint64_t id;
    struct ask ask;
    const char *key_id; /* or "operator:NAME" */
    bool has_key;
    int64_t reserved;      /* of its key's tokens, until it is accounted for */
    int64_t prompt_tokens; /* about so many, of those */
    int64_t came_us;

    /* --- under the gateway's mutex --- */
    unsigned references;
    struct request *handed;    /* the next in the inbox */
    struct api_call *call;     /* while it is lent to us */
    struct api_server *server; /* NULL: the call is over */
    enum request_end wanted;
    bool is_streaming, is_over;
    bool is_counted; /* in gateway->calls */
    char *buffer;    /* of a stream: what the client has not taken yet */
    size_t begin, end, capacity;
    int status; /* of the answer in one piece */
    const char *body;
    size_t body_length;
    int64_t retry_s;

    /* --- of the proxy thread --- */
    struct request *next, *queued;
    struct model *model; /* NULL: not known yet */
    int64_t deadline_ms;
    uint64_t turn;   /* while it waits: how many rounds of all keys come before it */
    bool is_running; /* an engine works on it */
    int64_t instance_id;
    int64_t tried[LIMIT_GATEWAY_TRIES];
    int tries;
    int64_t started_us, first_us;
    int64_t passed_us; /* bytes were told to have come */
    struct http_header headers[2];
    int upstream_status;
    bool is_events;
    struct answer_stream stream;
    struct text answer;
    const char *trouble; /* why we ended the transfer ourselves, or NULL */
};

struct request *request_new(struct gateway *gateway, enum ask_kind kind);
void request_let_go(struct request *request);
/* HTTP thread, after api_await: false: it is refused, and answered so. */
bool request_hand_over(struct request *request, struct api_call *call);
/* HTTP thread: the call is over. */
void request_leave(struct request *request);
/* Proxy thread: part of a stream. False: the client takes too little of it. */
bool request_push(struct request *request, const char *bytes, size_t length);
/* Proxy thread: the whole answer; behind a stream that has begun only its end. */
void request_answer(struct request *request, int status, const char *body, size_t length);
void request_finish_stream(struct request *request);
/* HTTP thread: bytes of the stream; 0: none now, -1: the end. */
long request_take(struct request *request, char *buffer, size_t size);
enum request_end request_wanted(struct request *request);
