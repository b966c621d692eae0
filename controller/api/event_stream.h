/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server-sent events out of the store: what is being sent, and when to read on. Knows neither what is read nor of whom.
 */
#pragma once

#include "common/base/text.h"
#include "controller/api/call.h"

#define EVENT_STREAM_ROWS 100 /* read at once */

struct event_stream {
    struct text text; /* what is being sent; its memory is used again */
    size_t sent;
    bool ended; /* after the text nothing comes */
    /* Puts what is new since the last time; nothing when there is nothing. */
    void (*fill)(struct api_call *call, struct event_stream *stream);
};

/* Empty, in the call's memory; texts may be put before it begins. */
void event_stream_init(struct api_call *call, struct event_stream *stream,
                       void (*fill)(struct api_call *call, struct event_stream *stream));
/* Answers the call; `stream` lives as long as it does. */
void event_stream_begin(struct api_call *call, struct event_stream *stream, uint64_t topic);
/* `id` 0: none; `kind` NULL: none, and one that is no word of [a-z_.] is told as "unknown"; `data` is JSON on one line. */
void event_stream_put(struct event_stream *stream, int64_t id, const char *kind, const char *data);
/* The number behind which a client goes on by its Last-Event-ID, unchanged without one. False: answered already. */
bool event_stream_resume(struct api_call *call, int64_t *after);
