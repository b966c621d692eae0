/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions that the controller asks for: children beside the run under way, several at once. */
#include <inttypes.h>
#include <string.h>

#include "agent/daemon/daemon_internal.h"
#include "agent/daemon/session_link.h"

/* What a session prints is not asked for: what it says goes over its connection. */
static void line_drop(void *data, const char *line, size_t length)
{
    (void)data;
    (void)line;
    (void)length;
}

static void session_refuse(struct daemon *daemon, const char *why, int64_t work)
{
    ARENA_SCOPED arena = arena_new();
    const char *sentence = arena_printf(arena, "no session: %s", why);

    daemon_log(daemon, "%s (work %" PRId64 ")", sentence, work);
    daemon_note(daemon, sentence, work);
}

static struct daemon_session *place_find(struct daemon *daemon)
{
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        if (daemon->sessions[i].runner == NULL)
            return &daemon->sessions[i];
    }
    return NULL;
}

void daemon_session_begin(struct daemon *daemon, const char *id, int64_t work)
{
    struct daemon_session *session = place_find(daemon);
    const char *program = daemon->options.program;
    const char *const argv[] = {
        program, "session", id == NULL ? "" : id, "--state", daemon->identity.paths.state, "--self", program, NULL
    };
    struct error err = ERROR_INIT;

    if (daemon->is_stopping)
        error_set(&err, "the daemon is about to end");
    else if (session == NULL)
        error_set(&err, "%d are open already, which is the most", SESSIONS_MAX);
    else if (session_id_check(id == NULL ? "" : id, &err) &&
             runner_start(argv, line_drop, NULL, &session->runner, &err))
        session->work = work;
    if (err.text[0] != '\0')
        session_refuse(daemon, err.text, work);
    else
        daemon_log(daemon, "the controller asks for a session (work %" PRId64 ")", work);
}

static void session_end(struct daemon *daemon, struct daemon_session *session, const struct runner_end *end)
{
    if (end->status != 0 && !daemon->is_stopping)
        session_refuse(daemon, end->errors[0] == '\0' ? "it died" : end->errors, session->work);
    if (!daemon->is_stopping)
        daemon_brought_look(daemon);
    runner_free(session->runner);
    *session = (struct daemon_session){ .runner = NULL };
}

void daemon_sessions_step(struct daemon *daemon)
{
    struct runner_end end;

    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        if (daemon->sessions[i].runner != NULL && runner_step(daemon->sessions[i].runner, &end))
            session_end(daemon, &daemon->sessions[i], &end);
    }
}

size_t daemon_sessions_fds(const struct daemon *daemon, struct pollfd *out)
{
    size_t count = 0;

    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        if (daemon->sessions[i].runner != NULL)
            count += runner_fds(daemon->sessions[i].runner, out + count);
    }
    return count;
}

bool daemon_has_sessions(const struct daemon *daemon)
{
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        if (daemon->sessions[i].runner != NULL)
            return true;
    }
    return false;
}

void daemon_sessions_stop(struct daemon *daemon)
{
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        if (daemon->sessions[i].runner != NULL)
            runner_stop(daemon->sessions[i].runner);
    }
}

void daemon_sessions_free(struct daemon *daemon)
{
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        runner_free(daemon->sessions[i].runner);
        daemon->sessions[i].runner = NULL;
    }
}
