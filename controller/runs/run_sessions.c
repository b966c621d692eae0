/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run asks for a node; the node's work names an id; its agent comes with the id; the connection goes to the run. An id is for
 * one node, once, and for a minute.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/text.h"
#include "common/trust/secret.h"
#include "controller/runs/run_sessions.h"
#include "controller/store/store_node.h"
#include "controller/store/store_node_work.h"
#include "controller/store/store_writer.h"

#define OVER_MS 250 /* from the connection of a node to the run: what is under way needs less */

static void session_add(struct runs *runs, struct session *session)
{
    pthread_mutex_lock(&runs->mutex);
    session->number = ++runs->last_session;
    session->next = runs->sessions;
    runs->sessions = session;
    pthread_mutex_unlock(&runs->mutex);
}

static void session_remove(struct runs *runs, struct session *session)
{
    struct session **at = &runs->sessions;

    pthread_mutex_lock(&runs->mutex);
    while (*at != session)
        at = &(*at)->next;
    *at = session->next;
    pthread_mutex_unlock(&runs->mutex);
    if (session->stage == SESSION_OPEN) {
        fd_close(session->watch);
        session->connection.close(session->connection.data);
    }
    free(session);
}

/* --- asked by a run --- */

static void answer(struct runs *runs, const struct session *session, const char *what, const char *message)
{
    struct job *job = runs_job(runs, session->run_id);
    struct value *body = value_map(runs->pass);

    if (job == NULL)
        return;
    value_map_put_string(runs->pass, body, "do", what);
    value_map_put_int(runs->pass, body, "number", session->asked);
    value_map_put_int(runs->pass, body, "seen_us", session->seen_us);
    if (message != NULL)
        value_map_put_string(runs->pass, body, "message", message);
    job_send(job, body, NULL, 0);
}

/* The node whose machine this is: by name and by the kernel that runs. */
static bool own_node(struct runs *runs, struct store_node **out, struct error *err)
{
    char name[256] = "", *boot_id = NULL;
    size_t length = 0;

    gethostname(name, sizeof(name) - 1);
    *out = NULL;
    if (!file_read(runs->pass, "/proc/sys/kernel/random/boot_id", 256, &boot_id, &length, err))
        return false;
    if (!store_node_by_name(runs->reader, runs->pass, name, out, err))
        return false;
    if (*out == NULL) {
        name[strcspn(name, ".")] = '\0';
        if (!store_node_by_name(runs->reader, runs->pass, name, out, err))
            return false;
    }
    if (*out != NULL && !text_equal((*out)->boot_id, text_trim(runs->pass, boot_id, length)))
        *out = NULL;
    return true;
}

/* Why there can be no session; NULL: the node is found. */
static const char *node_refusal(struct runs *runs, const char *name, struct store_node **out)
{
    struct error err = ERROR_INIT;

    if (name == NULL ? !own_node(runs, out, &err) : !store_node_by_name(runs->reader, runs->pass, name, out, &err))
        return arena_copy(runs->pass, err.text);
    if (*out == NULL && name == NULL)
        return "a local connection would change the controller's own machine, which is none of its nodes: run this from "
               "the desk with --via ssh";
    if (*out == NULL)
        return arena_printf(runs->pass,
                            "the controller has no node '%s': hosts have to be called as their nodes are, or "
                            "to be reached with --via ssh",
                            name);
    if ((*out)->state != STORE_NODE_ACTIVE)
        return arena_printf(runs->pass, "node '%s' is %s", (*out)->name,
                            (*out)->state == STORE_NODE_REVOKED ? "revoked" : "not joined yet");
    return NULL;
}

static bool id_make(char out[RUNS_SESSION_ID + 1], struct error *err)
{
    char half[SECRET_ID_LENGTH + 1];

    for (size_t i = 0; i < RUNS_SESSION_ID / SECRET_ID_LENGTH; i++) {
        if (!secret_id_make(half, err))
            return false;
        memcpy(out + i * SECRET_ID_LENGTH, half, sizeof(half));
    }
    return true;
}

void session_ask(struct runs *runs, struct job *job, const struct value *asked)
{
    const struct value *number = value_map_get(asked, "number");
    struct session session = { .run_id = job->id, .watch = -1 }, *kept = NULL;
    struct store_node *node = NULL;
    struct error err = ERROR_INIT;
    const char *refusal = NULL;

    session.asked = value_is(number, VALUE_INT) ? (uint32_t)number->as.integer : 0;
    refusal = node_refusal(runs, value_map_true(asked, "local") ? NULL : value_map_text(asked, "node"), &node);
    if (refusal == NULL && !id_make(session.id, &err))
        refusal = err.text;
    if (refusal != NULL) {
        answer(runs, &session, "refused", refusal);
        return;
    }
    kept = malloc(sizeof(*kept));
    if (kept == NULL)
        abort();
    session.node_id = node->id;
    session.seen_us = node->seen_us;
    session.ends_ms = clock_monotonic_ms() + RUNS_SESSION_LIFE_S * 1000;
    *kept = session;
    session_add(runs, kept);
}

/* --- telling nodes --- */

static bool work_run(struct store_connection *writer, void *data, struct error *err)
{
    struct runs *runs = data;
    int64_t now_us = clock_wall_us(), number = 0;

    for (const struct session *session = runs->sessions; session != NULL; session = session->next) {
        char body[RUNS_SESSION_ID + 32] = "{\"session\":\"";
        const struct store_node_work work = { .kind = "session",
                                              .body = body,
                                              .created_us = now_us,
                                              .expires_us = now_us + RUNS_SESSION_LIFE_S * INT64_C(1000000) };
        struct error refused = ERROR_INIT;
        size_t length = strlen(body);

        if (session->stage != SESSION_ASKED)
            continue;
        memcpy(body + length, session->id, RUNS_SESSION_ID);
        memcpy(body + length + RUNS_SESSION_ID, "\"}", 3);
        /* a node whose queue is full is away: its session's time runs out */
        if (!store_node_work_add(writer, session->node_id, &work, &number, &refused) && refused.kind != ERROR_LIMIT) {
            *err = refused;
            return false;
        }
    }
    return true;
}

void sessions_tell(struct runs *runs)
{
    struct error err = ERROR_INIT;
    bool any = false, told = false;

    for (const struct session *session = runs->sessions; session != NULL; session = session->next)
        any = any || session->stage == SESSION_ASKED;
    if (!any)
        return;
    told = store_write_wait(runs->options.store, work_run, runs, &err);
    for (struct session *session = runs->sessions, *next = NULL; session != NULL; session = next) {
        next = session->next;
        if (session->stage == SESSION_CLAIMED || session->stage != SESSION_ASKED)
            continue;
        answer(runs, session, told ? "waiting" : "refused", told ? NULL : err.text);
        if (!told) {
            session_remove(runs, session);
            continue;
        }
        pthread_mutex_lock(&runs->mutex);
        if (session->stage == SESSION_ASKED) /* or an agent was very quick */
            session->stage = SESSION_TOLD;
        pthread_mutex_unlock(&runs->mutex);
        runs->options.news.work(runs->options.news.data, session->node_id);
    }
}

/* --- the agent comes: other threads --- */

uint64_t runs_session_claim(struct runs *runs, const char *id, int64_t node_id, int64_t generation)
{
    uint64_t number = 0;

    pthread_mutex_lock(&runs->mutex);
    for (struct session *session = runs->closing ? NULL : runs->sessions; session != NULL; session = session->next) {
        if (session->stage > SESSION_TOLD || session->node_id != node_id || !secret_equal(session->id, id) ||
            session->ends_ms <= clock_monotonic_ms())
            continue;
        session->stage = SESSION_CLAIMED;
        session->generation = generation;
        number = session->number;
        break;
    }
    pthread_mutex_unlock(&runs->mutex);
    return number;
}

/* --- the connection is there --- */

static struct session *session_find(struct runs *runs, uint64_t number)
{
    struct session *session = runs->sessions;

    while (session != NULL && session->number != number)
        session = session->next;
    return session;
}

void session_connect(struct runs *runs, const struct inbox *wish)
{
    struct session *session = session_find(runs, wish->session);
    struct job *job = session == NULL ? NULL : runs_job(runs, session->run_id);
    struct value *body = value_map(runs->pass);
    int watch[2] = { -1, -1 };

    if (job == NULL || job->control < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, watch) != 0) {
        wish->connection.close(wish->connection.data);
        if (session != NULL)
            session_remove(runs, session);
        return;
    }
    session->stage = SESSION_OPEN;
    session->connection = wish->connection;
    session->watch = watch[0];
    value_map_put_string(runs->pass, body, "do", "session");
    value_map_put_int(runs->pass, body, "number", session->asked);
    job_send(job, body, (const int[]){ wish->connection.fd, watch[1] }, 2);
    fd_close(watch[1]);
}

/* --- the end --- */

size_t sessions_count(const struct runs *runs)
{
    size_t count = 0;

    for (const struct session *session = runs->sessions; session != NULL; session = session->next)
        count++;
    return count;
}

size_t sessions_poll(struct runs *runs, struct pollfd *out)
{
    size_t count = 0;

    for (const struct session *session = runs->sessions; session != NULL; session = session->next) {
        if (session->stage == SESSION_OPEN)
            out[count++] = (struct pollfd){ .fd = session->watch, .events = POLLIN };
    }
    return count;
}

/* The run hears of the node's end when what was said before has had time to get to it. */
static void node_look(struct session *session, int64_t now_ms)
{
    const struct runs_connection *connection = &session->connection;
    int unread = 0;

    if (connection->is_over == NULL || !connection->is_over(connection->data))
        return;
    if (session->over_ms == 0 || (ioctl(connection->fd, FIONREAD, &unread) == 0 && unread > 0))
        session->over_ms = now_ms;
    else if (now_ms - session->over_ms >= OVER_MS)
        shutdown(connection->fd, SHUT_RDWR);
}

static void nodes_look(struct runs *runs, int64_t now_ms)
{
    if (now_ms - runs->nodes_looked_ms < OVER_MS)
        return;
    runs->nodes_looked_ms = now_ms;
    for (struct session *session = runs->sessions; session != NULL; session = session->next) {
        if (session->stage == SESSION_OPEN)
            node_look(session, now_ms);
    }
}

void sessions_look(struct runs *runs)
{
    int64_t now_ms = clock_monotonic_ms();

    for (struct session *session = runs->sessions, *next = NULL; session != NULL; session = next) {
        char byte = 0;

        next = session->next;
        if (session->stage == SESSION_OPEN ? recv(session->watch, &byte, 1, MSG_DONTWAIT) == 0
                                           : session->stage != SESSION_CLAIMED && session->ends_ms <= now_ms)
            session_remove(runs, session);
    }
    nodes_look(runs, now_ms);
}

void sessions_cut(struct runs *runs, int64_t node_id, int64_t generation)
{
    for (struct session *session = runs->sessions, *next = NULL; session != NULL; session = next) {
        bool is_claimed = session->stage >= SESSION_CLAIMED;

        next = session->next;
        if (session->node_id != node_id || (generation != 0 && (!is_claimed || session->generation == generation)))
            continue;
        if (session->stage == SESSION_OPEN) /* the run's program holds a copy of the descriptor */
            shutdown(session->connection.fd, SHUT_RDWR);
        else
            answer(runs, session, "refused", generation == 0 ? "the node was revoked" : "the node has joined anew");
        session_remove(runs, session);
    }
}

void sessions_end(struct runs *runs, int64_t run_id)
{
    for (struct session *session = runs->sessions, *next = NULL; session != NULL; session = next) {
        next = session->next;
        if (run_id == 0 || session->run_id == run_id)
            session_remove(runs, session);
    }
}
