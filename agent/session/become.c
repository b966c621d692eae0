/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Helpers: starting them, answering the one question sudo or su may ask, noticing their end. A helper that could not be
 * started fails its task only; the next task tries again.
 */
#include "agent/session/become.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/session/become_command.h"
#include "agent/session/become_terminal.h"
#include "agent/system/process/process_start.h"
#include "agent/task/command_words.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/text.h"

#define START_MS 60000 /* until the helper's HELLO, PAM's delay after a wrong password included */
#define CLOSE_MS 2000  /* for a helper to end after its input was closed */
#define MESSAGES_MAX 4096

bool become_is_unneeded(const struct become_request *request)
{
    const struct passwd *account = getpwuid(geteuid());
    const char *user = request->user && request->user[0] ? request->user : "root";

    return !request->same_user && account && strcmp(account->pw_name, user) == 0;
}

/* --- starting --- */

/* The conversation until HELLO: what sudo wrote, and whether its question was answered. */
struct become_start {
    struct become_helper *helper;
    const struct become_request *request;
    char messages[MESSAGES_MAX];
    size_t length;
    bool is_answered;
    bool is_up;
};

static const char *message_line(struct arena *arena, const char *messages, const char *word)
{
    const char *at = messages, *end = messages + strlen(messages), *line, *found = NULL;
    size_t length;

    while (text_line(&at, end, &line, &length)) {
        const char *trimmed = text_trim(arena, line, length);
        if (trimmed[0] && (!word || strstr(trimmed, word)))
            found = trimmed;
    }
    return found;
}

/* sudo says several lines when something is wrong: the telling one, else the last. */
static const char *telling_line(struct arena *arena, const char *messages)
{
    static const char *const telling[] = { "unknown user",    "sudoers file",   "not allowed",
                                           "must have a tty", "does not exist", NULL };
    const char *line = NULL;

    for (const char *const *word = telling; *word && !line; word++)
        line = message_line(arena, messages, *word);
    return line ? line : message_line(arena, messages, NULL);
}

static const char *wanted_user(const struct become_request *request)
{
    return request->user && request->user[0] ? request->user : "root";
}

/* sudo, su or doas ended without a session: in one sentence, why. */
static bool start_refused(struct become_start *start, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const struct become_request *request = start->request;
    const char *method = request->method ? request->method : "sudo";

    if (strstr(start->messages, "incorrect password") ||
        (start->is_answered &&
         (strstr(start->messages, "Sorry, try again") || strstr(start->messages, "Authentication failure"))))
        return error_set(err, "Incorrect %s password", method);
    if (strstr(start->messages, "a password is required") || strstr(start->messages, "no password was provided") ||
        strstr(start->messages, "Authentication required"))
        return error_set(err, "Missing %s password", method);
    const char *line = telling_line(arena, start->messages);
    return error_set(err, "%s to user '%s' failed: %s", method, wanted_user(request),
                     line ? line : "it ended without a message");
}

/* The question, or NULL while there is none. */
static char *start_question(struct become_start *start)
{
    if (!start->helper->has_terminal)
        return start->request->password ? strstr(start->messages, BECOME_PROMPT) : NULL;
    return become_terminal_asks(start->messages, start->request->prompts) ? start->messages : NULL;
}

static bool start_answer(struct become_start *start, struct error *err)
{
    const char *password = start->request->password, *method = start->helper->has_terminal ? "su" : "sudo";
    int fd = start->helper->has_terminal ? start->helper->errors : start->helper->input;
    char *prompt = start_question(start);

    if (!prompt)
        return true;
    if (!password || start->is_answered)
        return error_set(err, "%s %s password", password ? "Incorrect" : "Missing", method);
    start->is_answered = true;
    *prompt = '\0'; /* a second prompt is a second question */
    start->length = (size_t)(prompt - start->messages);
    if (!fd_write_all(fd, password, strlen(password), err) || !fd_write_all(fd, "\n", 1, err))
        return error_prefix(err, "answering %s", method);
    return true;
}

static bool start_read_messages(struct become_start *start, struct error *err)
{
    ssize_t got = read(start->helper->errors, start->messages + start->length, MESSAGES_MAX - 1 - start->length);

    if (got > 0) {
        start->length += (size_t)got;
        start->messages[start->length] = '\0';
        if (start->length == MESSAGES_MAX - 1)
            start->length = 0;
        return start_answer(start, err);
    }
    if (got == 0 || errno == EIO) { /* EIO: nobody has the terminal any more */
        fd_close(start->helper->errors);
        start->helper->errors = -1;
    }
    return true;
}

static bool start_read_hello(struct become_start *start, struct error *err)
{
    struct frame frame;
    enum frame_status status = frame_read(start->helper->reader, &frame, err);

    if (status == FRAME_AGAIN)
        return true;
    if (status == FRAME_READY && frame.kind == FRAME_HELLO) {
        start->is_up = start->helper->is_up = true;
        return true;
    }
    if (status == FRAME_READY)
        return error_set(err, "the helper did not start with HELLO");
    if (status == FRAME_EOF) {
        struct error ignored = ERROR_INIT;
        if (start->helper->errors >= 0)
            (void)start_read_messages(start, &ignored);
        return start_refused(start, err);
    }
    return error_prefix(err, "%s to user '%s' failed", start->request->method ? start->request->method : "sudo",
                        wanted_user(start->request));
}

static bool start_converse(struct become_start *start, const struct inbox *inbox, struct error *err)
{
    int64_t until = clock_monotonic_ms() + START_MS;

    while (!start->is_up) {
        struct pollfd fds[3] = {
            { .fd = start->helper->output, .events = POLLIN },
            { .fd = start->helper->errors, .events = POLLIN },
            { .fd = inbox->watch.fd, .events = POLLIN },
        };
        int64_t left = until - clock_monotonic_ms();
        if (left <= 0)
            return error_set(err, "Timeout (%ds) waiting for privilege escalation", START_MS / 1000);
        (void)poll(fds, 3, (int)left);
        if (fds[2].revents)
            inbox->watch.ready(inbox->watch.context);
        if (inbox->is_cancelled)
            return error_set_kind(err, ERROR_CANCELLED, "cancelled");
        if (fds[1].revents && !start_read_messages(start, err))
            return false;
        if (fds[0].revents && !start_read_hello(start, err))
            return false;
    }
    return true;
}

/* Or the pipe of errors. A su that leads a session on this terminal is told by SIGHUP. */
static void terminal_close(struct become_helper *helper)
{
    fd_close(helper->errors);
    helper->errors = -1;
}

static void helper_end(struct become_helper *helper, int *status_out)
{
    int64_t until = clock_monotonic_ms() + CLOSE_MS;

    fd_close(helper->input);
    fd_close(helper->output);
    if (!helper->has_terminal || !helper->is_up)
        terminal_close(helper); /* the end of what su waits for */
    frame_reader_free(helper->reader);
    while (waitpid(helper->pid, status_out, WNOHANG) == 0) {
        if (clock_monotonic_ms() >= until) {
            (void)kill(-helper->pid, SIGKILL); /* not allowed when sudo is root and we are not: init will reap it */
            terminal_close(helper);
        }
        if (clock_monotonic_ms() >= until + CLOSE_MS)
            break;
        (void)poll(NULL, 0, 5);
    }
    terminal_close(helper);
    free(helper->command);
    free(helper->key);
    free(helper);
}

static char *command_line(struct arena *arena, const char *const *argv)
{
    struct value *words = value_list(arena);

    for (; *argv; argv++)
        value_list_add(arena, words, value_string(arena, *argv));
    return command_join(arena, words);
}

static bool helper_start(struct arena *arena, const struct become_request *request, const char *const *self,
                         struct become_helper *helper, struct error *err)
{
    struct system bare = { .root = "" };
    struct process_request process = { .input = "", .umask_bits = -1 };
    struct process_pipes pipes;
    FD_SCOPED terminal = -1;
    char path[64];

    if (!become_command(arena, request, self, &process.argv, err))
        return false;
    helper->has_terminal = process.c_locale = become_wants_terminal(request);
    if (helper->has_terminal && !become_terminal_open(&terminal, path, sizeof path, err))
        return error_prefix(err, "become method su");
    process.terminal = helper->has_terminal ? path : NULL;
    if (!process_start(&bare, arena, &process, &pipes, err))
        return error_prefix(err, "become");
    fd_close(pipes.watch);
    helper->command = strdup(command_line(arena, process.argv));
    helper->pid = pipes.pid;
    helper->input = pipes.input;
    helper->output = pipes.output;
    helper->errors = helper->has_terminal ? terminal : pipes.errors;
    terminal = -1;
    helper->reader = frame_reader_new(pipes.output);
    return true;
}

static const char *key_part(const char *text)
{
    return text ? text : "";
}

static char *helper_key(struct arena *arena, const struct become_request *request)
{
    return arena_printf(arena, "%s\n%s\n%s\n%s", key_part(request->method), key_part(request->user),
                        key_part(request->flags), key_part(request->exe));
}

/* The helper is a session: it wants the engine's HELLO. */
static bool helper_greet(const struct become_helper *helper, struct arena *arena, struct error *err)
{
    struct value *hello = value_map(arena);

    value_map_put_int(arena, hello, "protocol", PROTOCOL_VERSION);
    value_map_put_string(arena, hello, "build", ROOST_VERSION);
    return frame_write_value(helper->input, FRAME_HELLO, 0, hello, err);
}

bool become_get(struct become_pool *pool, const struct become_request *request, const struct inbox *inbox,
                struct become_helper **out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const char *key = helper_key(arena, request);
    int status = 0;

    for (struct become_helper *helper = pool->helpers; helper; helper = helper->next) {
        if (strcmp(helper->key, key) == 0) {
            *out = helper;
            return true;
        }
    }
    struct become_helper *helper = calloc(1, sizeof *helper);
    if (!helper)
        return error_set(err, "out of memory");
    if (!helper_start(arena, request, pool->self, helper, err)) {
        free(helper);
        return false;
    }
    helper->key = strdup(key);
    struct become_start start = { .helper = helper, .request = request };
    if (!helper->key || !start_converse(&start, inbox, err) || !helper_greet(helper, arena, err)) {
        helper_end(helper, &status);
        return false;
    }
    helper->next = pool->helpers;
    pool->helpers = helper;
    *out = helper;
    return true;
}

/* --- ending --- */

bool become_lost(struct become_pool *pool, struct become_helper *helper, struct error *err)
{
    char user[64];
    int status = 0;

    for (struct become_helper **at = &pool->helpers; *at; at = &(*at)->next) {
        if (*at == helper) {
            *at = helper->next;
            break;
        }
    }
    const char *second = strchr(helper->key, '\n') + 1;
    (void)snprintf(user, sizeof user, "%.*s", (int)strcspn(second, "\n"), second);
    helper_end(helper, &status);
    if (WIFSIGNALED(status))
        return error_set(err, "killed session: the helper for user '%s' was ended by signal %d",
                         user[0] ? user : "root", WTERMSIG(status));
    return error_set(err, "killed session: the helper for user '%s' ended with status %d", user[0] ? user : "root",
                     WEXITSTATUS(status));
}

void become_pool_close(struct become_pool *pool)
{
    int status = 0;

    while (pool->helpers) {
        struct become_helper *next = pool->helpers->next;
        helper_end(pool->helpers, &status);
        pool->helpers = next;
    }
}
