/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of events: filled from the store, sent as there is room. */
#include "controller/api/event_stream.h"

#include <string.h>

#define KEEP_ALIVE_MS 15000

void event_stream_init(struct api_call *call, struct event_stream *stream,
                       void (*fill)(struct api_call *call, struct event_stream *stream))
{
    *stream = (struct event_stream){ .text = text_new(call->arena), .fill = fill };
}

static long stream_next(struct api_call *call, char *buffer, size_t size)
{
    struct event_stream *stream = call->state;
    size_t length = 0;

    if (stream->sent == stream->text.length && !stream->ended) {
        text_truncate(&stream->text, 0);
        stream->sent = 0;
        stream->fill(call, stream);
    }
    length = stream->text.length - stream->sent;
    if (length == 0)
        return stream->ended ? -1 : 0;
    length = length < size ? length : size;
    memcpy(buffer, stream->text.data + stream->sent, length);
    stream->sent += length;
    return (long)length;
}

void event_stream_begin(struct api_call *call, struct event_stream *stream, uint64_t topic)
{
    call->state = stream;
    api_reply_stream(call, &(struct api_stream){ .content_type = "text/event-stream",
                                                 .topic = topic,
                                                 .keep_alive_ms = KEEP_ALIVE_MS,
                                                 .next = stream_next });
}

/* A line's end in a kind would begin an event of somebody's own making. */
static bool is_kind(const char *kind)
{
    return *kind != '\0' && kind[strspn(kind, "abcdefghijklmnopqrstuvwxyz_.")] == '\0';
}

void event_stream_put(struct event_stream *stream, int64_t id, const char *kind, const char *data)
{
    if (id != 0)
        text_printf(&stream->text, "id: %lld\n", (long long)id);
    if (kind != NULL)
        text_printf(&stream->text, "event: %s\n", is_kind(kind) ? kind : "unknown");
    text_printf(&stream->text, "data: %s\n\n", data);
}

bool event_stream_resume(struct api_call *call, int64_t *after)
{
    const char *resume = api_header(call, "Last-Event-ID");
    int64_t number = 0;

    if (resume == NULL)
        return true;
    if (!text_to_int(resume, &number) || number < 0) {
        api_reply_error(call, 400, "bad_request", "Last-Event-ID must be the number of an event, from 0, not '%s'",
                        resume);
        return false;
    }
    *after = number;
    return true;
}
