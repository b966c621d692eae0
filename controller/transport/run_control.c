/* SPDX-License-Identifier: Apache-2.0 */
/* Talking with the controller that started this run. */
#include "controller/transport/run_control.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"

#define GONE "the controller has ended"

struct run_control {
    struct arena *arena;
    int fd;
    bool is_over, is_held, shows_held;
    uint32_t last; /* number of a session or a question */
    struct run_session *sessions;
    /* the question under way */
    uint32_t asked; /* 0: none */
    bool is_answered;
    struct arena *answer_arena;
    const char *answer;
};

struct run_control *run_control_new(struct arena *arena, int fd)
{
    struct run_control *control = arena_new_of(arena, struct run_control);

    control->arena = arena;
    control->fd = fd;
    return control;
}

void run_control_close(struct run_control *control)
{
    fd_close(control->fd);
    control->fd = -1;
    control->is_over = true;
}

int run_control_fd(const struct run_control *control)
{
    return control->is_over ? -1 : control->fd;
}

static void tell(struct run_control *control, const struct value *body)
{
    struct control_message message = { .body = body };
    struct error err = ERROR_INIT;

    if (!control->is_over && !control_send(control->fd, &message, &err))
        control->is_over = true; /* nobody will ever answer */
}

/* --- what comes in --- */

static void sessions_end(struct run_control *control)
{
    control->is_over = true;
    for (struct run_session *session = control->sessions; session != NULL; session = session->next) {
        if (session->state <= RUN_SESSION_WAITING) {
            session->state = RUN_SESSION_REFUSED;
            session->message = GONE;
        }
    }
}

static struct run_session *session_find(struct run_control *control, uint32_t number)
{
    struct run_session *session = control->sessions;

    while (session != NULL && session->number != number)
        session = session->next;
    return session;
}

static void session_take(struct run_control *control, uint32_t number, const char *what,
                         struct control_message *message)
{
    struct run_session *session = session_find(control, number);
    const struct value *seen = value_map_get(message->body, "seen_us");

    if (session == NULL || session->is_dropped || session->state > RUN_SESSION_WAITING)
        return;
    if (text_equal(what, "session") && message->fd_count == 2) {
        session->state = RUN_SESSION_OPEN;
        session->connection = message->fds[0];
        session->watch = message->fds[1];
        message->fd_count = 0;
    } else if (text_equal(what, "waiting")) {
        session->state = RUN_SESSION_WAITING;
        session->seen_us = value_is(seen, VALUE_INT) ? seen->as.integer : 0;
    } else {
        session->state = RUN_SESSION_REFUSED;
        session->message = arena_copy(control->arena, value_map_text(message->body, "message"));
    }
}

static void answer_take(struct run_control *control, uint32_t number, const struct control_message *message)
{
    struct error err = ERROR_INIT;
    size_t length = 0;

    if (number != control->asked || control->asked == 0)
        return;
    control->is_answered = true;
    if (message->fd_count == 1 &&
        !control_memory_read(message->fds[0], control->answer_arena, &control->answer, &length, &err))
        control->answer = NULL;
}

static void message_take(struct run_control *control, struct control_message *message)
{
    const char *what = value_map_text(message->body, "do");
    const struct value *given = value_map_get(message->body, "number");
    uint32_t number = value_is(given, VALUE_INT) && given->as.integer > 0 && given->as.integer <= UINT32_MAX
                          ? (uint32_t)given->as.integer
                          : 0;

    if (text_equal(what, "pause"))
        control->is_held = true;
    else if (text_equal(what, "resume"))
        control->is_held = false;
    else if (text_equal(what, "answer"))
        answer_take(control, number, message);
    else if (what != NULL)
        session_take(control, number, what, message);
    control_message_close(message);
}

void run_control_pump(struct run_control *control)
{
    ARENA_SCOPED scratch = arena_new();

    while (!control->is_over) {
        struct control_message message;
        enum control_status status = control_receive(control->fd, scratch, &message);

        if (status == CONTROL_AGAIN)
            return;
        if (status == CONTROL_END)
            sessions_end(control);
        else
            message_take(control, &message);
        arena_reset(scratch);
    }
}

/* Until something comes. False: a signal, or the end. */
static bool wait_for_more(struct run_control *control)
{
    struct pollfd waited = { .fd = control->fd, .events = POLLIN };

    if (control->is_over || poll(&waited, 1, -1) < 0)
        return false;
    run_control_pump(control);
    return !control->is_over;
}

bool run_control_start(struct run_control *control, const struct value **out, struct error *err)
{
    struct pollfd waited = { .fd = control->fd, .events = POLLIN };
    struct control_message message = { .body = NULL };
    const char *text = NULL;
    size_t length = 0;
    bool ok = false;

    while (poll(&waited, 1, -1) < 0 && errno == EINTR)
        continue;
    if (control_receive(control->fd, control->arena, &message) != CONTROL_READY)
        return error_set(err, "the controller did not say what to run");
    ok = text_equal(value_map_text(message.body, "do"), "start") && message.fd_count == 1 &&
         control_memory_read(message.fds[0], control->arena, &text, &length, err) &&
         json_read(control->arena, text, length, NULL, out, err);
    control_message_close(&message);
    return ok || error_prefix(err, "the controller's order");
}

/* --- sessions --- */

struct run_session *run_control_session(struct run_control *control, const char *node)
{
    ARENA_SCOPED scratch = arena_new();
    struct value *body = value_map(scratch);
    struct run_session *session = arena_new_of(control->arena, struct run_session);

    *session =
        (struct run_session){ .number = ++control->last, .connection = -1, .watch = -1, .next = control->sessions };
    control->sessions = session;
    value_map_put_string(scratch, body, "ask", "session");
    value_map_put_int(scratch, body, "number", session->number);
    if (node == NULL)
        value_map_put_bool(scratch, body, "local", true);
    else
        value_map_put_string(scratch, body, "node", node);
    tell(control, body);
    if (control->is_over)
        sessions_end(control);
    return session;
}

/* --- the operator --- */

static void tell_held(struct run_control *control)
{
    ARENA_SCOPED scratch = arena_new();
    struct value *body = value_map(scratch);

    value_map_put_string(scratch, body, "is", control->is_held ? "paused" : "resumed");
    tell(control, body);
    control->shows_held = control->is_held;
}

void run_control_hold(void *context)
{
    struct run_control *control = context;

    run_control_pump(control);
    if (!control->is_held)
        return;
    tell_held(control);
    while (control->is_held && wait_for_more(control))
        continue;
    if (!control->is_held)
        tell_held(control);
}

bool run_control_ask(void *context, const char *prompt, bool secret, struct arena *arena, const char **out)
{
    struct run_control *control = context;
    ARENA_SCOPED scratch = arena_new();
    struct value *body = value_map(scratch);

    control->asked = ++control->last;
    control->is_answered = false;
    control->answer = NULL;
    control->answer_arena = arena;
    value_map_put_string(scratch, body, "ask", "question");
    value_map_put_int(scratch, body, "number", control->asked);
    value_map_put_string(scratch, body, "prompt", prompt);
    value_map_put_bool(scratch, body, "secret", secret);
    tell(control, body);
    while (!control->is_answered && wait_for_more(control))
        continue;
    control->asked = 0;
    if (control->answer != NULL)
        *out = control->answer;
    return control->answer != NULL;
}
