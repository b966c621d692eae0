/* SPDX-License-Identifier: Apache-2.0 */
/* wait_for_connection: tries again until the node answers. */
#include "common/base/clock.h"
#include "engine/actions/action_support.h"

struct wait_for_connection_args {
    int64_t timeout, delay, sleep, connect_timeout;
};

static const struct arg_spec wait_for_connection_spec[] = {
    ARG(wait_for_connection_args, timeout, ARG_INT, .default_text = "600", .help = "seconds until it fails"),
    ARG(wait_for_connection_args, delay, ARG_INT, .default_text = "0", .help = "seconds before the first try"),
    ARG(wait_for_connection_args, sleep, ARG_INT, .default_text = "1", .help = "seconds between tries"),
    ARG(wait_for_connection_args, connect_timeout, ARG_INT, .default_text = "5", .help = "seconds one try may take"),
    ARG_END,
};

struct wait_state {
    int64_t start_ms;
    bool is_waiting_for_answer;
};

static int64_t elapsed_s(const struct wait_state *state)
{
    return (clock_monotonic_ms() - state->start_ms) / 1000;
}

static bool begin(struct action_call *call, enum action_next *next)
{
    const struct wait_for_connection_args *args = call->bound;
    struct wait_state *state = arena_new_of(call->arena, struct wait_state);

    *next = ACTION_DONE;
    if (call->check_mode) {
        action_put_bool(call, "skipped", true);
        return true;
    }
    state->start_ms = clock_monotonic_ms();
    call->state = state;
    call->may_lose_connection = true;
    call->wait_ms = args->delay * 1000;
    *next = ACTION_RECONNECT;
    return true;
}

static bool wait_for_connection_step(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct wait_for_connection_args *args = call->bound;
    struct wait_state *state = call->state;

    (void)err;
    if (call->step == 0)
        return begin(call, next);
    action_put_int(call, "elapsed", elapsed_s(state));
    *next = ACTION_DONE;
    if (call->lost == NULL && text_equal(value_map_text(call->reply, "ping"), "pong"))
        return true;
    if (elapsed_s(state) >= args->timeout)
        return call_fail(call, next, "timed out waiting for ping module test: %s",
                         call->lost != NULL ? call->lost : "ping test failed");
    call->wait_ms = args->sleep * 1000;
    *next = ACTION_RECONNECT;
    return true;
}

ACTION_DEFINE(wait_for_connection) = { .spec = { .name = "wait_for_connection",
                                                 .summary = "Wait until the node answers",
                                                 .args = wait_for_connection_spec,
                                                 .args_size = sizeof(struct wait_for_connection_args) },
                                       .step = wait_for_connection_step };
