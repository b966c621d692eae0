/* SPDX-License-Identifier: Apache-2.0 */
/* The stream of a run: output goes where it went, questions are asked, the end is the exit code. */
#include "cli/run_follow.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/center_follow.h"
#include "cli/run_failures.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "engine/command/ask.h"
#include "engine/run/run.h"

struct following {
    const struct run_follow *follow;
    struct arena *arena;
    struct run_failures failures;
    int exit_code;
    bool has_output; /* where a run's own output is shown, its failures are in it */
    bool has_ended;
};

/* --- Ctrl-C --- */

struct detaching {
    int64_t run_id;
    sigset_t signals;
    struct termios terminal; /* as it was: a password may be being typed */
    bool has_terminal;
};

static void *detach_thread(void *data)
{
    const struct detaching *detaching = data;
    int signal = 0;

    if (sigwait(&detaching->signals, &signal) != 0)
        return NULL;
    if (detaching->has_terminal)
        tcsetattr(STDERR_FILENO, TCSANOW, &detaching->terminal);
    fprintf(
        stderr,
        "\nDetached: run %lld goes on. Follow it by `roost runs follow %lld`, end it by `roost runs cancel %lld`.\n",
        (long long)detaching->run_id, (long long)detaching->run_id, (long long)detaching->run_id);
    _exit(RUN_INTERRUPTED);
}

static void detach_watch(struct detaching *detaching)
{
    pthread_t thread;

    sigemptyset(&detaching->signals);
    sigaddset(&detaching->signals, SIGINT);
    detaching->has_terminal = tcgetattr(STDERR_FILENO, &detaching->terminal) == 0;
    pthread_sigmask(SIG_BLOCK, &detaching->signals, NULL);
    if (pthread_create(&thread, NULL, detach_thread, detaching) == 0)
        pthread_detach(thread);
}

/* --- events --- */

static void output_show(struct following *following, const struct value *event)
{
    FILE *out = text_equal(value_map_text(event, "stream"), "err") ? stderr : stdout;
    const struct value *text = value_map_get(event, "text");

    if (!value_is(text, VALUE_STRING))
        return;
    following->has_output = true;
    fwrite(text->as.string.data, 1, text->as.string.length, out);
    fflush(out);
}

/* Answered ones are in the stream too: only the one that the run waits with is asked. */
static bool is_asked(struct following *following, int64_t question)
{
    const struct value *run = NULL, *waiting = NULL;
    struct error err = ERROR_INIT;

    if (!center_client_ask(following->follow->client, NULL,
                           arena_printf(following->arena, "/api/v1/runs/%lld", (long long)following->follow->run_id),
                           NULL, &run, &err))
        return false;
    waiting = value_map_get(run, "question");
    return value_is(waiting, VALUE_INT) && waiting->as.integer == question;
}

static void question_ask(struct following *following, const struct value *event)
{
    struct arena *arena = following->arena;
    const struct value *number = value_map_get(event, "number"), *ignored = NULL;
    const char *prompt = value_map_text(event, "prompt"), *text = NULL;
    struct value *body = value_map(arena);
    struct error err = ERROR_INIT;

    if (!value_is(number, VALUE_INT) || !is_asked(following, number->as.integer))
        return;
    if (!following->follow->answers || !ask_terminal(NULL, prompt, value_map_true(event, "secret"), arena, &text)) {
        fprintf(stderr, "The run waits for an answer that cannot be given here: %s\n", prompt);
        return;
    }
    value_map_put(arena, body, "question", number);
    value_map_put_string(arena, body, "text", text);
    if (!center_client_ask(following->follow->client, "POST",
                           arena_printf(arena, "/api/v1/runs/%lld/answer", (long long)following->follow->run_id), body,
                           &ignored, &err))
        fprintf(stderr, "%s\n", err.text);
}

static void held_show(const struct following *following, const struct value *event, bool is_held)
{
    const char *actor = value_map_text(event, "actor");

    if (is_held)
        fprintf(stderr, "Run %lld is paused%s%s: `roost runs resume %lld` lets it go on.\n",
                (long long)following->follow->run_id, actor == NULL ? "" : " by ", actor == NULL ? "" : actor,
                (long long)following->follow->run_id);
    else
        fprintf(stderr, "Run %lld goes on.\n", (long long)following->follow->run_id);
}

static void queued_show(const struct following *following, const struct value *event)
{
    const struct value *ahead = value_map_get(event, "ahead");
    int64_t count = value_is(ahead, VALUE_INT) ? ahead->as.integer : 0;

    fprintf(stderr, "Run %lld waits for its turn: %lld run%s ahead of it.\n", (long long)following->follow->run_id,
            (long long)count, count == 1 ? " is" : "s are");
}

static void end_take(struct following *following, const struct value *event)
{
    const struct value *code = value_map_get(event, "exit_code");
    const char *state = value_map_text(event, "state"), *reason = value_map_text(event, "reason");

    following->has_ended = true;
    if (value_is(code, VALUE_INT)) {
        following->exit_code = (int)code->as.integer;
        return;
    }
    following->exit_code = text_equal(state, "ok")          ? RUN_OK
                           : text_equal(state, "cancelled") ? RUN_INTERRUPTED
                                                            : RUN_ERROR;
    if (!following->has_output)
        fputs(run_failures_text(&following->failures), stdout);
    if (following->exit_code != RUN_OK)
        fprintf(stderr, "Run %lld is %s%s%s\n", (long long)following->follow->run_id, state == NULL ? "over" : state,
                reason == NULL ? "" : ": ", reason == NULL ? "" : reason);
}

static bool event_take(void *data, const struct center_message *message)
{
    struct following *following = data;
    ARENA_SCOPED scratch = arena_new();
    const struct value *event = NULL;
    struct error err = ERROR_INIT;

    if (!json_read(scratch, message->data, strlen(message->data), NULL, &event, &err))
        return true;
    if (strcmp(message->event, "output") == 0)
        output_show(following, event);
    else if (strcmp(message->event, "question") == 0)
        question_ask(following, event);
    else if (strcmp(message->event, "paused") == 0 || strcmp(message->event, "resumed") == 0)
        held_show(following, event, strcmp(message->event, "paused") == 0);
    else if (strcmp(message->event, "queued") == 0)
        queued_show(following, event);
    else if (strcmp(message->event, "end") == 0)
        end_take(following, event);
    else
        run_failures_take(&following->failures, event);
    return !following->has_ended;
}

static void broken(void *data, const struct error *err)
{
    (void)data;
    fprintf(stderr, "%s\nTrying again; the run goes on without us.\n", err->text);
}

bool run_follow(const struct run_follow *follow, int *exit_out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct following following = { .follow = follow, .arena = arena, .exit_code = RUN_ERROR };
    struct detaching *detaching = arena_new_of(arena, struct detaching);
    const struct center_follow stream = {
        .path = arena_printf(arena, "/api/v1/runs/%lld/stream", (long long)follow->run_id),
        .take = event_take,
        .data = &following,
        .broken = broken,
    };

    run_failures_init(&following.failures, arena);
    detaching->run_id = follow->run_id;
    detach_watch(detaching);
    if (!center_follow(follow->client, &stream, false, err))
        return false;
    *exit_out = following.exit_code;
    return true;
}
