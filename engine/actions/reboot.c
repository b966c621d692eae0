/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reboot: restarts the node and waits until it is back. That it really was restarted is seen by its boot id, which the kernel
 * makes anew at each start.
 */
#include <string.h>

#include "common/base/clock.h"
#include "engine/actions/action_support.h"

#define RETRY_MS 1000
#define RETRY_MAX_MS 12000

struct reboot_args {
    int64_t reboot_timeout, connect_timeout, pre_reboot_delay, post_reboot_delay;
    const char *msg, *test_command, *boot_time_command, *reboot_command;
    const struct value *search_paths;
};

static const struct arg_spec reboot_spec[] = {
    ARG(reboot_args, reboot_timeout, ARG_INT, .default_text = "600", .aliases = ARG_NAMES("reboot_timeout_sec"),
        .help = "seconds until it fails, for the restart and again for the test command"),
    ARG(reboot_args, connect_timeout, ARG_INT, .aliases = ARG_NAMES("connect_timeout_sec"),
        .help = "seconds one try may take"),
    ARG(reboot_args, pre_reboot_delay, ARG_INT, .default_text = "0", .aliases = ARG_NAMES("pre_reboot_delay_sec"),
        .help = "seconds before the restart; full minutes count"),
    ARG(reboot_args, post_reboot_delay, ARG_INT, .default_text = "0", .aliases = ARG_NAMES("post_reboot_delay_sec"),
        .help = "seconds to wait behind the restart"),
    ARG(reboot_args, msg, ARG_STRING, .default_text = "Reboot initiated by Ansible",
        .help = "message for users of the node"),
    ARG(reboot_args, test_command, ARG_STRING, .default_text = "whoami",
        .help = "command that must succeed in the end"),
    ARG(reboot_args, boot_time_command, ARG_STRING, .default_text = "cat /proc/sys/kernel/random/boot_id",
        .help = "command whose output changes with each start"),
    ARG(reboot_args, reboot_command, ARG_STRING, .help = "command that restarts, instead of shutdown"),
    ARG(reboot_args, search_paths, ARG_LIST, .default_text = "/sbin,/bin,/usr/sbin,/usr/bin,/usr/local/sbin",
        .help = "where shutdown is looked for"),
    ARG_END,
};

enum reboot_phase { PHASE_BOOT_ID, PHASE_REBOOT, PHASE_BACK, PHASE_NEW_BOOT_ID, PHASE_TEST };

struct reboot_state {
    enum reboot_phase phase;
    const char *boot_id;
    int64_t start_ms, deadline_ms, retry_ms;
};

static bool run_line(struct action_call *call, enum action_next *next, const char *line)
{
    struct value *args = value_map(call->arena);

    value_map_put_string(call->arena, args, "_raw_params", line);
    call->module.check_mode = false;
    return action_submit(call, next, "shell", args);
}

static const char *output_of(struct action_call *call)
{
    const char *text = value_map_text(call->reply, "stdout");

    return text == NULL ? "" : text_trim(call->arena, text, strlen(text));
}

static bool succeeded(const struct action_call *call)
{
    const struct value *rc = value_map_get(call->reply, "rc");

    return call->lost == NULL && value_is(rc, VALUE_INT) && rc->as.integer == 0;
}

/* shutdown, where it is first found; what was asked for otherwise. */
static const char *reboot_line(struct action_call *call)
{
    const struct reboot_args *args = call->bound;
    struct text text = text_new(call->arena);
    int64_t minutes = args->pre_reboot_delay > 0 ? args->pre_reboot_delay / 60 : 0;

    if (args->reboot_command != NULL)
        return args->reboot_command;
    text_add(&text, "PATH='");
    for (size_t i = 0; i < value_count(args->search_paths); i++)
        text_printf(&text, "%s%s", i == 0 ? "" : ":", value_text(value_item(args->search_paths, i)));
    text_add(&text, "' exec shutdown -r ");
    text_printf(&text, "%lld '", (long long)minutes);
    for (const char *at = args->msg; *at != '\0'; at++) {
        if (*at == '\'')
            text_add(&text, "'\\''");
        else
            text_add_char(&text, *at);
    }
    text_add(&text, "'");
    return text.data;
}

static int64_t elapsed_s(const struct reboot_state *state)
{
    return (clock_monotonic_ms() - state->start_ms) / 1000;
}

static bool begin(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct reboot_args *args = call->bound;
    const struct connection_target *target = NULL;

    *next = ACTION_DONE;
    if (!action_target(call, &target, err))
        return false;
    if (text_equal(target->kind, "local")) {
        action_put_bool(call, "changed", false);
        action_put_int(call, "elapsed", 0);
        action_put_bool(call, "rebooted", false);
        return call_fail(call, next, "Running reboot with local connection would reboot the control node.");
    }
    if (call->check_mode) {
        action_put_bool(call, "changed", true);
        action_put_int(call, "elapsed", 0);
        action_put_bool(call, "rebooted", true);
        return true;
    }
    call->state = arena_new_of(call->arena, struct reboot_state);
    return run_line(call, next, args->boot_time_command);
}

static bool got_boot_id(struct action_call *call, enum action_next *next, struct reboot_state *state)
{
    if (!succeeded(call))
        return call_fail(call, next, "reboot: failed to get host boot time info: %s",
                         call->reply == NULL ? "" : value_map_text(call->reply, "stderr"));
    state->boot_id = arena_copy(call->arena, output_of(call));
    state->phase = PHASE_REBOOT;
    call->may_lose_connection = true;
    return run_line(call, next, reboot_line(call));
}

static bool wait_for_node(struct action_call *call, enum action_next *next, struct reboot_state *state)
{
    state->phase = PHASE_BACK;
    call->wait_ms = state->retry_ms;
    state->retry_ms = state->retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : state->retry_ms * 2;
    *next = ACTION_RECONNECT;
    return true;
}

static bool ordered(struct action_call *call, enum action_next *next, struct reboot_state *state)
{
    const struct reboot_args *args = call->bound;

    state->start_ms = clock_monotonic_ms();
    if (call->lost == NULL && !succeeded(call)) {
        action_put_bool(call, "rebooted", false);
        action_put_int(call, "elapsed", 0);
        return call_fail(call, next, "Reboot command failed. Error was: '%s, %s'", output_of(call),
                         value_map_text(call->reply, "stderr") == NULL ? "" : value_map_text(call->reply, "stderr"));
    }
    state->retry_ms = RETRY_MS + (args->post_reboot_delay > 0 ? args->post_reboot_delay * 1000 : 0);
    state->deadline_ms = state->start_ms + state->retry_ms + args->reboot_timeout * 1000;
    (void)wait_for_node(call, next, state);
    state->retry_ms = RETRY_MS;
    return true;
}

static bool timed_out(struct action_call *call, enum action_next *next, struct reboot_state *state, const char *what)
{
    const struct reboot_args *args = call->bound;

    action_put_bool(call, "rebooted", true);
    action_put_int(call, "elapsed", elapsed_s(state));
    return call_fail(call, next, "Timed out waiting for %s (timeout=%lld)", what, (long long)args->reboot_timeout);
}

static bool is_back(struct action_call *call, enum action_next *next, struct reboot_state *state)
{
    const struct reboot_args *args = call->bound;

    if (clock_monotonic_ms() >= state->deadline_ms)
        return timed_out(call, next, state, "last boot time check");
    if (call->lost != NULL)
        return wait_for_node(call, next, state);
    state->phase = PHASE_NEW_BOOT_ID;
    return run_line(call, next, args->boot_time_command);
}

static bool compare_boot_id(struct action_call *call, enum action_next *next, struct reboot_state *state)
{
    const struct reboot_args *args = call->bound;
    bool is_new = succeeded(call) && *output_of(call) != '\0' && strcmp(output_of(call), state->boot_id) != 0;

    if (!is_new)
        return clock_monotonic_ms() >= state->deadline_ms ? timed_out(call, next, state, "last boot time check")
                                                          : wait_for_node(call, next, state);
    state->phase = PHASE_TEST;
    state->retry_ms = RETRY_MS;
    state->deadline_ms = clock_monotonic_ms() + args->reboot_timeout * 1000;
    return run_line(call, next, args->test_command);
}

static bool tested(struct action_call *call, enum action_next *next, struct reboot_state *state)
{
    if (!succeeded(call)) {
        if (clock_monotonic_ms() >= state->deadline_ms)
            return timed_out(call, next, state, "post-reboot test command");
        return wait_for_node(call, next, state);
    }
    action_put_bool(call, "rebooted", true);
    action_put_bool(call, "changed", true);
    action_put_int(call, "elapsed", elapsed_s(state));
    *next = ACTION_DONE;
    return true;
}

static bool reboot_step(struct action_call *call, enum action_next *next, struct error *err)
{
    struct reboot_state *state = call->state;

    if (call->step == 0)
        return begin(call, next, err);
    switch (state->phase) {
    case PHASE_BOOT_ID:
        return got_boot_id(call, next, state);
    case PHASE_REBOOT:
        return ordered(call, next, state);
    case PHASE_BACK:
        return is_back(call, next, state);
    case PHASE_NEW_BOOT_ID:
        return compare_boot_id(call, next, state);
    case PHASE_TEST:
        return tested(call, next, state);
    }
    return false;
}

ACTION_DEFINE(reboot) = { .spec = { .name = "reboot",
                                    .summary = "Restart the node and wait until it is back",
                                    .args = reboot_spec,
                                    .args_size = sizeof(struct reboot_args) },
                          .step = reboot_step };
