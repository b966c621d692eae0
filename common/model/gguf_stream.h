/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header of a GGUF file as a stream of numbers and strings: read in pieces with pread, every length checked against
 * what the file still holds before it is used. Owns its buffer (in the arena), not the descriptor.
 */
#pragma once

#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"

struct gguf_stream {
    int fd;
    const char *path; /* for messages */
    uint64_t size;    /* of the file */
    uint64_t at;      /* next byte to be given out */
    bool swap;        /* the file's byte order is not ours */
    char *buffer;
    uint64_t buffer_at; /* place in the file of buffer[0] */
    uint64_t buffered;  /* bytes in it */
};

void gguf_stream_open(struct gguf_stream *stream, struct arena *arena, int fd, const char *path, uint64_t size);
/* `what` is for the message when the file ends first. */
bool gguf_stream_bytes(struct gguf_stream *stream, void *out, uint64_t length, const char *what, struct error *err);
bool gguf_stream_skip(struct gguf_stream *stream, uint64_t length, const char *what, struct error *err);
bool gguf_stream_u32(struct gguf_stream *stream, uint32_t *out, const char *what, struct error *err);
bool gguf_stream_u64(struct gguf_stream *stream, uint64_t *out, const char *what, struct error *err);
/* Length and bytes; longer than `limit` is an error. A NUL byte inside is one too. */
bool gguf_stream_string(struct gguf_stream *stream, struct arena *arena, uint64_t limit, const char **out,
                        const char *what, struct error *err);
/* A number of `size` bytes (1, 2, 4, 8) as it lies in the file, byte order ours, not extended. */
uint64_t gguf_number(const void *data, uint64_t size, bool swap);

static inline uint64_t gguf_stream_left(const struct gguf_stream *stream)
{
    return stream->size - stream->at;
}
