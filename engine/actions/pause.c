/* SPDX-License-Identifier: Apache-2.0 */
/* pause: waits for a time, or for the user to press enter or to type something. */
#include <math.h>

#include "common/base/clock.h"
#include "common/value/value_python.h"
#include "engine/actions/action_support.h"

struct pause_args {
    int64_t minutes, seconds;
    const char *prompt;
    bool echo;
};

static const struct arg_spec pause_spec[] = {
    ARG(pause_args, minutes, ARG_INT, .help = "minutes to wait"),
    ARG(pause_args, seconds, ARG_INT, .help = "seconds to wait"),
    ARG(pause_args, prompt, ARG_STRING, .help = "text that is shown; without a time the answer is user_input"),
    ARG(pause_args, echo, ARG_BOOL, .default_text = "true", .help = "show what is typed"),
    ARG_END,
};

static const struct arg_rule pause_rules[] = {
    { .kind = ARG_RULE_EXCLUSIVE, .names = ARG_NAMES("minutes", "seconds") },
    { .kind = ARG_RULE_END },
};

static void finish(struct action_call *call, const char *input)
{
    const struct pause_args *args = call->bound;
    int64_t start = *(const int64_t *)call->state, now = clock_wall_us();
    double duration = (double)(now - start) / 1e6;
    bool in_minutes = args->seconds == ARG_INT_UNSET;
    double shown = round(in_minutes ? duration / 60.0 * 100 : duration * 100) / 100;
    const char *number = value_to_text(call->arena, value_real(call->arena, shown)); /* as Python shows it: 1.0 */

    action_put_bool(call, "changed", false);
    action_put_int(call, "rc", 0);
    action_put_text(call, "stderr", "");
    action_put_text(call, "stdout",
                    arena_printf(call->arena, "Paused for %s %s", number, in_minutes ? "minutes" : "seconds"));
    action_put_text(call, "start", clock_text_local(call->arena, start));
    action_put_text(call, "stop", clock_text_local(call->arena, now));
    action_put_int(call, "delta", (int64_t)duration);
    action_put_bool(call, "echo", args->echo);
    action_put_text(call, "user_input", input);
}

static const char *prompt_text(struct action_call *call)
{
    const struct pause_args *args = call->bound;
    const char *title = node_title(call->arena, call->task);

    return arena_printf(call->arena, "[%s]\n%s%s:", title == NULL ? "pause" : title,
                        args->prompt != NULL && *args->prompt != '\0' ? args->prompt
                                                                      : "Press enter to continue, Ctrl+C to interrupt",
                        args->echo ? "" : " (output is hidden)");
}

static bool wait_for_time(struct action_call *call, enum action_next *next, int64_t seconds)
{
    const struct pause_args *args = call->bound;

    if (seconds < 1)
        seconds = 1;
    action_say(call, arena_printf(call->arena, "Pausing for %lld seconds%s", (long long)seconds,
                                  args->echo ? "" : " (output is hidden)"));
    action_say(call, "(ctrl+C then 'C' = continue early, ctrl+C then 'A' = abort)\r");
    if (args->prompt != NULL && *args->prompt != '\0')
        action_say(call, prompt_text(call));
    call->wait_ms = seconds * 1000;
    *next = ACTION_WAIT;
    return true;
}

static bool pause_step(struct action_call *call, enum action_next *next, struct error *err)
{
    const struct pause_args *args = call->bound;
    const char *input = "";
    int64_t *start;

    (void)err;
    *next = ACTION_DONE;
    if (call->step > 0) {
        finish(call, "");
        return true;
    }
    start = arena_new_of(call->arena, int64_t);
    *start = clock_wall_us();
    call->state = start;
    if (args->minutes != ARG_INT_UNSET || args->seconds != ARG_INT_UNSET)
        return wait_for_time(call, next, args->minutes != ARG_INT_UNSET ? args->minutes * 60 : args->seconds);
    if (!action_ask(call, prompt_text(call), !args->echo, &input)) {
        action_say(call, prompt_text(call));
        action_warn(call, "Not waiting for response to prompt as stdin is not interactive");
        input = "";
    }
    finish(call, input);
    return true;
}

ACTION_DEFINE(pause) = { .spec = { .name = "pause",
                                   .summary = "Wait for a time or for the user",
                                   .args = pause_spec,
                                   .rules = pause_rules,
                                   .args_size = sizeof(struct pause_args) },
                         .runs_once = true,
                         .step = pause_step };
