/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a GGUF header piece by piece; `at` never passes `size`, so no later check can wrap around. */
#include "common/model/gguf_stream.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define PIECE (64 * 1024)

void gguf_stream_open(struct gguf_stream *stream, struct arena *arena, int fd, const char *path, uint64_t size)
{
    *stream = (struct gguf_stream){ .fd = fd, .path = path, .size = size };
    stream->buffer = arena_alloc(arena, PIECE);
}

/* Always false, which an analyser cannot see through error_set. */
static bool ends(const struct gguf_stream *stream, uint64_t length, const char *what, struct error *err)
{
    error_set(err,
              "the file is cut off or damaged: %s at byte %" PRIu64 " needs %" PRIu64 " bytes, the file has %" PRIu64
              " bytes in all",
              what, stream->at, length, stream->size);
    return false;
}

/* Makes the buffer begin at `at`. */
static bool fill(struct gguf_stream *stream, struct error *err)
{
    stream->buffer_at = stream->at;
    stream->buffered = 0;
    uint64_t want = gguf_stream_left(stream) < PIECE ? gguf_stream_left(stream) : PIECE;
    while (stream->buffered < want) {
        ssize_t got = pread(stream->fd, stream->buffer + stream->buffered, want - stream->buffered,
                            (off_t)(stream->buffer_at + stream->buffered));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(err, "cannot be read at byte %" PRIu64, stream->buffer_at + stream->buffered);
        if (got == 0)
            return error_set(err, "the file became shorter while it was read");
        stream->buffered += (uint64_t)got;
    }
    return true;
}

bool gguf_stream_bytes(struct gguf_stream *stream, void *out, uint64_t length, const char *what, struct error *err)
{
    char *target = out;

    if (length > gguf_stream_left(stream))
        return ends(stream, length, what, err);
    while (length > 0) {
        uint64_t offset = stream->at - stream->buffer_at;
        if (stream->at < stream->buffer_at || offset >= stream->buffered) {
            if (!fill(stream, err))
                return false;
            offset = 0;
        }
        uint64_t part = stream->buffered - offset;
        if (part > length)
            part = length;
        memcpy(target, stream->buffer + offset, (size_t)part);
        target += part;
        stream->at += part;
        length -= part;
    }
    return true;
}

bool gguf_stream_skip(struct gguf_stream *stream, uint64_t length, const char *what, struct error *err)
{
    if (length > gguf_stream_left(stream))
        return ends(stream, length, what, err);
    stream->at += length;
    return true;
}

uint64_t gguf_number(const void *data, uint64_t size, bool swap)
{
    const unsigned char *bytes = data;
    uint64_t number = 0;

    for (uint64_t i = 0; i < size; i++)
        number |= (uint64_t)bytes[swap ? size - 1 - i : i] << (8 * i);
    return number;
}

bool gguf_stream_u32(struct gguf_stream *stream, uint32_t *out, const char *what, struct error *err)
{
    unsigned char data[4];

    if (!gguf_stream_bytes(stream, data, sizeof(data), what, err))
        return false;
    *out = (uint32_t)gguf_number(data, sizeof(data), stream->swap);
    return true;
}

bool gguf_stream_u64(struct gguf_stream *stream, uint64_t *out, const char *what, struct error *err)
{
    unsigned char data[8];

    if (!gguf_stream_bytes(stream, data, sizeof(data), what, err))
        return false;
    *out = gguf_number(data, sizeof(data), stream->swap);
    return true;
}

bool gguf_stream_string(struct gguf_stream *stream, struct arena *arena, uint64_t limit, const char **out,
                        const char *what, struct error *err)
{
    uint64_t length = 0;

    if (!gguf_stream_u64(stream, &length, what, err))
        return false;
    if (length > gguf_stream_left(stream))
        return ends(stream, length, what, err);
    if (length > limit)
        return error_set(err, "%s at byte %" PRIu64 " is %" PRIu64 " bytes long, more than %" PRIu64, what, stream->at,
                         length, limit);
    char *text = arena_alloc(arena, (size_t)length + 1);
    if (!gguf_stream_bytes(stream, text, length, what, err))
        return false;
    if (strlen(text) != length)
        return error_set(err, "%s at byte %" PRIu64 " holds a NUL byte", what, stream->at - length);
    *out = text;
    return true;
}
