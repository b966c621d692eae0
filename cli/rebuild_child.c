/* SPDX-License-Identifier: Apache-2.0 */
/* Children of a rebuild. */
#include "cli/rebuild_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/rebuild_progress.h"
#include "cli/rebuild_words.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/protocol/control.h"
#include "common/yaml/yaml_writer.h"

#define OUTPUT_MAX ((size_t)64 * 1024)
#define WORDS_MAX 1200 /* -i and --roles-path may be there 256 times each */
#define STEP_MS 100
#define TASK "TASK ["
#define GRACE_MS 15000       /* of an interrupted child: apply lets a task come to its end */
#define EXTRA "-e@/dev/fd/3" /* REBUILD_HAND */

extern char **environ;

/* --- one child --- */

static const char **environment_make(struct arena *arena, const char *const *more)
{
    size_t own = 0, added = 0;
    const char **all = NULL;

    while (environ[own] != NULL)
        own++;
    while (more != NULL && more[added] != NULL)
        added++;
    all = arena_new_array(arena, const char *, own + added + 1);
    for (size_t i = 0; i < added; i++)
        all[i] = more[i];
    for (size_t i = 0; i < own; i++)
        all[added + i] = environ[i];
    return all;
}

struct becoming {
    char *const *argv, *const *environment;
    int null, out, hand; /* hand 0: none */
    bool outlives;
};

/* Between fork and exec in a process with threads: system calls only. */
static void child_become(const struct becoming *becoming)
{
    sigset_t none;

    setpgid(0, 0);
    if (!becoming->outlives)
        prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    dup2(becoming->null, STDIN_FILENO);
    dup2(becoming->out, STDOUT_FILENO);
    dup2(becoming->out, STDERR_FILENO);
    if (becoming->hand == REBUILD_HAND)
        fcntl(REBUILD_HAND, F_SETFD, 0);
    else if (becoming->hand > 0)
        dup2(becoming->hand, REBUILD_HAND);
    execvpe(becoming->argv[0], becoming->argv, becoming->environment);
    _exit(127);
}

struct listening {
    struct rebuild_call *call;
    int output, log; /* what it prints is read here, and goes there */
    bool is_file;    /* it prints to the log itself: read at its end */
    struct text tail;
    int64_t deadline_ms; /* once interrupted; 0: not yet */
};

/* The task that a run is at, as the newest bytes say it, for the table. */
static void task_say(struct listening *listening, size_t from)
{
    const char *task = NULL, *end = NULL;

    for (const char *at = listening->tail.data + from; (at = strstr(at, TASK)) != NULL; at += strlen(TASK))
        task = at + strlen(TASK);
    end = task == NULL ? NULL : strstr(task, "] *");
    if (end != NULL)
        rebuild_progress_say(listening->call, false, "%.*s", (int)(end - task), task);
}

static void output_take(struct listening *listening, const char *bytes, size_t length)
{
    struct error ignored = ERROR_INIT;

    if (listening->log >= 0)
        (void)fd_write_all(listening->log, bytes, length, &ignored);
    if (listening->tail.length + length > 2 * OUTPUT_MAX) { /* the older half goes */
        memmove(listening->tail.data, listening->tail.data + listening->tail.length - OUTPUT_MAX, OUTPUT_MAX);
        text_truncate(&listening->tail, OUTPUT_MAX);
    }
    text_add_n(&listening->tail, bytes, length);
    if (listening->log >= 0)
        task_say(listening, listening->tail.length - length);
}

/* What is there now; false: the other end is closed, or there is no more in the file yet. */
static bool output_read(struct listening *listening)
{
    struct pollfd waited = { .fd = listening->output, .events = POLLIN };
    char bytes[8192];
    ssize_t got = 0;

    if (poll(&waited, 1, STEP_MS) <= 0)
        return true;
    got = read(listening->output, bytes, sizeof(bytes));
    if (got > 0)
        output_take(listening, bytes, (size_t)got);
    return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

/* Until the child has ended and what it wrote is read; what it leaves running keeps the pipe open and is not waited for. */
static int child_follow(pid_t pid, struct listening *listening)
{
    bool is_open = true;
    int status = 0, pause_ms = 1;

    for (;;) {
        int64_t now_ms = clock_monotonic_ms();
        pid_t ended = 0;

        if (is_open) {
            is_open = output_read(listening);
        } else { /* most have ended a moment after that */
            (void)poll(NULL, 0, pause_ms);
            pause_ms = pause_ms * 2 > STEP_MS ? STEP_MS : pause_ms * 2;
            is_open = listening->is_file;
        }
        ended = waitpid(pid, &status, WNOHANG);
        if (ended == pid || (ended < 0 && errno != EINTR))
            break;
        if (rebuild_interrupted() && listening->deadline_ms == 0) {
            kill(-pid, SIGTERM);
            listening->deadline_ms = now_ms + GRACE_MS;
        }
        if (listening->deadline_ms > 0 && now_ms > listening->deadline_ms)
            kill(-pid, SIGKILL);
    }
    is_open = is_open || listening->is_file;
    for (struct pollfd left = { .fd = listening->output, .events = POLLIN }; is_open && poll(&left, 1, 0) > 0;)
        is_open = output_read(listening);
    return status;
}

static pid_t child_start(const struct rebuild_child *child, const char **environment, int out, struct error *err)
{
    FD_SCOPED null = open("/dev/null", O_RDWR | O_CLOEXEC);
    struct becoming becoming = { .null = null, .out = out, .hand = child->hand, .outlives = child->outlives };
    pid_t pid = -1;

    memcpy(&becoming.argv, &child->argv, sizeof(becoming.argv)); /* exec wants writable words and writes nothing */
    memcpy(&becoming.environment, &environment, sizeof(becoming.environment));
    pid = null < 0 ? -1 : fork();
    if (pid == 0)
        child_become(&becoming);
    if (pid < 0)
        error_set_errno(err, "cannot start '%s'", child->argv[0]);
    return pid;
}

/* Values of -e come by a descriptor: in the log stands what was said on the command line, without them. */
static void log_head(struct listening *listening, struct rebuild_call *call, const char *const *argv)
{
    const struct options_list *extra = &call->rebuild->command.options.extra_vars;
    struct text line = text_new(call->arena);
    struct error ignored = ERROR_INIT;

    text_printf(&line, "\n== %.19sZ", clock_text_utc(call->arena, clock_wall_us()));
    for (; *argv != NULL; argv++) {
        if (strcmp(*argv, EXTRA) != 0)
            text_printf(&line, " %s", *argv);
        for (size_t i = 0; strcmp(*argv, EXTRA) == 0 && i < extra->count; i++)
            text_printf(&line, " -e %s", rebuild_words_masked(call->arena, extra->items[i]));
    }
    text_add_char(&line, '\n');
    (void)fd_write_all(listening->log, line.data, line.length, &ignored);
}

/*
 * A pipe to us; one that goes on without us prints to the log itself, as whoever prints to a pipe that nobody reads is ended by that. *out: the
 * child's end.
 */
static bool output_open(struct listening *listening, bool outlives, int *out, struct error *err)
{
    const char *log = listening->call->node->log;
    int ends[2] = { -1, -1 };
    bool is_good = true;

    listening->is_file = outlives && listening->log >= 0;
    if (listening->is_file) {
        ends[0] = open(log, O_RDONLY | O_CLOEXEC);
        ends[1] = listening->log;
        listening->log = -1;
        is_good = (ends[0] >= 0 && lseek(ends[0], 0, SEEK_END) >= 0) || error_set_errno(err, "cannot read %s", log);
    } else {
        is_good = pipe2(ends, O_CLOEXEC) == 0 || error_set_errno(err, "cannot make a pipe");
    }
    listening->output = ends[0];
    *out = ends[1];
    return is_good;
}

bool rebuild_child_run(struct rebuild_call *call, const struct rebuild_child *child, struct rebuild_child_end *out,
                       struct error *err)
{
    const char **environment = environment_make(call->arena, child->environment);
    struct listening listening = { .call = call, .output = -1, .log = -1, .tail = text_new(call->arena) };
    int printed = -1, status = 0;
    pid_t pid = -1;

    if (rebuild_interrupted())
        return error_set_kind(err, ERROR_CANCELLED, "interrupted");
    if (!child->is_silent && call->node->log != NULL)
        listening.log = open(call->node->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (listening.log >= 0)
        log_head(&listening, call, child->argv);
    if (output_open(&listening, child->outlives, &printed, err))
        pid = child_start(child, environment, printed, err);
    fd_close(printed);
    if (pid > 0)
        status = child_follow(pid, &listening);
    fd_close(listening.output);
    fd_close(listening.log);
    if (pid < 0)
        return false;
    out->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    out->output = listening.tail.data;
    return listening.deadline_ms == 0 || error_set_kind(err, ERROR_CANCELLED, "interrupted");
}

/* --- this program again --- */

bool rebuild_extra_keep(struct rebuild *rebuild, struct error *err)
{
    static const struct yaml_style style = { .block = true, .keep_order = true, .width = -1, .mark_unsafe = true };
    struct text text = text_new(rebuild->arena);
    int fd = -1;

    if (value_count(rebuild->command.extra_vars) == 0)
        return true;
    if (!yaml_write(&text, rebuild->command.extra_vars, &style, err))
        return error_prefix(err, "--extra-vars");
    fd = control_memory(text.data, text.length, err);
    if (fd > 0)
        rebuild->extra_fd = fd;
    return fd > 0;
}

struct words {
    const char *items[WORDS_MAX + 1];
    size_t count;
};

static void word_add(struct words *words, const char *word)
{
    if (words->count < WORDS_MAX)
        words->items[words->count++] = word;
}

static void option_add(struct words *words, const char *name, const char *value)
{
    if (value == NULL)
        return;
    word_add(words, name);
    word_add(words, value);
}

static void list_add(struct words *words, const char *name, const struct options_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        option_add(words, name, list->items[i]);
}

/* What every verb takes that reaches hosts. */
static void connection_add(struct words *words, struct arena *arena, const struct command_options *options)
{
    list_add(words, "-i", &options->inventories);
    option_add(words, "--user", options->user);
    option_add(words, "--private-key", options->private_key_file);
    option_add(words, "--timeout", options->timeout_s > 0 ? arena_printf(arena, "%d", options->timeout_s) : NULL);
    option_add(words, "--ssh-common-args", options->ssh_common_args);
    option_add(words, "--ssh-extra-args", options->ssh_extra_args);
    option_add(words, "--connection-password-file", options->connection_password_file);
    option_add(words, "--become-password-file", options->become_password_file);
    option_add(words, "--become-user", options->become_user);
    option_add(words, "--become-method", options->become_method);
    option_add(words, "--agent", options->agent_path);
    if (options->become)
        word_add(words, "--become");
}

bool rebuild_roost(struct rebuild_call *call, const char *verb, const char *const *words, struct rebuild_child_end *out,
                   struct error *err)
{
    static const char *const environment[] = { "ROOST_VIA=ssh", "ANSIBLE_NOCOLOR=1", NULL };
    struct words *all = arena_new_of(call->arena, struct words);

    word_add(all, call->rebuild->program);
    word_add(all, verb);
    connection_add(all, call->arena, &call->rebuild->command.options);
    if (call->rebuild->extra_fd > 0)
        word_add(all, EXTRA);
    if (!text_in(verb, (const char *const[]){ "doctor", NULL }))
        list_add(all, "--roles-path", &call->rebuild->command.options.role_folders);
    for (; *words != NULL; words++)
        word_add(all, *words);
    return rebuild_child_run(
        call,
        &(struct rebuild_child){ .argv = all->items, .environment = environment, .hand = call->rebuild->extra_fd }, out,
        err);
}

/* --- what it says --- */

/* "fatal: [n1]: FAILED! => {"msg": "..."}": the msg. */
static const char *failed_message(struct arena *arena, const char *line, size_t length)
{
    const char *text = arena_copy_n(arena, line, length), *json = strstr(text, "=> {");
    const struct value *result = NULL;
    struct error ignored = ERROR_INIT;

    if ((!text_starts(text, "fatal: [") && !text_starts(text, "failed: [")) || json == NULL)
        return NULL;
    json += strlen("=> ");
    return json_read(arena, json, strlen(json), NULL, &result, &ignored) ? value_map_text(result, "msg") : NULL;
}

const char *rebuild_child_sentence(struct arena *arena, const char *output)
{
    const char *cursor = output, *end = output + strlen(output), *line = NULL, *last = "it says nothing",
               *failed = NULL;
    size_t length = 0;

    while (text_line(&cursor, end, &line, &length)) {
        const char *message = failed_message(arena, line, length);
        const char *text = text_trim(arena, line, length);

        failed = message != NULL ? message : failed;
        last = *text != '\0' ? text : last;
    }
    return failed != NULL ? failed : last;
}
