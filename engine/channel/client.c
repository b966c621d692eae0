/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's end of a session: queues task frames, hands out results, streams content, notices the end. Never blocks but
 * for writing fetched content to a local file.
 */
#include "engine/channel/client.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"

#define BOOTSTRAP_NOISE_MAX (64 * 1024) /* banners that login scripts print before the session starts */
#define ENDING_MS 1000

struct client *client_new(const struct connection_target *target)
{
    struct arena *arena = arena_new();
    struct client *client = arena_new_of(arena, struct client);
    client->base.ops = &client_ops;
    client->arena = arena;
    client->target = target;
    client->child = (struct spawned){ 0, -1, -1, -1, false };
    client->content_fd = -1;
    return client;
}

void client_start(struct client *client, const struct spawned *child)
{
    client->child = *child;
    client->reader = frame_reader_new(child->out);
    client->state = client->bootstrap ? CLIENT_BOOTSTRAP : CLIENT_GREETING;
}

static enum connection_event client_lose(struct client *client, const char *message, struct connection_reply *out)
{
    client->state = CLIENT_LOST;
    client->lost = arena_copy(client->arena, message);
    client_content_stop(client);
    out->message = client->lost;
    return CONNECTION_LOST;
}

const char *client_last_note(struct client *client, struct arena *arena)
{
    const char *cursor = client->notes, *end = client->notes + client->notes_length, *line = NULL;
    const char *found = NULL;
    size_t length = 0;
    while (text_line(&cursor, end, &line, &length)) {
        char *trimmed = text_trim(arena, line, length);
        if (*trimmed)
            found = trimmed;
    }
    return found;
}

/* Keeps the last CLIENT_NOTES bytes. True at end of file. */
static bool read_notes(struct client *client)
{
    char chunk[2048];
    for (;;) {
        ssize_t got = client->child.err < 0 ? 0 : read(client->child.err, chunk, sizeof(chunk));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0) {
            fd_close(client->child.err); /* poll() must not report its end again and again */
            client->child.err = -1;
            return true;
        }
        size_t size = (size_t)got, room = CLIENT_NOTES - client->notes_length;
        if (size > room) {
            size_t drop = size - room;
            memmove(client->notes, client->notes + drop, client->notes_length - drop);
            client->notes_length -= drop;
        }
        memcpy(client->notes + client->notes_length, chunk, size);
        client->notes_length += size;
        client->notes[client->notes_length] = '\0';
    }
}

static const char *describe_end(struct client *client, struct arena *arena)
{
    int status = client->child_status;
    if (client->explain)
        return client->explain(client, arena, status);
    const char *note = client_last_note(client, arena);
    if (WIFSIGNALED(status))
        return arena_printf(arena, "the session was killed by signal %d (%s)", WTERMSIG(status),
                            strsignal(WTERMSIG(status)));
    return arena_printf(arena, "the session ended early with status %d%s%s", WEXITSTATUS(status), note ? ": " : "",
                        note ? note : "");
}

static enum connection_event client_ending(struct client *client, struct connection_reply *out)
{
    bool silent = read_notes(client);
    if (!client->child_ended)
        client->child_ended = spawn_ended(client->child.pid, &client->child_status);
    if (clock_monotonic_ms() < client->deadline_ms && !(silent && client->child_ended))
        return CONNECTION_NOTHING;
    if (client->child_ended)
        client->child.pid = 0;
    ARENA_SCOPED scratch = arena_new();
    return client_lose(client, describe_end(client, scratch), out);
}

static enum connection_event client_end(struct client *client, struct connection_reply *out)
{
    client->state = CLIENT_ENDING;
    client->deadline_ms = clock_monotonic_ms() + ENDING_MS;
    return client_ending(client, out);
}

static void client_release(struct client *client)
{
    if (client->release)
        client->release(client);
    client->release = NULL;
}

/* --- before the first frame --- */

/* One line of the child's stdout, read byte by byte: what follows the last bootstrap line belongs to the frame reader. */
static int read_line(struct client *client)
{
    for (;;) {
        char c;
        ssize_t got = read(client->child.out, &c, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return 0;
        if (got == 0 || ++client->noise > BOOTSTRAP_NOISE_MAX)
            return -1;
        if (c == '\n') {
            client->line[client->line_length] = '\0';
            client->line_length = 0;
            return 1;
        }
        if (client->line_length < sizeof(client->line) - 1)
            client->line[client->line_length++] = c;
    }
}

static enum connection_event client_bootstrap_step(struct client *client, struct connection_reply *out)
{
    struct error err = ERROR_INIT;
    while (client->state == CLIENT_BOOTSTRAP) {
        int got = read_line(client);
        if (got == 0)
            return CONNECTION_NOTHING;
        if (got < 0)
            return client_end(client, out);
        if (!client->bootstrap(client, client->line, &err))
            return client_lose(client, err.text, out);
    }
    return CONNECTION_NOTHING;
}

static bool greet(struct client *client, const struct frame *frame, struct error *err)
{
    ARENA_SCOPED scratch = arena_new();
    const struct value *hello = NULL;
    if (frame->kind != FRAME_HELLO)
        return error_set(err, "the session did not say hello but sent frame kind %d", (int)frame->kind);
    if (!json_read(scratch, frame->data, frame->length, NULL, &hello, err))
        return error_prefix(err, "greeting of the session");
    const struct value *protocol = value_map_get(hello, "protocol");
    const char *build = value_map_text(hello, "build");
    if (!value_is(protocol, VALUE_INT) || protocol->as.integer != PROTOCOL_VERSION)
        return error_set(err, "the agent (build %s) speaks protocol %lld, this roost (build %s) speaks %d",
                         build ? build : "?", value_is(protocol, VALUE_INT) ? (long long)protocol->as.integer : -1LL,
                         ROOST_VERSION, PROTOCOL_VERSION);
    struct value *answer = value_map(scratch);
    value_map_put_int(scratch, answer, "protocol", PROTOCOL_VERSION);
    value_map_put_string(scratch, answer, "build", ROOST_VERSION);
    struct text encoded = text_new(scratch);
    char *json = json_text(scratch, answer, JSON_COMPACT);
    if (!frame_encode(&encoded, FRAME_HELLO, 0, json, strlen(json), err))
        return false;
    outbox_add(&client->outbox, encoded.data, encoded.length);
    if (outbox_pending(&client->waiting))
        outbox_add(&client->outbox, client->waiting.data + client->waiting.start, outbox_pending(&client->waiting));
    outbox_free(&client->waiting);
    client->state = CLIENT_READY;
    client->was_ready = true;
    client->deadline_ms = 0;
    client_release(client);
    return true;
}

/* --- frames of a running session --- */

static struct client_call *find_call(struct client *client, uint32_t number)
{
    struct client_call *item = client->first;
    while (item && item->number != number)
        item = item->next;
    return item;
}

static void forget_call(struct client *client, struct client_call *item)
{
    struct client_call **link = &client->first;
    while (*link != item)
        link = &(*link)->next;
    *link = item->next;
    item->next = client->spare;
    client->spare = item;
    client->last = NULL;
    for (struct client_call *left = client->first; left; left = left->next)
        client->last = left;
}

static bool handle_result(struct client *client, struct arena *arena, const struct frame *frame,
                          struct connection_reply *out, struct error *err)
{
    struct client_call *item = find_call(client, frame->channel);
    if (!item)
        return error_set(err, "the session answered task %u, which nobody asked for", frame->channel);
    if (!json_read(arena, frame->data, frame->length, NULL, &out->result, err))
        return error_prefix(err, "result of the session");
    out->call = frame->channel;
    forget_call(client, item);
    client_content_stop(client);
    return true;
}

static bool handle_want(struct client *client, const struct frame *frame, struct error *err)
{
    ARENA_SCOPED scratch = arena_new();
    const struct value *want = NULL;
    struct client_call *item = find_call(client, frame->channel);
    if (!item || !json_read(scratch, frame->data, frame->length, NULL, &want, err))
        return error_set(err, "the session asked for content of no task");
    const struct value *id = value_map_get(want, "content");
    return client_content_begin(client, item, value_is(id, VALUE_INT) ? id->as.integer : -1, err);
}

static bool handle_content(struct client *client, const struct frame *frame, struct error *err)
{
    struct client_call *item = find_call(client, frame->channel);
    if (item && item->is_cancelled)
        return true;
    if (!item || item->call->receive_fd < 0)
        return error_set(err, "the session sent content that nobody asked for");
    if (!fd_write_all(item->call->receive_fd, frame->data, frame->length, err))
        return error_prefix(err, "content from the node");
    return true;
}

/* A map, or a mere text. */
static void handle_progress(struct arena *arena, const struct frame *frame, struct connection_reply *out)
{
    const struct value *told = NULL;
    struct error ignored = ERROR_INIT;

    out->call = frame->channel;
    out->message = arena_copy_n(arena, frame->data, frame->length);
    out->is_command = false;
    if (frame->length == 0 || frame->data[0] != '{' ||
        !json_read(arena, frame->data, frame->length, NULL, &told, &ignored) || value_map_text(told, "message") == NULL)
        return;
    out->message = value_map_text(told, "message");
    out->is_command = value_map_true(told, "command");
}

static bool handle_frame(struct client *client, struct arena *arena, const struct frame *frame,
                         struct connection_reply *out, enum connection_event *event, struct error *err)
{
    *event = CONNECTION_NOTHING;
    switch (frame->kind) {
    case FRAME_RESULT:
        *event = CONNECTION_RESULT;
        return handle_result(client, arena, frame, out, err);
    case FRAME_WANT:
        return handle_want(client, frame, err);
    case FRAME_CONTENT:
        return handle_content(client, frame, err);
    case FRAME_PROGRESS:
        *event = CONNECTION_PROGRESS;
        handle_progress(arena, frame, out);
        return true;
    case FRAME_END:
        return true;
    default:
        return error_set(err, "the session sent frame kind %d, which has no place here", (int)frame->kind);
    }
}

static enum connection_event client_frames(struct client *client, struct arena *arena, struct connection_reply *out)
{
    struct error err = ERROR_INIT;
    for (;;) {
        struct frame frame;
        enum connection_event event = CONNECTION_NOTHING;
        enum frame_status status = frame_read(client->reader, &frame, &err);
        if (status == FRAME_AGAIN)
            return CONNECTION_NOTHING;
        if (status == FRAME_EOF)
            return client_end(client, out);
        bool ok = status == FRAME_READY &&
                  (client->state == CLIENT_GREETING ? greet(client, &frame, &err)
                                                    : handle_frame(client, arena, &frame, out, &event, &err));
        if (!ok) {
            error_prefix(&err, "the conversation with the node broke");
            return client_lose(client, err.text, out);
        }
        if (event != CONNECTION_NOTHING)
            return event;
    }
}

/* --- the connection interface --- */

static bool client_send(struct client *client)
{
    struct error err = ERROR_INIT; /* a broken pipe is explained by the end of stdout that follows */
    if (client->state == CLIENT_READY && !client_content_continue(client, &err))
        return false;
    return outbox_flush(&client->outbox, client->child.in, &err);
}

static enum connection_event client_take(struct connection *connection, struct arena *arena,
                                         struct connection_reply *out)
{
    struct client *client = (struct client *)(void *)connection;
    enum connection_event event = CONNECTION_NOTHING;
    *out = (struct connection_reply){ 0 };
    if (client->state == CLIENT_LOST) {
        out->message = client->lost;
        return CONNECTION_LOST;
    }
    if (client->state == CLIENT_ENDING)
        return client_ending(client, out);
    read_notes(client);
    client_send(client);
    if (client->state == CLIENT_BOOTSTRAP)
        event = client_bootstrap_step(client, out);
    if (event == CONNECTION_NOTHING && (client->state == CLIENT_GREETING || client->state == CLIENT_READY))
        event = client_frames(client, arena, out);
    if (event == CONNECTION_NOTHING && client->deadline_ms && client->state < CLIENT_READY &&
        clock_monotonic_ms() >= client->deadline_ms)
        event = client_lose(client, client->timeout_message, out);
    if (client->state == CLIENT_READY)
        client_send(client);
    return event;
}

static bool client_submit(struct connection *connection, const struct module_call *call, uint32_t *number_out,
                          struct error *err)
{
    struct client *client = (struct client *)(void *)connection;
    if (client->state == CLIENT_LOST)
        return error_set_kind(err, ERROR_UNREACHABLE, "%s", client->lost);
    struct client_call *item = client->spare;
    if (item)
        client->spare = item->next;
    else
        item = arena_new_of(client->arena, struct client_call);
    *item = (struct client_call){ .number = ++client->last_number, .call = call };
    if (!client_encode_call(client, item, err))
        return false;
    if (client->last)
        client->last->next = item;
    else
        client->first = item;
    client->last = item;
    *number_out = item->number;
    if (client->state == CLIENT_READY)
        client_send(client);
    return true;
}

static size_t client_descriptors(struct connection *connection, struct pollfd *out)
{
    struct client *client = (struct client *)(void *)connection;
    size_t count = 0;
    if (client->state == CLIENT_LOST)
        return 0;
    if (client->state != CLIENT_ENDING) {
        out[count++] = (struct pollfd){ .fd = client->child.out, .events = POLLIN };
        if (outbox_pending(&client->outbox))
            out[count++] = (struct pollfd){ .fd = client->child.in, .events = POLLOUT };
    }
    out[count++] = (struct pollfd){ .fd = client->child.err, .events = POLLIN };
    return count;
}

static int64_t client_wait_ms(struct connection *connection)
{
    struct client *client = (struct client *)(void *)connection;
    if (client->state == CLIENT_LOST)
        return 0;
    if (client->state == CLIENT_ENDING)
        return 10; /* stderr may be at its end while the child is not reaped yet */
    if (client->state == CLIENT_READY || !client->deadline_ms)
        return -1;
    int64_t left = client->deadline_ms - clock_monotonic_ms();
    return left > 0 ? left : 0;
}

static void client_cancel(struct connection *connection, uint32_t number)
{
    struct client *client = (struct client *)(void *)connection;
    ARENA_SCOPED scratch = arena_new();
    struct text frame = text_new(scratch);
    struct error err = ERROR_INIT;
    struct client_call *item = find_call(client, number);
    if (item)
        item->is_cancelled = true;
    if (client->state == CLIENT_READY && frame_encode(&frame, FRAME_CANCEL, number, "{}", 2, &err)) {
        outbox_add(&client->outbox, frame.data, frame.length);
        client_send(client);
    }
}

static void client_close(struct connection *connection)
{
    struct client *client = (struct client *)(void *)connection;
    client_content_stop(client);
    client_release(client);
    outbox_free(&client->outbox);
    outbox_free(&client->waiting);
    frame_reader_free(client->reader);
    spawn_finish(&client->child, 2000); /* end of input is the polite word: the session stops what it runs and goes */
    arena_free_secret(client->arena);
}

const struct connection_ops client_ops = {
    .submit = client_submit,
    .descriptors = client_descriptors,
    .take = client_take,
    .wait_ms = client_wait_ms,
    .cancel = client_cancel,
    .close = client_close,
};
