/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading frames from a descriptor piece by piece, and writing them whole. A header is checked as soon as
 * it is there: nothing is allocated for a frame that will be refused.
 */
#include "common/protocol/frame.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/json/json.h"

#define BUFFER_FIRST (64 * 1024)
#define BUFFER_KEPT (4 * LIMIT_CONTENT_CHUNK) /* a larger buffer is given back once it is empty */
#define SHOWN_BYTES 60

struct frame_reader {
    int fd;
    bool is_broken, is_shown; /* is_shown: the byte at `start` was replaced by a NUL for the last frame */
    unsigned char hidden;     /* that byte */
    unsigned char *data;
    size_t start, end, capacity; /* unread bytes are data[start..end) */
};

struct frame_reader *frame_reader_new(int fd)
{
    struct frame_reader *reader = calloc(1, sizeof(*reader));

    if (reader != NULL)
        reader->fd = fd;
    return reader;
}

void frame_reader_free(struct frame_reader *reader)
{
    if (reader == NULL)
        return;
    free(reader->data);
    free(reader);
}

static uint32_t number_get(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void number_put(unsigned char *at, uint32_t number)
{
    at[0] = (unsigned char)(number >> 24);
    at[1] = (unsigned char)(number >> 16);
    at[2] = (unsigned char)(number >> 8);
    at[3] = (unsigned char)number;
}

/* Bytes of the frame at `start`, header included; 0 while the header is not complete. */
static size_t frame_size(const struct frame_reader *reader)
{
    if (reader->end - reader->start < FRAME_HEADER_SIZE)
        return 0;
    /* the byte hidden by the last frame's NUL is the first of the length */
    if (reader->is_shown) {
        unsigned char length[4];

        memcpy(length, reader->data + reader->start, sizeof(length));
        length[0] = reader->hidden;
        return (size_t)number_get(length) + FRAME_HEADER_SIZE;
    }
    return (size_t)number_get(reader->data + reader->start) + FRAME_HEADER_SIZE;
}

static bool frame_has_known_kind(const struct frame_reader *reader)
{
    unsigned char kind = reader->data[reader->start + 4];

    return kind >= FRAME_HELLO && kind <= FRAME_BYE;
}

/* True unless the header is complete and wrong. */
static bool frame_is_sound(const struct frame_reader *reader)
{
    size_t size = frame_size(reader);

    return size == 0 || (size <= LIMIT_FRAME + FRAME_HEADER_SIZE && frame_has_known_kind(reader));
}

bool frame_is_buffered(const struct frame_reader *reader)
{
    size_t size = frame_size(reader);

    return !frame_is_sound(reader) || (size > 0 && reader->end - reader->start >= size);
}

static enum frame_status frame_broken(struct frame_reader *reader)
{
    reader->is_broken = true;
    return FRAME_BROKEN;
}

/* The usual cause is a login script that prints something: show what came. */
static enum frame_status frame_refuse(struct frame_reader *reader, struct error *err)
{
    const unsigned char *at = reader->data + reader->start;
    size_t length = reader->end - reader->start, shown = 0;
    char text[SHOWN_BYTES + 1];

    for (; shown < length && shown < SHOWN_BYTES && (isprint(at[shown]) || at[shown] == '\t'); shown++)
        text[shown] = (char)at[shown];
    text[shown] = '\0';
    if (shown >= 4)
        error_set(err, "the other side sent text where a frame was expected: '%s'", text);
    else if (frame_size(reader) > LIMIT_FRAME + FRAME_HEADER_SIZE)
        error_set_kind(err, ERROR_LIMIT, "a frame of %u bytes was announced, at most %d are allowed", number_get(at),
                       LIMIT_FRAME);
    else
        error_set(err, "unknown kind of frame: %u", at[4]);
    return frame_broken(reader);
}

/* Room for the frame that has begun, or for a first read. */
static bool buffer_room(struct frame_reader *reader, struct error *err)
{
    size_t size = frame_size(reader), held = reader->end - reader->start;
    size_t capacity = reader->capacity < BUFFER_FIRST ? BUFFER_FIRST : reader->capacity;
    unsigned char *data;

    if (held > 0 && reader->start > 0)
        memmove(reader->data, reader->data + reader->start, held);
    reader->start = 0;
    reader->end = held;
    if (held == 0 && capacity > BUFFER_KEPT)
        capacity = BUFFER_FIRST;
    while (capacity < size + 1)
        capacity *= 2;
    if (capacity == reader->capacity)
        return true;
    data = realloc(reader->data, capacity);
    if (data == NULL)
        return error_set(err, "no memory for a frame of %zu bytes", size);
    reader->data = data;
    reader->capacity = capacity;
    return true;
}

static enum frame_status frame_fill(struct frame_reader *reader, struct error *err)
{
    ssize_t got;

    if (!buffer_room(reader, err))
        return frame_broken(reader);
    got = read(reader->fd, reader->data + reader->end, reader->capacity - reader->end - 1);
    if (got > 0) {
        reader->end += (size_t)got;
        return FRAME_READY;
    }
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return FRAME_AGAIN;
    if (got < 0 && errno == ECONNRESET) /* a socket's other end went with what we had sent unread */
        got = 0;
    if (got == 0 && reader->end == reader->start)
        return FRAME_EOF;
    if (got == 0)
        error_set(err, "the stream ended inside a frame");
    else
        error_set_errno(err, "cannot read a frame");
    return frame_broken(reader);
}

static void frame_take(struct frame_reader *reader, struct frame *out)
{
    const unsigned char *at = reader->data + reader->start;
    size_t size = frame_size(reader);

    out->kind = (enum frame_kind)at[4];
    out->channel = number_get(at + 5);
    out->data = (const char *)at + FRAME_HEADER_SIZE;
    out->length = size - FRAME_HEADER_SIZE;
    reader->start += size;
    reader->hidden = reader->data[reader->start];
    reader->data[reader->start] = '\0';
    reader->is_shown = true;
}

enum frame_status frame_read(struct frame_reader *reader, struct frame *out, struct error *err)
{
    enum frame_status status;

    if (reader->is_shown)
        reader->data[reader->start] = reader->hidden;
    reader->is_shown = false;
    if (reader->is_broken) {
        error_set(err, "the stream of frames is broken");
        return FRAME_BROKEN;
    }
    if (!frame_is_buffered(reader) && frame_is_sound(reader)) {
        status = frame_fill(reader, err);
        if (status != FRAME_READY)
            return status;
    }
    if (!frame_is_sound(reader))
        return frame_refuse(reader, err);
    if (!frame_is_buffered(reader))
        return FRAME_AGAIN;
    frame_take(reader, out);
    return FRAME_READY;
}

static bool frame_header(unsigned char *header, enum frame_kind kind, uint32_t channel, size_t length,
                         struct error *err)
{
    if (length > LIMIT_FRAME)
        return error_set_kind(err, ERROR_LIMIT, "a message of %zu bytes does not fit into a frame of %d", length,
                              LIMIT_FRAME);
    number_put(header, (uint32_t)length);
    header[4] = (unsigned char)kind;
    number_put(header + 5, channel);
    return true;
}

bool frame_write(int fd, enum frame_kind kind, uint32_t channel, const void *data, size_t length, struct error *err)
{
    unsigned char header[FRAME_HEADER_SIZE];
    struct iovec parts[2] = { { .iov_base = header, .iov_len = sizeof(header) } };
    size_t done = 0, rest;
    ssize_t written;

    if (!frame_header(header, kind, channel, length, err))
        return false;
    memcpy(&parts[1].iov_base, &data, sizeof(data)); /* writev only reads from it */
    parts[1].iov_len = length;
    written = writev(fd, parts, length > 0 ? 2 : 1);
    if (written < 0 && errno != EINTR && errno != EAGAIN)
        return error_set_errno(err, "cannot write a frame");
    if (written > 0)
        done = (size_t)written;
    if (done < sizeof(header)) {
        if (!fd_write_all(fd, header + done, sizeof(header) - done, err))
            return error_prefix(err, "cannot write a frame");
        done = sizeof(header);
    }
    rest = sizeof(header) + length - done;
    if (rest > 0 && !fd_write_all(fd, (const char *)data + (length - rest), rest, err))
        return error_prefix(err, "cannot write a frame");
    return true;
}

bool frame_write_value(int fd, enum frame_kind kind, uint32_t channel, const struct value *value, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct text out = text_new(arena);

    json_write(&out, value, &JSON_COMPACT);
    return frame_write(fd, kind, channel, out.data, out.length, err);
}

bool frame_encode(struct text *out, enum frame_kind kind, uint32_t channel, const void *data, size_t length,
                  struct error *err)
{
    unsigned char header[FRAME_HEADER_SIZE];

    if (!frame_header(header, kind, channel, length, err))
        return false;
    text_add_n(out, (const char *)header, sizeof(header));
    text_add_n(out, data, length);
    return true;
}
