/* SPDX-License-Identifier: Apache-2.0 */
/* Content in both directions: WANT, then CONTENT frames and one END. Never holds more than one chunk. */
#include "agent/session/session_content.h"

#include <stdlib.h>

#include "common/base/fd.h"
#include "common/json/json.h"

/* The END frame may carry {error: text}. */
static bool end_check(const struct frame *frame, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *payload = NULL;

    if (frame->length == 0)
        return true;
    if (!json_read(arena, frame->data, frame->length, NULL, &payload, err))
        return error_prefix(err, "end of content");
    const char *text = value_map_text(payload, "error");
    return text ? error_set(err, "%s", text) : true;
}

/* Takes frames to the END even when writing has failed: what follows must not be mistaken for other content. */
static bool receive_frames(struct session_content *content, int64_t id, int fd, struct error *err)
{
    struct error discarded = ERROR_INIT;
    bool is_written = true;

    for (;;) {
        struct inbox_frame *taken = inbox_take_content(content->inbox);
        if (content->inbox->is_cancelled) {
            inbox_frame_free(taken);
            return error_set_kind(err, ERROR_CANCELLED, "cancelled while content %lld was sent", (long long)id);
        }
        if (!taken) {
            inbox_wait(content->inbox);
            continue;
        }
        bool is_end = taken->frame.kind == FRAME_END;
        if (is_end)
            is_written = end_check(&taken->frame, is_written ? err : &discarded) && is_written;
        else if (is_written)
            is_written = fd_write_all(fd, taken->frame.data, taken->frame.length, err);
        inbox_frame_free(taken);
        if (is_end)
            return is_written;
    }
}

static bool content_receive(void *context, int64_t id, int fd, struct error *err)
{
    struct session_content *content = context;
    ARENA_SCOPED arena = arena_new();
    struct value *want = value_map(arena);

    value_map_put_int(arena, want, "content", id);
    if (!frame_write_value(content->output, FRAME_WANT, content->channel, want, err))
        return false;
    return receive_frames(content, id, fd, err);
}

static bool send_chunks(struct session_content *content, int fd, char *buffer, struct error *err)
{
    size_t got = 0;

    do {
        if (system_is_cancelled(
                &(struct system){ .watch = &content->inbox->watch, .cancelled = &content->inbox->is_cancelled }))
            return error_set_kind(err, ERROR_CANCELLED, "cancelled while content was sent");
        if (!fd_read_all(fd, buffer, LIMIT_CONTENT_CHUNK, &got, err))
            return false;
        if (got > 0 && !frame_write(content->output, FRAME_CONTENT, content->channel, buffer, got, err))
            return false;
    } while (got == LIMIT_CONTENT_CHUNK);
    return true;
}

static bool content_send(void *context, int fd, struct error *err)
{
    struct session_content *content = context;
    ARENA_SCOPED arena = arena_new();
    struct value *end = value_map(arena);
    struct error ignored = ERROR_INIT;
    char *buffer = malloc(LIMIT_CONTENT_CHUNK);

    if (!buffer)
        return error_set(err, "out of memory for %d bytes", LIMIT_CONTENT_CHUNK);
    bool is_sent = send_chunks(content, fd, buffer, err);
    free(buffer);
    if (!is_sent)
        value_map_put_string(arena, end, "error", err->text);
    return frame_write_value(content->output, FRAME_END, content->channel, end, is_sent ? err : &ignored) && is_sent;
}

static void content_progress(void *context, const char *message)
{
    struct session_content *content = context;
    ARENA_SCOPED arena = arena_new();
    struct value *payload = value_map(arena);
    struct error ignored = ERROR_INIT; /* progress is informative: a broken pipe shows at the result */

    value_map_put_string(arena, payload, "message", message);
    (void)frame_write_value(content->output, FRAME_PROGRESS, content->channel, payload, &ignored);
}

struct content_channel session_content_channel(struct session_content *content)
{
    return (struct content_channel){
        .context = content, .receive = content_receive, .send = content_send, .progress = content_progress
    };
}
