/* SPDX-License-Identifier: Apache-2.0 */
/* The asking end: one connection, one question at a time. */
#include "agent/share/share_talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/keep_alive.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/trust/certificate.h"

#define CONNECT_MS 5000
#define LOOK_MS 200 /* whether it was stopped */

struct share_talk {
    int fd;
    struct tls_stream *stream;
    struct share_stop stop;
    char line[SHARE_LINE_MAX]; /* what has come behind an answer's line: the beginning of its body */
    size_t start, end;
};

/* Waits for the socket, not longer than `wait_ms`. */
static bool talk_wait(const struct share_talk *talk, short events, int wait_ms, struct error *err)
{
    int64_t until_ms = clock_monotonic_ms() + wait_ms;

    for (;;) {
        struct pollfd ready = { .fd = talk->fd, .events = events };
        int count = poll(&ready, 1, LOOK_MS);

        if (count > 0)
            return true;
        if (count < 0 && errno != EINTR)
            return error_set_errno(err, "cannot wait for a connection");
        if (talk->stop.is_stopped(talk->stop.data))
            return error_set_kind(err, ERROR_CANCELLED, "cancelled");
        if (clock_monotonic_ms() >= until_ms)
            return error_set(err, "nothing was heard for %d s", wait_ms / 1000);
    }
}

static bool talk_wait_for(const struct share_talk *talk, enum tls_step step, struct error *err)
{
    if (step == TLS_ENDED)
        return error_set(err, "the connection was closed");
    return step != TLS_FAILED && talk_wait(talk, step == TLS_WANT_WRITE ? POLLOUT : POLLIN, SHARE_SILENCE_MS, err);
}

/* --- connecting --- */

static bool socket_connect(struct share_talk *talk, const struct share_peer *peer, struct error *err)
{
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)peer->port) };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)peer->port) };
    bool is_four = inet_pton(AF_INET, peer->host, &four.sin_addr) == 1;
    int reason = 0;
    socklen_t length = sizeof(reason);

    if (!is_four && inet_pton(AF_INET6, peer->host, &six.sin6_addr) != 1)
        return error_set(err, "'%s' is no address", peer->host);
    talk->fd = socket(is_four ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (talk->fd < 0)
        return error_set_errno(err, "cannot make a socket");
    keep_alive_set(talk->fd, KEEP_ALIVE_IDLE);
    if (connect(talk->fd, is_four ? (const struct sockaddr *)&four : (const struct sockaddr *)&six,
                is_four ? sizeof(four) : sizeof(six)) == 0)
        return true;
    if (errno != EINPROGRESS)
        return error_set_errno(err, "no connection");
    if (!talk_wait(talk, POLLOUT, CONNECT_MS, err))
        return false;
    if (getsockopt(talk->fd, SOL_SOCKET, SO_ERROR, &reason, &length) != 0)
        reason = errno;
    errno = reason;
    return reason == 0 || error_set_errno(err, "no connection");
}

static bool peer_is_right(const struct share_talk *talk, const struct share_peer *peer, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    const struct certificate *shown = NULL;

    if (!tls_stream_peer(arena, talk->stream, &shown, err))
        return false;
    return (text_equal(shown->node.name, peer->node) && text_equal(shown->key.fingerprint, peer->fingerprint)) ||
           error_set(err, "it is not node '%s', or not with the key that the controller knows of it", peer->node);
}

static bool talk_begin(struct share_talk *talk, const struct tls_client *tls, const struct share_peer *peer,
                       struct error *err)
{
    enum tls_step step;

    if (!socket_connect(talk, peer, err) || !tls_stream_new(tls, talk->fd, &talk->stream, err))
        return false;
    while ((step = tls_stream_handshake(talk->stream, err)) != TLS_DONE) {
        if (!talk_wait_for(talk, step, err))
            return false;
    }
    return peer_is_right(talk, peer, err);
}

bool share_talk_open(const struct tls_client *tls, const struct share_peer *peer, const struct share_stop *stop,
                     struct share_talk **out, struct error *err)
{
    struct share_talk *talk = calloc(1, sizeof(*talk));

    if (talk == NULL)
        return error_set(err, "no memory");
    talk->fd = -1;
    talk->stop = *stop;
    if (!talk_begin(talk, tls, peer, err)) {
        share_talk_close(talk);
        return error_prefix(err, "node '%s' at %s:%d", peer->node, peer->host, (int)peer->port);
    }
    *out = talk;
    return true;
}

void share_talk_close(struct share_talk *talk)
{
    if (talk == NULL)
        return;
    tls_stream_free(talk->stream);
    fd_close(talk->fd);
    free(talk);
}

/* --- asking --- */

static bool talk_write(struct share_talk *talk, const char *data, size_t length, struct error *err)
{
    while (length > 0) {
        size_t written = 0;
        enum tls_step step = tls_stream_write(talk->stream, data, length, &written, err);

        if (step == TLS_DONE) {
            data += written;
            length -= written;
        } else if (!talk_wait_for(talk, step, err)) {
            return false;
        }
    }
    return true;
}

static bool stream_read(struct share_talk *talk, void *data, size_t length, size_t *got_out, struct error *err)
{
    enum tls_step step;

    while ((step = tls_stream_read(talk->stream, data, length, got_out, err)) != TLS_DONE) {
        if (!talk_wait_for(talk, step, err))
            return false;
    }
    return true;
}

static bool line_read(struct share_talk *talk, struct arena *arena, const char **out, size_t *length_out,
                      struct error *err)
{
    talk->start = talk->end = 0;
    for (;;) {
        const char *newline = memchr(talk->line, '\n', talk->end);
        size_t got = 0;

        if (newline != NULL) {
            *length_out = (size_t)(newline - talk->line);
            *out = arena_copy_n(arena, talk->line, *length_out);
            talk->start = *length_out + 1;
            return true;
        }
        if (talk->end == sizeof(talk->line))
            return error_set(err, "an answer without an end");
        if (!stream_read(talk, talk->line + talk->end, sizeof(talk->line) - talk->end, &got, err))
            return false;
        talk->end += got;
    }
}

bool share_talk_ask(struct share_talk *talk, struct arena *arena, const struct value *question,
                    struct share_answer *out, struct error *err)
{
    const char *line = arena_printf(arena, "%s\n", json_text(arena, question, JSON_COMPACT)), *answer = NULL;
    const struct value *said = NULL;
    size_t length = 0;

    if (!talk_write(talk, line, strlen(line), err) || !line_read(talk, arena, &answer, &length, err) ||
        !json_read(arena, answer, length, NULL, &said, err))
        return false;
    *out = (struct share_answer){ .is_ok = value_map_true(said, "ok"),
                                  .sentence = value_map_text(said, "sentence"),
                                  .bytes = value_map_int(said, "bytes", -1),
                                  .size = value_map_int(said, "size", -1) };
    if (out->is_ok && out->bytes < 0)
        return error_set(err, "an answer without a length");
    if (!out->is_ok && out->sentence == NULL)
        out->sentence = "it was refused";
    return true;
}

bool share_talk_read(struct share_talk *talk, void *data, size_t length, size_t *got_out, struct error *err)
{
    size_t left = talk->end - talk->start;

    if (left == 0)
        return stream_read(talk, data, length, got_out, err);
    *got_out = left < length ? left : length;
    memcpy(data, talk->line + talk->start, *got_out);
    talk->start += *got_out;
    return true;
}

bool share_talk_read_all(struct share_talk *talk, void *data, size_t length, struct error *err)
{
    char *at = data;

    while (length > 0) {
        size_t got = 0;

        if (!share_talk_read(talk, at, length, &got, err))
            return false;
        at += got;
        length -= got;
    }
    return true;
}

struct value *share_question(struct arena *arena, const char *ask, const char *source, int64_t file)
{
    struct value *map = value_map(arena);

    value_map_put_string(arena, map, "ask", ask);
    value_map_put_string(arena, map, "source", source);
    if (file >= 0)
        value_map_put_int(arena, map, "file", file);
    return map;
}
