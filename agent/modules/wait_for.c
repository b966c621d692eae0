/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait_for: waits until a port answers, a file is there or says something, or either is gone. Changes
 * nothing; between two looks it sleeps, and it ends at once when the task is called off.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/system/network/tcp_probe.h"
#include "agent/system/network/tcp_table.h"
#include "agent/task/file_arguments.h"
#include "agent/task/module.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/regex/regex.h"

#define CONTENT_MAX ((size_t)256 * 1024 * 1024) /* of a file that is searched */
#define ANSWER_MAX ((size_t)16 * 1024 * 1024)   /* of what a port says */

struct wait_for_args {
    const char *host, *path, *search_regex, *state, *msg;
    int64_t timeout, connect_timeout, delay, port, sleep;
    const struct value *active_connection_states, *exclude_hosts;
};

static const struct arg_spec wait_for_spec[] = {
    ARG(wait_for_args, host, ARG_STRING, .default_text = "127.0.0.1", .help = "host to connect to"),
    ARG(wait_for_args, port, ARG_INT, .help = "port to wait for"),
    ARG(wait_for_args, path, ARG_PATH, .help = "file to wait for"),
    ARG(wait_for_args, state, ARG_STRING, .default_text = "started",
        .choices = ARG_NAMES("absent", "drained", "present", "started", "stopped"), .help = "what to wait for"),
    ARG(wait_for_args, search_regex, ARG_STRING,
        .help = "Python regular expression that the file or the port's answer must match"),
    ARG(wait_for_args, timeout, ARG_INT, .default_text = "300", .help = "seconds to wait at most"),
    ARG(wait_for_args, connect_timeout, ARG_INT, .default_text = "5", .help = "seconds for one connection attempt"),
    ARG(wait_for_args, delay, ARG_INT, .default_text = "0", .help = "seconds before the first look"),
    ARG(wait_for_args, sleep, ARG_INT, .default_text = "1", .help = "seconds between two looks"),
    ARG(wait_for_args, msg, ARG_STRING, .help = "message instead of the usual one when time is up"),
    ARG(wait_for_args, active_connection_states, ARG_LIST,
        .default_text = "ESTABLISHED,FIN_WAIT1,FIN_WAIT2,SYN_RECV,SYN_SENT,TIME_WAIT",
        .help = "states that count as active"),
    ARG(wait_for_args, exclude_hosts, ARG_LIST, .help = "remote hosts whose connections do not count (drained)"),
    ARG_END,
};

struct wait {
    struct task_context *task;
    const struct wait_for_args *args;
    int64_t start_ms, end_ms;
    struct regex *regex; /* or NULL */
    const struct value *groups, *named_groups;
};

static int64_t elapsed(const struct wait *wait)
{
    return (clock_monotonic_ms() - wait->start_ms) / 1000;
}

static bool regex_found(struct wait *wait, const char *data, size_t length, bool keep_groups, bool *found_out,
                        struct error *err)
{
    struct regex_match match = { 0 };

    if (!regex_search(wait->regex, data, length, &match, found_out, err))
        return false;
    if (*found_out && keep_groups) {
        wait->groups = regex_groups(wait->task->scratch, &match);
        wait->named_groups = regex_named_groups(wait->task->scratch, wait->regex, &match);
    }
    return true;
}

/* --- looks: each tells whether what is waited for is the case --- */

static bool look_gone(struct wait *wait, bool *done_out, struct error *err)
{
    const struct wait_for_args *args = wait->args;
    (void)err;

    if (args->path) {
        *done_out = access(args->path, F_OK) != 0;
        return true;
    }
    FD_SCOPED fd = tcp_probe_connect(wait->task->system, args->host, (int)args->port, args->connect_timeout * 1000);
    *done_out = fd < 0 && !system_is_cancelled(wait->task->system);
    return true;
}

static bool look_path(struct wait *wait, bool *done_out, struct error *err)
{
    const struct wait_for_args *args = wait->args;
    struct error unreadable = ERROR_INIT;
    struct stat info;
    char *data = NULL;
    size_t length = 0;

    *done_out = false;
    if (stat(args->path, &info) != 0) {
        int reason = errno;
        if (reason == ENOENT)
            return true;
        result_set_int(wait->task, "elapsed", elapsed(wait));
        if (args->msg)
            return result_fail(wait->task, "%s", args->msg);
        return result_fail(wait->task, "Failed to stat %s, %s", args->path, strerror(reason));
    }
    *done_out = !wait->regex;
    if (!wait->regex)
        return true;
    ARENA_SCOPED arena = arena_new();
    if (!file_read(arena, args->path, CONTENT_MAX, &data, &length, &unreadable))
        return unreadable.kind != ERROR_LIMIT ? true : error_set(err, "%s", unreadable.text);
    return regex_found(wait, data, length, true, done_out, err);
}

/* Reads what the port says until it matches, ends, or time is up. */
static bool port_says(struct wait *wait, int fd, bool *done_out, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct text answer = text_new(arena);
    char buffer[16 * 1024];

    *done_out = false;
    while (!*done_out && answer.length < ANSWER_MAX && tcp_probe_wait(wait->task->system, fd, wait->end_ms)) {
        ssize_t got = recv(fd, buffer, sizeof(buffer), 0);
        if (got <= 0)
            break;
        text_add_n(&answer, buffer, (size_t)got);
        if (!regex_found(wait, answer.data, answer.length, false, done_out, err))
            return false;
    }
    return true;
}

static bool look_port(struct wait *wait, bool *done_out, struct error *err)
{
    const struct wait_for_args *args = wait->args;
    int64_t left = wait->end_ms - clock_monotonic_ms(), timeout = args->connect_timeout * 1000;

    FD_SCOPED fd = tcp_probe_connect(wait->task->system, args->host, (int)args->port, left < timeout ? left : timeout);
    *done_out = fd >= 0;
    if (fd < 0)
        return true;
    bool fine = !wait->regex || port_says(wait, fd, done_out, err);
    (void)shutdown(fd, SHUT_RDWR);
    return fine;
}

static bool look_there(struct wait *wait, bool *done_out, struct error *err)
{
    return wait->args->path ? look_path(wait, done_out, err) : look_port(wait, done_out, err);
}

static bool look_drained(struct wait *wait, bool *done_out, struct error *err)
{
    const struct wait_for_args *args = wait->args;
    const struct tcp_query query = { args->host, (int)args->port, args->exclude_hosts, args->active_connection_states };
    size_t count = 0;

    if (!tcp_table_count(wait->task->system, &query, &count, err))
        return false;
    *done_out = count == 0;
    return true;
}

/* --- the wait --- */

static bool time_is_up(struct wait *wait)
{
    const struct wait_for_args *args = wait->args;
    struct task_context *task = wait->task;
    const char *regex = args->search_regex, *path = args->path, *host = args->host;
    int port = (int)args->port;

    result_set_int(task, "elapsed", elapsed(wait));
    if (args->msg)
        return result_fail(task, "%s", args->msg);
    if (strcmp(args->state, "drained") == 0)
        return result_fail(task, "Timeout when waiting for %s:%d to drain", host, port);
    if (strcmp(args->state, "absent") == 0 || strcmp(args->state, "stopped") == 0)
        return path ? result_fail(task, "Timeout when waiting for %s to be absent.", path)
                    : result_fail(task, "Timeout when waiting for %s:%d to stop.", host, port);
    if (regex)
        return path ? result_fail(task, "Timeout when waiting for search string %s in %s", regex, path)
                    : result_fail(task, "Timeout when waiting for search string %s in %s:%d", regex, host, port);
    return path ? result_fail(task, "Timeout when waiting for file %s", path)
                : result_fail(task, "Timeout when waiting for %s:%d", host, port);
}

static bool wait_loop(struct wait *wait, bool (*look)(struct wait *, bool *, struct error *), struct error *err)
{
    while (clock_monotonic_ms() < wait->end_ms) {
        bool done = false;
        if (!look(wait, &done, err))
            return false;
        if (done || wait->task->result->failed)
            return true;
        int64_t left = wait->end_ms - clock_monotonic_ms(), pause = wait->args->sleep * 1000;
        if (!system_pause(wait->task->system, pause < left ? (pause > 0 ? pause : 1) : left, err))
            return false;
    }
    return time_is_up(wait);
}

static bool check_arguments(struct task_context *task, const struct wait_for_args *args)
{
    bool has_port = args->port != ARG_INT_UNSET && args->port != 0, drained = strcmp(args->state, "drained") == 0;

    result_set_int(task, "elapsed", 0);
    if (has_port && args->path)
        return result_fail(task, "port and path parameter can not both be passed to wait_for");
    if (args->path && (drained || strcmp(args->state, "stopped") == 0))
        return result_fail(task, "state=%s should only be used for checking a port in the wait_for module",
                           args->state);
    if (args->exclude_hosts && !drained)
        return result_fail(task, "exclude_hosts should only be with state=drained");
    if (drained && !has_port)
        return result_fail(task, "port is required with state=drained");
    if (has_port && (args->port < 0 || args->port > 65535))
        return result_fail(task, "%lld is no port", (long long)args->port);
    for (size_t i = 0; i < value_count(args->active_connection_states); i++) {
        const char *state = value_text(value_item(args->active_connection_states, i));
        if (!tcp_table_state_known(state))
            return result_fail(task, "unknown active_connection_state (%s) defined", state ? state : "");
    }
    return true;
}

static bool wait_for_what(struct wait *wait, struct error *err)
{
    const struct wait_for_args *args = wait->args;
    const char *state = args->state;

    if (args->delay > 0 && !system_pause(wait->task->system, args->delay * 1000, err))
        return false;
    if (strcmp(state, "drained") == 0)
        return wait_loop(wait, look_drained, err);
    if (!args->path && (args->port == ARG_INT_UNSET || args->port == 0))
        return system_pause(wait->task->system, args->timeout * 1000, err);
    bool gone = strcmp(state, "absent") == 0 || strcmp(state, "stopped") == 0;
    return wait_loop(wait, gone ? look_gone : look_there, err);
}

static bool wait_for_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct wait_for_args *args = raw;
    struct wait wait = { .task = task, .args = args };

    if (args->search_regex && !regex_compile(task->scratch, args->search_regex, strlen(args->search_regex),
                                             REGEX_MULTILINE, &wait.regex, err))
        return false;
    if (check_arguments(task, args) && task->result->failed)
        return true;
    wait.groups = value_list(task->scratch);
    wait.named_groups = value_map(task->scratch);
    wait.start_ms = clock_monotonic_ms();
    wait.end_ms = wait.start_ms + args->timeout * 1000;
    if (!wait_for_what(&wait, err))
        return false;
    if (task->result->failed)
        return true;
    result_set_string(task, "state", args->state);
    result_set(task, "port", args->port == ARG_INT_UNSET ? value_null() : value_int(task->scratch, args->port));
    result_set_string(task, "search_regex", args->search_regex);
    result_set(task, "match_groups", wait.groups);
    result_set(task, "match_groupdict", wait.named_groups);
    result_set_string(task, "path", args->path);
    result_set_int(task, "elapsed", elapsed(&wait));
    return !args->path || file_arguments_describe(task, args->path, err);
}

MODULE_DEFINE(wait_for) = {
    .spec = { .name = "wait_for",
              .summary = "Wait until a port or a file is as it should be",
              .args = wait_for_spec,
              .args_size = sizeof(struct wait_for_args) },
    .check_mode = MODULE_CHECK_SKIP,
    .order = "state port search_regex match_groups match_groupdict path elapsed",
    .run = wait_for_run,
};
