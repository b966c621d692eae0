/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session's loop: HELLO both ways, then one task after the other, here or through a helper. Ends with the
 * engine: when its stream ends, the running command's group is killed and nothing is left behind.
 */
#include "agent/session/session.h"

#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/session/become.h"
#include "agent/session/relay.h"
#include "agent/session/session_async.h"
#include "agent/session/session_note.h"
#include "agent/session/session_task.h"
#include "agent/task/module.h"
#include "common/base/text.h"
#include "common/json/json.h"

#define TELLING_VERBOSITY 4 /* -vvvv */

struct session {
    struct inbox inbox;
    int output;
    struct become_pool pool;
    struct arena *arena; /* reset after each task */
    struct system_memory memory;
    bool has_greeted;
};

static bool session_greet(struct session *session, struct error *err)
{
    struct utsname host = { .sysname = "" };
    struct value *hello = value_map(session->arena);
    const struct passwd *account = getpwuid(geteuid());

    (void)uname(&host);
    value_map_put_int(session->arena, hello, "protocol", PROTOCOL_VERSION);
    value_map_put_string(session->arena, hello, "build", ROOST_VERSION);
    value_map_put_int(session->arena, hello, "pid", getpid());
    value_map_put_string(session->arena, hello, "user", account ? account->pw_name : NULL);
    value_map_put_int(session->arena, hello, "uid", geteuid());
    value_map_put_string(session->arena, hello, "hostname", host.nodename);
    value_map_put_string(session->arena, hello, "machine", host.machine);
    value_map_put_string(session->arena, hello, "system", host.sysname);
    value_map_put_int(session->arena, hello, "modules",
                      (int64_t)module_table_count); /* also links the table (task/module.c) */
    bool is_sent = frame_write_value(session->output, FRAME_HELLO, 0, hello, err);
    arena_reset(session->arena);
    return is_sent;
}

static bool session_accept_hello(struct session *session, const struct frame *frame, struct error *err)
{
    const struct value *hello = NULL;

    if (!json_read(session->arena, frame->data, frame->length, NULL, &hello, err))
        return error_prefix(err, "HELLO");
    const struct value *protocol = value_map_get(hello, "protocol");
    int64_t number = value_is(protocol, VALUE_INT) ? protocol->as.integer : 0;
    const char *build = value_map_text(hello, "build");
    if (number != PROTOCOL_VERSION)
        return error_set(err, "the engine (build %s) speaks protocol %lld, this agent (build %s) speaks protocol %d",
                         build ? build : "unknown", (long long)number, ROOST_VERSION, PROTOCOL_VERSION);
    session->has_greeted = true;
    arena_reset(session->arena);
    return true;
}

static bool session_answer(struct session *session, uint32_t channel, const struct value *result, struct error *err)
{
    if (frame_write_value(session->output, FRAME_RESULT, channel, result, err))
        return true;
    if (err->kind != ERROR_LIMIT)
        return false;
    error_clear(err);
    return frame_write_value(session->output, FRAME_RESULT, channel,
                             session_task_failed(session->arena, "the task's result is too large to be sent"), err);
}

static const struct value *without_become(struct arena *arena, const struct value *payload)
{
    struct value *map = value_map(arena);

    for (size_t i = 0; i < value_count(payload); i++) {
        const struct value_pair *pair = value_pair_at(payload, i);
        if (!text_equal(value_text(pair->key), "become"))
            value_map_put_value(arena, map, pair->key, pair->item);
    }
    return map;
}

/* At -vvvv the command by which a helper was started, once. */
static void session_tell_helper(struct session *session, uint32_t channel, const struct value *payload,
                                struct become_helper *helper)
{
    const struct value *verbosity = value_map_get(payload, "verbosity");
    struct value *told = value_map(session->arena);
    struct error ignored = ERROR_INIT; /* a broken pipe shows at the result */

    if (helper->command == NULL || !value_is(verbosity, VALUE_INT) || verbosity->as.integer < TELLING_VERBOSITY)
        return;
    value_map_put_string(session->arena, told, "message", helper->command);
    value_map_put_bool(session->arena, told, "command", true);
    (void)frame_write_value(session->output, FRAME_PROGRESS, channel, told, &ignored);
    free(helper->command);
    helper->command = NULL;
}

/* Through a helper. What stands in the way fails this task only. */
static bool session_serve_become(struct session *session, uint32_t channel, const struct value *payload,
                                 const struct become_request *request, struct error *err)
{
    struct error problem = ERROR_INIT;
    struct become_helper *helper = NULL;

    if (become_get(&session->pool, request, &session->inbox, &helper, &problem)) {
        session_tell_helper(session, channel, payload, helper);
        enum relay_outcome outcome = relay_task(&session->inbox, session->output, channel,
                                                without_become(session->arena, payload), helper, &problem);
        if (outcome == RELAY_ANSWERED || session->inbox.is_gone)
            return true;
        if (outcome == RELAY_HELPER_LOST)
            (void)become_lost(&session->pool, helper, &problem);
    }
    const char *message = problem.kind == ERROR_CANCELLED ? "cancelled" : problem.text;
    return session_answer(session, channel, session_task_failed(session->arena, message), err);
}

static bool session_serve_payload(struct session *session, const struct inbox_frame *taken, const struct value *payload,
                                  struct error *err)
{
    uint32_t channel = taken->frame.channel;
    struct become_request request;
    bool answered;

    inbox_start_task(&session->inbox, channel);
    if (session_task_become(payload, &request) && !become_is_unneeded(&request)) {
        answered = session_serve_become(session, channel, payload, &request, err);
    } else {
        struct session_content content = {
            .inbox = &session->inbox, .output = session->output, .channel = channel, .memory = &session->memory
        };
        const struct value *result = session_async_is_wanted(payload)
                                         ? session_async_start(session->arena, payload, &content)
                                         : session_task_run(session->arena, payload, &content);
        answered = session_answer(session, channel, result, err) || session->inbox.is_gone;
    }
    inbox_end_task(&session->inbox);
    return answered;
}

/* A payload with a password gets its arena wiped. */
static void session_forget(struct session *session, const struct value *payload)
{
    if (!value_map_text(value_map_get(payload, "become"), "password")) {
        arena_reset(session->arena);
        return;
    }
    arena_free_secret(session->arena);
    session->arena = arena_new();
}

static bool session_serve_task(struct session *session, const struct inbox_frame *taken, struct error *err)
{
    const struct value *payload = NULL;
    struct error problem = ERROR_INIT;
    bool is_served;

    if (taken->is_cancelled)
        is_served =
            session_answer(session, taken->frame.channel, session_task_failed(session->arena, "cancelled"), err);
    else if (!json_read(session->arena, taken->frame.data, taken->frame.length, NULL, &payload, &problem))
        is_served =
            session_answer(session, taken->frame.channel, session_task_failed(session->arena, problem.text), err);
    else
        is_served = session_serve_payload(session, taken, payload, err);
    session_forget(session, payload);
    return is_served;
}

/* *is_over: BYE. */
static bool session_serve(struct session *session, const struct inbox_frame *taken, bool *is_over, struct error *err)
{
    switch (taken->frame.kind) {
    case FRAME_HELLO:
        return session_accept_hello(session, &taken->frame, err);
    case FRAME_BYE:
        *is_over = true;
        return true;
    case FRAME_TASK:
        if (!session->has_greeted)
            return error_set(err, "the engine sent a task before its HELLO");
        return session_serve_task(session, taken, err);
    default:
        return error_set(err, "the engine sent a frame of kind %d, which only a session sends", (int)taken->frame.kind);
    }
}

static bool session_loop(struct session *session, struct error *err)
{
    bool is_over = false, is_sound = true;

    while (is_sound && !is_over) {
        struct inbox_frame *taken = inbox_take(&session->inbox);
        if (taken && !session->inbox.is_gone) {
            is_sound = session_serve(session, taken, &is_over, err);
        } else if (session->inbox.is_gone) {
            is_over = true;
        } else {
            inbox_wait(&session->inbox);
        }
        inbox_frame_free(taken);
    }
    if (is_sound && session->inbox.is_broken) {
        *err = session->inbox.error;
        return false;
    }
    return is_sound;
}

/* The end of the engine shows as end of stream; signals that would come with it must not leave a command behind. */
static void session_ignore_signals(void)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN };

    (void)sigaction(SIGPIPE, &ignore, NULL);
    (void)sigaction(SIGINT, &ignore, NULL);
    (void)sigaction(SIGHUP, &ignore, NULL);
}

bool session_run(const struct session_options *options, struct error *err)
{
    struct session session = { .output = options->output, .arena = arena_new() };
    char path[PATH_MAX] = "";
    const char *default_self[] = { path, NULL };

    session_ignore_signals();
    session.memory.arena = arena_new();
    session.memory.entries = value_map(session.memory.arena);
    session.pool.self = options->self;
    if (!options->self || !options->self[0]) {
        ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
        path[length > 0 ? length : 0] = '\0';
        session.pool.self = default_self;
    }
    inbox_init(&session.inbox, options->input);
    bool is_sound = session_greet(&session, err) && session_loop(&session, err);
    become_pool_close(&session.pool);
    inbox_free(&session.inbox);
    arena_free(session.arena);
    arena_free(session.memory.arena);
    session_note_end();
    return is_sound;
}
