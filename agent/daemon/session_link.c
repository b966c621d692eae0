/* SPDX-License-Identifier: Apache-2.0 */
/* Asks for the session, starts its other end, and carries bytes both ways until one side is done. */
#include "agent/daemon/session_link.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/daemon/controller_call.h"
#include "agent/session/session_note.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/keep_alive.h"
#include "common/base/text.h"
#include "engine/channel/spawn.h"

#define ASK_MS 20000   /* for the controller to take it */
#define GRACE_MS 10000 /* for the session to end by itself once the engine is gone */
#define CARRIED_BYTES ((size_t)64 * 1024)
#define SELF_WORDS_MAX 16

/* Bytes on their way in one direction; more are taken when these are gone. */
struct carried {
    char data[CARRIED_BYTES];
    size_t at, end;
};

struct carrier {
    struct link_upgraded engine; /* the connection to the controller */
    struct spawned session;
    struct carried down, up;        /* to the session; to the engine */
    enum tls_step reading, writing; /* what the connection waited for last */
    bool is_over;
    bool has_moved; /* in this turn */
};

bool session_id_check(const char *id, struct error *err)
{
    if (strlen(id) == SESSION_ID_LENGTH && strspn(id, "0123456789abcdef") == SESSION_ID_LENGTH)
        return true;
    return error_set_kind(err, ERROR_OPTIONS, "'%.64s' is no session: expected %d hexadecimal digits", id,
                          SESSION_ID_LENGTH);
}

/* --- asking --- */

static bool refused(const struct identity *identity, const struct controller_answer *answer, struct error *err)
{
    return error_set(err, "the controller at %s refuses with status %d: %s", identity->controller, answer->status,
                     answer->message[0] == '\0' ? "it does not say why" : answer->message);
}

static bool engine_ask(struct arena *arena, const struct identity *identity, const char *id,
                       struct controller_link *link, struct link_upgraded *out, struct error *err)
{
    const struct link_answer *came;
    struct controller_answer answer;

    controller_link_start(link, &(struct link_request){ .arena = arena,
                                                        .path = arena_printf(arena, "/agent/v1/session/%s", id),
                                                        .upgrade = "roost-session",
                                                        .deadline_ms = ASK_MS });
    if (!controller_link_finish(link, err))
        return false;
    came = controller_link_answer(link);
    if (came->response.status != 101) {
        controller_answer_read(arena, &came->response, came->body.data, came->body.length, &answer);
        return refused(identity, &answer, err);
    }
    controller_link_take(link, out);
    return true;
}

/* --- the session --- */

/* self... session --self WORD ...: a session that becomes another user starts itself, too. */
static bool session_start(const char *const *self, struct spawned *out, struct error *err)
{
    const char *argv[3 * SELF_WORDS_MAX + 2] = { NULL };
    static const char *const plain[] = { "/proc/self/exe", NULL };
    const char *const *words = self == NULL || self[0] == NULL ? plain : self;
    size_t count = 0, total = 0;

    while (words[count] != NULL)
        count++;
    if (count > SELF_WORDS_MAX)
        return error_set_kind(err, ERROR_OPTIONS, "more than %d words --self", SELF_WORDS_MAX);
    for (size_t i = 0; i < count; i++)
        argv[total++] = words[i];
    argv[total++] = "session";
    for (size_t i = 0; i < count && words != plain; i++) {
        argv[total++] = "--self";
        argv[total++] = words[i];
    }
    return spawn_program(&(struct spawn_request){ .argv = argv, .own_group = true }, out, err);
}

/* --- carrying: each function moves what it can --- */

static bool is_empty(const struct carried *carried)
{
    return carried->at == carried->end;
}

static void filled(struct carrier *carrier, struct carried *carried, size_t got)
{
    carried->at = 0;
    carried->end = got;
    carrier->has_moved = true;
}

static bool engine_read(struct carrier *carrier, struct error *err)
{
    size_t got = 0;

    if (!is_empty(&carrier->down))
        return true;
    carrier->reading = tls_stream_read(carrier->engine.stream, carrier->down.data, CARRIED_BYTES, &got, err);
    if (carrier->reading == TLS_FAILED)
        return false;
    if (carrier->reading == TLS_DONE)
        filled(carrier, &carrier->down, got);
    else if (carrier->reading == TLS_ENDED)
        carrier->is_over = true;
    return true;
}

static bool engine_write(struct carrier *carrier, struct error *err)
{
    struct carried *up = &carrier->up;
    size_t written = 0;

    if (is_empty(up))
        return true;
    carrier->writing = tls_stream_write(carrier->engine.stream, up->data + up->at, up->end - up->at, &written, err);
    if (carrier->writing == TLS_FAILED)
        return false;
    if (carrier->writing == TLS_DONE) {
        up->at += written;
        carrier->has_moved = true;
    }
    return true;
}

/* Its end is seen where it writes. */
static void session_write(struct carrier *carrier)
{
    struct carried *down = &carrier->down;
    ssize_t written;

    if (is_empty(down) || carrier->session.in < 0)
        return;
    written = write(carrier->session.in, down->data + down->at, down->end - down->at);
    if (written > 0) {
        down->at += (size_t)written;
        carrier->has_moved = true;
    } else if (written < 0 && errno != EAGAIN && errno != EINTR) {
        fd_close(carrier->session.in);
        carrier->session.in = -1;
    }
}

static void session_read(struct carrier *carrier)
{
    ssize_t got;

    if (!is_empty(&carrier->up) || carrier->is_over)
        return;
    got = read(carrier->session.out, carrier->up.data, CARRIED_BYTES);
    if (got > 0)
        filled(carrier, &carrier->up, (size_t)got);
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        carrier->is_over = true;
}

/* What the session says beside its frames goes where ours goes. */
static void session_errors(struct carrier *carrier)
{
    struct error ignored = ERROR_INIT;
    char text[4096];
    ssize_t got = carrier->session.err < 0 ? -1 : read(carrier->session.err, text, sizeof(text));

    if (got > 0)
        (void)fd_write_all(STDERR_FILENO, text, (size_t)got, &ignored);
    if (got != 0)
        return;
    fd_close(carrier->session.err);
    carrier->session.err = -1;
}

/* The session sees its engine's end; what it still says is heard. */
static void session_finish(struct carrier *carrier)
{
    int64_t end_ms = clock_monotonic_ms() + GRACE_MS;

    fd_close(carrier->session.in);
    fd_close(carrier->session.out);
    carrier->session.in = carrier->session.out = -1;
    while (carrier->session.err >= 0 && clock_monotonic_ms() < end_ms) {
        struct pollfd said = { .fd = carrier->session.err, .events = POLLIN };

        (void)poll(&said, 1, (int)(end_ms - clock_monotonic_ms()));
        session_errors(carrier);
    }
    spawn_finish(&carrier->session, GRACE_MS);
}

static short engine_events(const struct carrier *carrier)
{
    int events = 0;

    if (is_empty(&carrier->down))
        events |= carrier->reading == TLS_WANT_WRITE ? POLLOUT : POLLIN;
    if (!is_empty(&carrier->up))
        events |= carrier->writing == TLS_WANT_READ ? POLLIN : POLLOUT;
    return (short)events;
}

static void carrier_wait(const struct carrier *carrier)
{
    const struct spawned *session = &carrier->session;
    struct pollfd fds[] = { { .fd = carrier->engine.fd, .events = engine_events(carrier) },
                            { .fd = is_empty(&carrier->down) ? -1 : session->in, .events = POLLOUT },
                            { .fd = is_empty(&carrier->up) ? session->out : -1, .events = POLLIN },
                            { .fd = session->err, .events = POLLIN } };

    (void)poll(fds, sizeof(fds) / sizeof(fds[0]), -1);
}

static bool carry(struct carrier *carrier, struct error *err)
{
    for (;;) {
        carrier->has_moved = false;
        if (!engine_read(carrier, err) || !engine_write(carrier, err))
            return false;
        session_write(carrier);
        session_read(carrier);
        session_errors(carrier);
        if (carrier->is_over && is_empty(&carrier->up))
            return true;
        if (carrier->is_over && carrier->reading == TLS_ENDED)
            return true; /* nobody is there to take it */
        if (!carrier->has_moved)
            carrier_wait(carrier);
    }
}

static bool serve(struct arena *arena, const struct session_link_options *options, struct link_upgraded *engine,
                  struct error *err)
{
    struct carrier *carrier = arena_new_of(arena, struct carrier);
    bool ok;

    if (engine->early_length > CARRIED_BYTES)
        return error_set_kind(err, ERROR_LIMIT, "the controller sends too much at once");
    keep_alive_set(engine->fd, KEEP_ALIVE_RUN);
    carrier->engine = *engine;
    if (engine->early_length > 0)
        memcpy(carrier->down.data, engine->early, engine->early_length);
    carrier->down.end = engine->early_length;
    if (!session_start(options->self, &carrier->session, err))
        return false;
    ok = carry(carrier, err);
    session_finish(carrier);
    return ok;
}

bool session_link_run(const struct session_link_options *options, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct identity identity;
    struct controller_address to;
    struct controller_link *link = NULL;
    struct tls_client *tls = NULL;
    struct link_upgraded engine = { .fd = -1 };
    bool missing = false, ok;

    (void)signal(SIGPIPE, SIG_IGN);
    (void)unsetenv(SESSION_NOTE_DAEMON); /* what comes through here are people's runs, not the daemon's */
    if (!session_id_check(options->id, err) || !identity_load(arena, options->state, &identity, &missing, err))
        return false;
    if (missing)
        return error_set(err, "this node has not joined a controller");
    to = controller_address_of(&identity);
    ok = controller_tls_open(&to, &tls, err) && controller_link_new(to.address, tls, &link, err) &&
         engine_ask(arena, &identity, options->id, link, &engine, err) && serve(arena, options, &engine, err);
    tls_stream_free(engine.stream);
    fd_close(engine.fd);
    controller_link_free(link);
    tls_client_close(tls);
    return ok;
}
