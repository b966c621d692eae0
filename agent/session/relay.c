/* SPDX-License-Identifier: Apache-2.0 */
/* Passes frames between engine and helper, looking into none of them beyond kind and channel. */
#include "agent/session/relay.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "common/base/fd.h"

struct relay {
    struct inbox *inbox;
    int output;
    uint32_t channel;
    struct become_helper *helper;
    bool is_done, is_cancel_sent, helper_is_lost;
};

static bool relay_lose(struct relay *relay)
{
    relay->helper_is_lost = true;
    return false;
}

/* From the helper: one read, every whole frame. */
static bool relay_from_helper(struct relay *relay, struct error *err)
{
    struct frame frame;

    do {
        enum frame_status status = frame_read(relay->helper->reader, &frame, err);
        if (status == FRAME_AGAIN)
            return true;
        if (status != FRAME_READY)
            return relay_lose(relay);
        if (frame.channel != relay->channel)
            continue;
        if (!frame_write(relay->output, frame.kind, frame.channel, frame.data, frame.length, err))
            return false;
        relay->is_done = frame.kind == FRAME_RESULT;
    } while (!relay->is_done && frame_is_buffered(relay->helper->reader));
    return true;
}

/* To the helper: content for the task, and one CANCEL. */
static bool relay_to_helper(struct relay *relay, struct error *err)
{
    struct inbox_frame *taken;
    bool is_sent = true;

    while (is_sent && (taken = inbox_take_content(relay->inbox)) != NULL) {
        is_sent = frame_write(relay->helper->input, taken->frame.kind, taken->frame.channel, taken->frame.data,
                              taken->frame.length, err);
        inbox_frame_free(taken);
    }
    if (is_sent && relay->inbox->is_cancelled && !relay->is_cancel_sent) {
        relay->is_cancel_sent = true;
        is_sent = frame_write(relay->helper->input, FRAME_CANCEL, relay->channel, NULL, 0, err);
    }
    return is_sent || relay_lose(relay);
}

/* A session writes nothing there; sudo may. Read so that it never blocks. */
static void relay_drop_messages(struct become_helper *helper)
{
    char buffer[1024];
    ssize_t got = read(helper->errors, buffer, sizeof buffer);

    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        fd_close(helper->errors);
        helper->errors = -1;
    }
}

static bool relay_loop(struct relay *relay, struct error *err)
{
    const struct system_watch *watch = &relay->inbox->watch;

    while (!relay->is_done) {
        struct pollfd fds[3] = {
            { .fd = relay->helper->output, .events = POLLIN },
            { .fd = relay->helper->errors, .events = POLLIN },
            { .fd = watch->fd, .events = POLLIN },
        };
        (void)poll(fds, 3, -1);
        if (fds[1].revents)
            relay_drop_messages(relay->helper);
        if (fds[2].revents)
            watch->ready(watch->context);
        if (relay->inbox->is_gone)
            return error_set_kind(err, ERROR_CANCELLED, "the engine is gone");
        if (!relay_to_helper(relay, err) || (fds[0].revents && !relay_from_helper(relay, err)))
            return false;
    }
    return true;
}

enum relay_outcome relay_task(struct inbox *inbox, int output, uint32_t channel, const struct value *task,
                              struct become_helper *helper, struct error *err)
{
    struct relay relay = { .inbox = inbox, .output = output, .channel = channel, .helper = helper };
    bool is_answered =
        frame_write_value(helper->input, FRAME_TASK, channel, task, err) ? relay_loop(&relay, err) : relay_lose(&relay);

    if (is_answered)
        return RELAY_ANSWERED;
    return relay.helper_is_lost ? RELAY_HELPER_LOST : RELAY_ENGINE_LOST;
}
