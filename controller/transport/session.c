/* SPDX-License-Identifier: Apache-2.0 */
/* The client of engine/channel over a connection that the controller hands over once the node's agent has come. */
#include "controller/transport/session.h"

#include <fcntl.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/text.h"
#include "engine/channel/client.h"

#define CONNECT_MS 10000
#define GREETING_MS 20000

struct session_factory {
    struct connection_factory base;
    struct run_control *control;
};

/* A client's bootstrap_data. */
struct session_state {
    struct run_control *control;
    struct run_session *session;
    int64_t wait_ms;
};

static struct client *client_of(struct connection *connection)
{
    return (struct client *)(void *)connection;
}

static struct session_state *state_of(const struct client *client)
{
    return client->bootstrap_data;
}

static const char *node_of(const struct connection_target *target)
{
    return target->node != NULL ? target->node : target->host;
}

static bool has_begun(const struct client *client)
{
    return client->reader != NULL;
}

/* --- until the node's agent is there --- */

static const char *ago(struct arena *arena, int64_t seen_us)
{
    int64_t seconds = (clock_wall_us() - seen_us) / 1000000;

    if (seen_us == 0)
        return "it was never heard";
    if (seconds < 120)
        return arena_printf(arena, "it was last heard %lld seconds ago", (long long)(seconds < 0 ? 0 : seconds));
    if (seconds < 7200)
        return arena_printf(arena, "it was last heard %lld minutes ago", (long long)(seconds / 60));
    return arena_printf(arena, "it was last heard %lld hours ago", (long long)(seconds / 3600));
}

static enum connection_event session_lose(struct client *client, const char *why, struct connection_reply *out)
{
    client->state = CLIENT_LOST;
    client->lost = arena_printf(client->arena, "Failed to connect to the host via the controller: %s", why);
    out->message = client->lost;
    return CONNECTION_LOST;
}

static bool session_begin(struct client *client, struct run_session *session, struct error *err)
{
    struct spawned ends = { .out = session->connection, .err = session->watch };

    session->connection = session->watch = -1;
    ends.in = fcntl(ends.out, F_DUPFD_CLOEXEC, 0);
    client->deadline_ms = clock_monotonic_ms() + GREETING_MS;
    client->timeout_message =
        arena_printf(client->arena, "The agent of node '%s' came but did not greet within %d seconds",
                     node_of(client->target), GREETING_MS / 1000);
    client_start(client, &ends);
    return (ends.in >= 0 || error_set_errno(err, "session")) && fd_set_nonblocking(ends.out, true, err) &&
           fd_set_nonblocking(ends.err, true, err);
}

static enum connection_event session_await(struct client *client, struct connection_reply *out)
{
    const struct session_state *state = state_of(client);
    struct run_session *session = state->session;
    struct error err = ERROR_INIT;

    *out = (struct connection_reply){ 0 };
    if (client->state == CLIENT_LOST) {
        out->message = client->lost;
        return CONNECTION_LOST;
    }
    if (session->state == RUN_SESSION_REFUSED)
        return session_lose(client, session->message, out);
    if (session->state == RUN_SESSION_OPEN)
        return session_begin(client, session, &err) ? CONNECTION_NOTHING : session_lose(client, err.text, out);
    if (clock_monotonic_ms() < client->deadline_ms)
        return CONNECTION_NOTHING;
    return session_lose(client,
                        arena_printf(client->arena, "node '%s' did not come within %lld seconds; %s",
                                     node_of(client->target), (long long)(state->wait_ms / 1000),
                                     ago(client->arena, session->seen_us)),
                        out);
}

static const char *session_explain(struct client *client, struct arena *arena, int status)
{
    const char *note = client_last_note(client, arena);

    (void)status;
    return arena_printf(arena, "%s '%s' was lost: %s",
                        client->was_ready ? "The connection to node" : "The session of node", node_of(client->target),
                        note != NULL ? note : "the node, its agent or the network between went away");
}

/* --- the connection's functions --- */

static enum connection_event session_take(struct connection *connection, struct arena *arena,
                                          struct connection_reply *out)
{
    struct client *client = client_of(connection);

    run_control_pump(state_of(client)->control);
    if (!has_begun(client)) {
        enum connection_event event = session_await(client, out);

        if (event != CONNECTION_NOTHING || !has_begun(client))
            return event;
    }
    return client_ops.take(connection, arena, out);
}

static bool session_submit(struct connection *connection, const struct module_call *call, uint32_t *number_out,
                           struct error *err)
{
    if (call->receive_fd >= 0)
        return error_set(err, "a run through the controller brings no files to the desk: fetch needs --via ssh");
    return client_ops.submit(connection, call, number_out, err);
}

static size_t session_descriptors(struct connection *connection, struct pollfd *out)
{
    struct client *client = client_of(connection);
    size_t count = has_begun(client) ? client_ops.descriptors(connection, out) : 0;
    int control = run_control_fd(state_of(client)->control);

    if (client->state != CLIENT_LOST && control >= 0)
        out[count++] = (struct pollfd){ .fd = control, .events = POLLIN };
    return count;
}

static int64_t session_wait_ms(struct connection *connection)
{
    return client_ops.wait_ms(connection);
}

static void session_cancel(struct connection *connection, uint32_t call)
{
    client_ops.cancel(connection, call);
}

static void session_drop(struct run_session *session)
{
    session->is_dropped = true;
    fd_close(session->connection);
    fd_close(session->watch);
    session->connection = session->watch = -1;
}

static void session_close(struct connection *connection)
{
    session_drop(state_of(client_of(connection))->session);
    client_ops.close(connection);
}

static const struct connection_ops session_ops = {
    .submit = session_submit,
    .descriptors = session_descriptors,
    .take = session_take,
    .wait_ms = session_wait_ms,
    .cancel = session_cancel,
    .close = session_close,
};

static bool session_open(struct connection_factory *factory, const struct connection_target *target,
                         struct connection **out, struct error *err)
{
    struct session_factory *sessions = (struct session_factory *)(void *)factory;
    bool is_local = text_equal(target->kind, "local");
    struct client *client = NULL;
    struct session_state *state = NULL;

    if (!is_local && target->kind != NULL && !text_equal(target->kind, "ssh") && !text_starts(target->kind, "paramiko"))
        return error_set(err, "host '%s': connection '%s' is not one of local, ssh", target->host, target->kind);
    client = client_new(target);
    state = arena_new_of(client->arena, struct session_state);
    state->control = sessions->control;
    state->session = run_control_session(sessions->control, is_local ? NULL : node_of(target));
    state->wait_ms = target->timeout_s > 0 ? (int64_t)target->timeout_s * 1000 : CONNECT_MS;
    client->base.ops = &session_ops;
    client->bootstrap_data = state;
    client->explain = session_explain;
    client->deadline_ms = clock_monotonic_ms() + state->wait_ms;
    *out = &client->base;
    return true;
}

struct connection_factory *session_factory_new(struct arena *arena, struct run_control *control)
{
    struct session_factory *sessions = arena_new_of(arena, struct session_factory);

    sessions->base.open = session_open;
    sessions->control = control;
    return &sessions->base;
}
