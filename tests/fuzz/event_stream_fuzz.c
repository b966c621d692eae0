/* SPDX-License-Identifier: Apache-2.0 */
/* Server-sent events as `roost events -f` reads them: cut anywhere they must give the same messages. */
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "cli/center_follow.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

struct given {
    const char *bytes;
    size_t size, piece;
    struct text seen;
};

/* In the place of a connection: the bytes, in pieces. */
static enum center_stream_end given_stream(struct center_client *client, const struct center_stream *stream,
                                           struct error *err)
{
    const struct given *given = (const void *)client;

    (void)err;
    for (size_t at = 0; at < given->size; at += given->piece) {
        size_t left = given->size - at;

        if (!stream->take(stream->data, given->bytes + at, left < given->piece ? left : given->piece))
            return CENTER_STREAM_STOPPED;
    }
    return CENTER_STREAM_ENDED;
}

#define center_client_stream given_stream
#include "cli/center_follow.c"

static bool message_take(void *data, const struct center_message *message)
{
    struct given *given = data;

    text_printf(&given->seen, "%s|%s|%s\n", message->id == NULL ? "" : message->id, message->event, message->data);
    return strcmp(message->event, "end") != 0;
}

static const char *messages_of(struct arena *arena, const unsigned char *data, size_t size, size_t piece)
{
    struct given given = { .bytes = (const char *)data, .size = size, .piece = piece, .seen = text_new(arena) };
    struct center_follow follow = { .path = "/", .take = message_take, .data = &given };
    struct error err = ERROR_INIT;

    if (!center_follow((struct center_client *)(void *)&given, &follow, true, &err))
        abort();
    return given.seen.data == NULL ? "" : given.seen.data;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    ARENA_SCOPED arena = arena_new();

    if (strcmp(messages_of(arena, data, size, size + 1), messages_of(arena, data, size, 3)) != 0)
        abort();
    return 0;
}
