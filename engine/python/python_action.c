/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that runs action plugins, as something that takes calls (engine/run/connection.h): a call's `args` are
 * { "first": number of the call that started the action or 0, "body": what is sent }, its result is what the plugin says next.
 * Frames as driver_action.py describes them.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "engine/channel/outbox.h"
#include "engine/python/python.h"
#include "engine/run/connection.h"

#define FRAME_MAX (256 << 20) /* one result with all that is in it */
#define HEAD_MAX 64           /* "NUMBER LENGTH\n" */

struct python_actions {
    struct connection base; /* first: what others hold */
    int fd;
    struct outbox out;
    char *data; /* read and not yet taken */
    size_t length, capacity;
    uint32_t number;
};

static struct python_actions *of(struct connection *connection)
{
    return (struct python_actions *)(void *)connection;
}

static void queue(struct python_actions *actions, const char *head, const char *body)
{
    struct error ignored = ERROR_INIT;

    outbox_add(&actions->out, head, strlen(head));
    outbox_add(&actions->out, body, strlen(body));
    (void)outbox_flush(&actions->out, actions->fd, &ignored); /* a broken one is noticed when it is read */
}

static bool actions_submit(struct connection *connection, const struct module_call *call, uint32_t *number_out,
                           struct error *err)
{
    ARENA_SCOPED scratch = arena_new();
    struct python_actions *actions = of(connection);
    struct text body = text_new(scratch);
    struct json_style style = JSON_PYTHON;
    char head[HEAD_MAX];

    (void)err;
    json_write(&body, value_map_get(call->args, "body"), &style);
    (void)snprintf(head, sizeof(head), "%u %lld %zu\n", ++actions->number,
                   (long long)value_map_int(call->args, "first", 0), body.length);
    queue(actions, head, body.data);
    explicit_bzero(body.data, body.length); /* variables may be secret */
    *number_out = actions->number;
    return true;
}

static size_t actions_descriptors(struct connection *connection, struct pollfd *out)
{
    const struct python_actions *actions = of(connection);

    out[0] = (struct pollfd){ .fd = actions->fd, .events = POLLIN };
    if (outbox_pending(&actions->out) > 0)
        out[0].events |= POLLOUT;
    return 1;
}

/* Whatever is there now. False: nothing will come any more. */
static bool fill(struct python_actions *actions)
{
    for (;;) {
        ssize_t got;

        if (actions->length == actions->capacity) {
            size_t capacity = actions->capacity == 0 ? 65536 : actions->capacity * 2;
            char *data = realloc(actions->data, capacity);

            if (data == NULL)
                abort();
            actions->data = data;
            actions->capacity = capacity;
        }
        got = read(actions->fd, actions->data + actions->length, actions->capacity - actions->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 && errno == EAGAIN;
        actions->length += (size_t)got;
    }
}

/* The first frame, if it is whole: where its body begins. NULL: not yet; *length_out above FRAME_MAX: never. */
static const char *frame(const struct python_actions *actions, uint32_t *number_out, size_t *length_out)
{
    size_t room = actions->length < HEAD_MAX ? actions->length : HEAD_MAX;
    const char *end = room == 0 ? NULL : memchr(actions->data, '\n', room);
    char head[HEAD_MAX + 1] = ""; /* what was read has no end that sscanf would see */
    unsigned number = 0;

    *length_out = room == HEAD_MAX && end == NULL ? FRAME_MAX + 1 : 0;
    if (end == NULL)
        return NULL;
    memcpy(head, actions->data, (size_t)(end - actions->data));
    if (sscanf(head, "%u %zu", &number, length_out) != 2)
        *length_out = FRAME_MAX + 1;
    *number_out = number;
    if (*length_out > FRAME_MAX || (size_t)(actions->data + actions->length - end - 1) < *length_out)
        return NULL;
    return end + 1;
}

static enum connection_event lost(struct connection_reply *out, const char *message)
{
    out->message = message;
    return CONNECTION_LOST;
}

static void actions_cancel(struct connection *connection, uint32_t call)
{
    char head[HEAD_MAX];

    (void)snprintf(head, sizeof(head), "%u 0 -1\n", call);
    queue(of(connection), head, "");
}

/* Of that action alone, which is ended. */
static const struct value *not_understood(struct python_actions *actions, struct arena *arena, uint32_t call,
                                          const struct error *err)
{
    struct value *map = value_map(arena);

    actions_cancel(&actions->base, call);
    value_map_put_string(arena, map, "ended", arena_printf(arena, "its answer is not understood: %s", err->text));
    return map;
}

static enum connection_event actions_take(struct connection *connection, struct arena *arena,
                                          struct connection_reply *out)
{
    struct python_actions *actions = of(connection);
    struct error err = ERROR_INIT;
    const char *body;
    size_t length = 0;
    bool goes_on;

    if (!outbox_flush(&actions->out, actions->fd, &err))
        return lost(out, "the Python process that runs action plugins has ended");
    goes_on = fill(actions);
    body = frame(actions, &out->call, &length);
    if (length > FRAME_MAX)
        return lost(out, "what the Python process that runs action plugins says is not understood");
    if (body == NULL)
        return goes_on ? CONNECTION_NOTHING : lost(out, "the Python process that runs action plugins has ended");
    if (!json_read(arena, body, length, NULL, &out->result, &err))
        out->result = not_understood(actions, arena, out->call, &err);
    actions->length -= (size_t)(body - actions->data) + length;
    memmove(actions->data, body + length, actions->length);
    return CONNECTION_RESULT;
}

static int64_t actions_wait_ms(struct connection *connection)
{
    uint32_t number;
    size_t length;

    return frame(of(connection), &number, &length) != NULL ? 0 : -1;
}

static void actions_close(struct connection *connection)
{
    struct python_actions *actions = of(connection);

    fd_close(actions->fd);
    outbox_free(&actions->out);
    if (actions->data != NULL)
        explicit_bzero(actions->data, actions->capacity);
    free(actions->data);
    free(actions);
}

static const struct connection_ops actions_ops = { actions_submit,  actions_descriptors, actions_take,
                                                   actions_wait_ms, actions_cancel,      actions_close };

/* An abstract name; whoever listens must be ours. */
static bool socket_connect(const char *name, int *fd_out, struct error *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct ucred peer = { 0 };
    socklen_t length = sizeof(peer);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return error_set_errno(err, "cannot make a socket");
    (void)snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s", name);
    if (connect(fd, (const struct sockaddr *)(const void *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name))) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) {
        error_set_errno(err, "cannot reach the Python process that runs action plugins");
        fd_close(fd);
        return false;
    }
    if (peer.uid != getuid() || !fd_set_nonblocking(fd, true, err)) {
        fd_close(fd);
        return err->text[0] != '\0' ||
               error_set(err, "the Python process that runs action plugins belongs to another user");
    }
    *fd_out = fd;
    return true;
}

bool python_connect(struct foreign_python *python, struct connection **out, struct error *err)
{
    ARENA_SCOPED scratch = arena_new();
    struct foreign_question question = { "action.open", value_map(scratch), NULL };
    const struct value *answer = NULL;
    struct python_actions *actions;
    const char *name;
    int fd = -1;

    value_map_put_int(scratch, question.map, "pid", getpid());
    if (!python->ask(python, scratch, &question, &answer, err))
        return false;
    name = value_map_text(answer, "socket");
    if (name == NULL || strlen(name) > 64)
        return error_set(err, "Python's answer has no socket");
    if (!socket_connect(name, &fd, err))
        return false;
    actions = calloc(1, sizeof(*actions));
    if (actions == NULL)
        abort();
    actions->base.ops = &actions_ops;
    actions->fd = fd;
    *out = &actions->base;
    return true;
}
