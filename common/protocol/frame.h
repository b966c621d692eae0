/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames between engine and session, over any byte stream (pipe, ssh, later TLS).
 *
 *   offset 0  uint32 big-endian  payload length (<= LIMIT_FRAME, checked before allocation)
 *   offset 4  uint8              enum frame_kind
 *   offset 5  uint32 big-endian  channel: the task's number, 0 for the session itself
 *   offset 9  payload            JSON for control frames, raw bytes for FRAME_CONTENT
 *
 * Conversation: session sends HELLO {protocol, build, pid, hostname}; engine sends HELLO {protocol, build,
 * ...}. Then TASK frames, served in order; each ends with one RESULT on the same channel. While a task runs the
 * session may send WANT {content: N} and the engine answers with CONTENT frames and one END {error?}; or the
 * session sends CONTENT frames of its own, ended by END (fetch). PROGRESS is informative. CANCEL stops the
 * running task. BYE ends the session.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

#define PROTOCOL_VERSION 1
#define FRAME_HEADER_SIZE 9

enum frame_kind {
    FRAME_HELLO = 1,
    FRAME_TASK,
    FRAME_RESULT,
    FRAME_WANT,
    FRAME_CONTENT,
    FRAME_END,
    FRAME_PROGRESS,
    FRAME_CANCEL,
    FRAME_BYE,
};

struct frame {
    enum frame_kind kind;
    uint32_t channel;
    const char *data; /* NUL added behind it; valid until the next read of the same reader */
    size_t length;
};

/* Incremental reader for one fd: keeps what arrived, gives whole frames. malloc'ed buffer, grows on demand. */
struct frame_reader;
struct frame_reader *frame_reader_new(int fd);
void frame_reader_free(struct frame_reader *reader);

enum frame_status { FRAME_READY, FRAME_AGAIN, FRAME_EOF, FRAME_BROKEN };
/* Takes a frame from the buffer, reading from the fd at most once (blocking fd: blocks). FRAME_BROKEN fills err;
 * end of stream inside a frame is FRAME_BROKEN too. */
enum frame_status frame_read(struct frame_reader *reader, struct frame *out, struct error *err);
/* True if a whole frame, or a broken header, is already buffered: poll() must not be asked first. */
bool frame_is_buffered(const struct frame_reader *reader);

bool frame_write(int fd, enum frame_kind kind, uint32_t channel, const void *data, size_t length, struct error *err);
bool frame_write_value(int fd, enum frame_kind kind, uint32_t channel, const struct value *value, struct error *err);
/* Encodes into `out` instead of an fd: for tests, fuzzing and queued writes. */
struct text;
bool frame_encode(struct text *out, enum frame_kind kind, uint32_t channel, const void *data, size_t length,
                  struct error *err);
