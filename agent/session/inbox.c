/* SPDX-License-Identifier: Apache-2.0 */
/* The queue between the engine's stream and the session. Holds copies; bounded by QUEUE_MAX bytes of waiting tasks. */
#include "agent/session/inbox.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_MAX (64 * 1024 * 1024) /* beyond this nothing is read until tasks have been served */

static void inbox_add(struct inbox *inbox, const struct frame *frame)
{
    struct inbox_frame *added = calloc(1, sizeof *added);
    char *data = malloc(frame->length + 1);
    struct inbox_frame **last = &inbox->first;

    if (!added || !data) {
        free(added);
        free(data);
        inbox->is_gone = inbox->is_broken = inbox->is_cancelled = true;
        (void)error_set(&inbox->error, "out of memory for a frame of %zu bytes", frame->length);
        return;
    }
    memcpy(data, frame->data, frame->length);
    data[frame->length] = '\0';
    added->frame = *frame;
    added->frame.data = data;
    while (*last)
        last = &(*last)->next;
    *last = added;
    inbox->queued_bytes += frame->length;
    if (inbox->queued_bytes > QUEUE_MAX)
        inbox->watch.fd = -1;
}

static void inbox_cancel(struct inbox *inbox, uint32_t channel)
{
    if (channel == inbox->current && channel != 0)
        inbox->is_cancelled = true;
    for (struct inbox_frame *at = inbox->first; at; at = at->next)
        if (at->frame.kind == FRAME_TASK && at->frame.channel == channel)
            at->is_cancelled = true;
}

static void inbox_accept(struct inbox *inbox, const struct frame *frame)
{
    bool is_content = frame->kind == FRAME_CONTENT || frame->kind == FRAME_END;

    if (frame->kind == FRAME_CANCEL)
        inbox_cancel(inbox, frame->channel);
    else if (!is_content || (frame->channel == inbox->current && inbox->current != 0))
        inbox_add(inbox, frame);
}

/* Reads once and takes every whole frame. */
static void inbox_read(void *context)
{
    struct inbox *inbox = context;
    struct frame frame;

    do {
        enum frame_status status = frame_read(inbox->reader, &frame, &inbox->error);
        if (status == FRAME_READY) {
            inbox_accept(inbox, &frame);
        } else if (status == FRAME_EOF || status == FRAME_BROKEN) {
            inbox->is_gone = inbox->is_cancelled = true;
            inbox->is_broken = status == FRAME_BROKEN;
            inbox->watch.fd = -1;
        }
    } while (!inbox->is_gone && frame_is_buffered(inbox->reader));
}

void inbox_init(struct inbox *inbox, int fd)
{
    *inbox = (struct inbox){ .fd = fd, .reader = frame_reader_new(fd) };
    inbox->watch = (struct system_watch){ .fd = fd, .ready = inbox_read, .context = inbox };
}

void inbox_frame_free(struct inbox_frame *frame)
{
    union {
        const char *given;
        void *owned;
    } data;

    if (!frame)
        return;
    data.given = frame->frame.data;
    explicit_bzero(data.owned, frame->frame.length);
    free(data.owned);
    free(frame);
}

void inbox_free(struct inbox *inbox)
{
    while (inbox->first) {
        struct inbox_frame *next = inbox->first->next;
        inbox_frame_free(inbox->first);
        inbox->first = next;
    }
    frame_reader_free(inbox->reader);
    inbox->reader = NULL;
}

void inbox_start_task(struct inbox *inbox, uint32_t channel)
{
    inbox->current = channel;
    inbox->is_cancelled = inbox->is_gone;
}

static struct inbox_frame *inbox_take_kind(struct inbox *inbox, bool wants_content)
{
    for (struct inbox_frame **at = &inbox->first; *at; at = &(*at)->next) {
        struct inbox_frame *found = *at;
        bool is_content = found->frame.kind == FRAME_CONTENT || found->frame.kind == FRAME_END;
        if (is_content != wants_content)
            continue;
        *at = found->next;
        inbox->queued_bytes -= found->frame.length;
        if (inbox->queued_bytes <= QUEUE_MAX && !inbox->is_gone)
            inbox->watch.fd = inbox->fd;
        return found;
    }
    return NULL;
}

void inbox_end_task(struct inbox *inbox)
{
    struct inbox_frame *left;

    inbox->current = 0;
    while ((left = inbox_take_kind(inbox, true)) != NULL)
        inbox_frame_free(left);
}

struct inbox_frame *inbox_take(struct inbox *inbox)
{
    return inbox_take_kind(inbox, false);
}

struct inbox_frame *inbox_take_content(struct inbox *inbox)
{
    return inbox_take_kind(inbox, true);
}

void inbox_wait(struct inbox *inbox)
{
    struct pollfd fd = { .fd = inbox->fd, .events = POLLIN };

    if (inbox->is_gone)
        return;
    while (poll(&fd, 1, -1) < 0 && errno == EINTR) {
    }
    inbox_read(inbox);
}
