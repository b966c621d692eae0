/* SPDX-License-Identifier: Apache-2.0 */
/* The loop over its clients: each shakes hands, asks, gets; one question at a time. */
#include "agent/share/share_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/share/share_answer.h"
#include "agent/share/share_talk.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/keep_alive.h"
#include "common/base/text.h"
#include "common/trust/certificate.h"

#define PIECE ((size_t)256 * 1024)
#define TURN ((int64_t)1024 * 1024) /* of one client, before it is another's turn */
#define HANDSHAKE_MS 5000
#define SHAKES_OF_ADDRESS 8 /* at the same time: who nobody knows yet must not take the places of all */

enum client_state { CLIENT_SHAKES, CLIENT_ASKS, CLIENT_GETS };

struct client {
    int fd; /* -1: the place is free */
    struct tls_stream *stream;
    enum client_state state;
    struct in6_addr from;      /* of IPv6 the network, which one machine can have as a whole */
    struct share_peer who;     /* after the handshake */
    struct arena *arena;       /* of who it is */
    struct arena *reply_arena; /* of the answer under way */
    struct share_reply reply;
    int64_t moved_ms, began_ms;
    short events;
    char line[SHARE_LINE_MAX];
    size_t length;
    char *piece; /* of what is sent: PIECE long; from when it is known who it is */
    size_t piece_at, piece_end;
};

struct share_server {
    struct share_server_options options;
    int listener;
    struct arena *order_arena;
    struct share_order order;
    struct client clients[SHARE_CLIENTS_MAX];
};

/* --- one client's end --- */

static void reply_end(struct client *client)
{
    fd_close(client->reply.fd);
    arena_free(client->reply_arena);
    client->reply_arena = NULL;
    client->reply = (struct share_reply){ .fd = -1 };
}

static void client_end(struct client *client)
{
    if (client->fd < 0)
        return;
    reply_end(client);
    tls_stream_free(client->stream);
    fd_close(client->fd);
    arena_free(client->arena);
    free(client->piece);
    *client = (struct client){ .fd = -1, .reply.fd = -1 };
}

static void client_refuse(struct share_server *server, struct client *client, const char *why)
{
    ARENA_SCOPED arena = arena_new();

    server->options.tell(server->options.data,
                         arena_printf(arena, "a client%s%s is let go: %s", client->who.node == NULL ? "" : " of node ",
                                      client->who.node == NULL ? "" : client->who.node, why));
    client_end(client);
}

static size_t clients_of(const struct share_server *server, const struct share_peer *who)
{
    size_t count = 0;

    for (size_t i = 0; i < SHARE_CLIENTS_MAX; i++)
        count += server->clients[i].fd >= 0 && text_equal(server->clients[i].who.fingerprint, who->fingerprint);
    return count;
}

/* --- who it is --- */

static void client_known(struct share_server *server, struct client *client)
{
    const struct certificate *shown = NULL;
    struct error err = ERROR_INIT;

    if (!tls_stream_peer(client->arena, client->stream, &shown, &err)) {
        client_refuse(server, client, err.text);
        return;
    }
    client->who = (struct share_peer){ .node = shown->node.name, .fingerprint = shown->key.fingerprint };
    if (!share_order_knows(&server->order, client->who.node, client->who.fingerprint))
        client_refuse(server, client, "nothing is shared with it");
    else if (clients_of(server, &client->who) > SHARE_CLIENTS_OF_NODE)
        client_refuse(server, client, "it has too many connections");
    else if ((client->piece = malloc(PIECE)) == NULL)
        client_refuse(server, client, "there is no memory for it");
    else
        client->state = CLIENT_ASKS;
}

static void client_shake(struct share_server *server, struct client *client)
{
    struct error err = ERROR_INIT;

    switch (tls_stream_handshake(client->stream, &err)) {
    case TLS_DONE:
        client->events = POLLIN;
        client_known(server, client);
        return;
    case TLS_WANT_READ:
        client->events = POLLIN;
        return;
    case TLS_WANT_WRITE:
        client->events = POLLOUT;
        return;
    case TLS_ENDED:
    case TLS_FAILED:
        client_refuse(server, client, err.text);
    }
}

/* --- a question --- */

static void question_take(struct share_server *server, struct client *client, size_t length)
{
    struct model_store store;

    client->reply_arena = arena_new();
    store = (struct model_store){ client->reply_arena, server->options.store };
    share_answer_make(&store, &server->order, &client->who, client->line, length, &client->reply);
    client->length = 0;
    client->piece_end = strlen(client->reply.head);
    client->piece_at = 0;
    memcpy(client->piece, client->reply.head, client->piece_end);
    client->began_ms = clock_monotonic_ms();
    client->state = CLIENT_GETS;
    client->events = POLLOUT;
}

static void client_ask(struct share_server *server, struct client *client)
{
    struct error err = ERROR_INIT;
    size_t got = 0;
    const char *newline;

    switch (tls_stream_read(client->stream, client->line + client->length, sizeof(client->line) - client->length, &got,
                            &err)) {
    case TLS_DONE:
        break;
    case TLS_WANT_READ:
        client->events = POLLIN;
        return;
    case TLS_WANT_WRITE:
        client->events = POLLOUT;
        return;
    case TLS_ENDED:
    case TLS_FAILED:
        client_end(client);
        return;
    }
    client->moved_ms = clock_monotonic_ms();
    client->length += got;
    newline = memchr(client->line, '\n', client->length);
    if (newline != NULL && newline + 1 == client->line + client->length)
        question_take(server, client, (size_t)(newline - client->line));
    else if (newline != NULL || client->length == sizeof(client->line))
        client_refuse(server, client, "it asks in another way than neighbours do");
}

/* --- an answer --- */

/* More to send, in client->piece. False: there is none, or it cannot be read. */
static bool piece_fill(struct client *client, bool *failed_out)
{
    struct share_reply *reply = &client->reply;
    size_t wanted = reply->left < (int64_t)PIECE ? (size_t)reply->left : PIECE;
    ssize_t got = (ssize_t)wanted;

    if (reply->left == 0)
        return false;
    if (reply->body != NULL)
        memcpy(client->piece, reply->body + reply->at, wanted);
    else
        got = pread(reply->fd, client->piece, wanted, (off_t)reply->at);
    *failed_out = got <= 0;
    if (got <= 0)
        return false;
    client->piece_at = 0;
    client->piece_end = (size_t)got;
    reply->at += got;
    reply->left -= got;
    return true;
}

static void client_give(struct share_server *server, struct client *client)
{
    struct error err = ERROR_INIT;
    int64_t turn = TURN;
    bool failed = false;

    while (turn > 0 && (client->piece_at < client->piece_end || piece_fill(client, &failed))) {
        size_t written = 0;
        enum tls_step step = tls_stream_write(client->stream, client->piece + client->piece_at,
                                              client->piece_end - client->piece_at, &written, &err);

        if (step == TLS_WANT_READ || step == TLS_WANT_WRITE) {
            client->events = step == TLS_WANT_READ ? POLLIN : POLLOUT;
            return;
        }
        if (step != TLS_DONE) {
            client_end(client);
            return;
        }
        client->piece_at += written;
        turn -= (int64_t)written;
        client->moved_ms = clock_monotonic_ms();
    }
    if (failed)
        client_refuse(server, client, "what it asked for cannot be read here");
    else if (client->piece_at == client->piece_end && client->reply.left == 0) {
        reply_end(client);
        client->state = CLIENT_ASKS;
        client->events = POLLIN;
    }
}

static void client_step(struct share_server *server, struct client *client)
{
    if (client->state == CLIENT_SHAKES)
        client_shake(server, client);
    else if (client->state == CLIENT_GETS)
        client_give(server, client);
    else
        client_ask(server, client);
}

/* What has been read from the socket already is not seen by poll(). */
static bool client_is_ready(const struct client *client)
{
    return client->state == CLIENT_ASKS && tls_stream_has_more(client->stream);
}

static void client_time(struct share_server *server, struct client *client, int64_t now_ms)
{
    int64_t silent_ms = now_ms - client->moved_ms;

    if (client->state == CLIENT_SHAKES && silent_ms > HANDSHAKE_MS)
        client_refuse(server, client, "it does not say who it is");
    else if (client->state == CLIENT_GETS && (silent_ms > SHARE_STALL_MS || now_ms - client->began_ms > SHARE_CHUNK_MS))
        client_refuse(server, client, "it is too slow");
    else if (client->state == CLIENT_ASKS && silent_ms > SHARE_IDLE_MS)
        client_end(client);
}

/* --- the server --- */

static bool place_bind(struct share_server *server, const char *address, int64_t port, struct error *err)
{
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
    bool is_four = inet_pton(AF_INET, address, &four.sin_addr) == 1;
    int on = 1;

    if (!is_four && inet_pton(AF_INET6, address, &six.sin6_addr) != 1)
        return error_set(err, "'%s' is no address", address);
    server->listener = socket(is_four ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server->listener < 0)
        return error_set_errno(err, "cannot make a socket");
    (void)setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(server->listener, is_four ? (const struct sockaddr *)&four : (const struct sockaddr *)&six,
             is_four ? sizeof(four) : sizeof(six)) != 0 ||
        listen(server->listener, SHARE_CLIENTS_MAX) != 0)
        return error_set_errno(err, "cannot listen on %s:%d", address, (int)port);
    return true;
}

bool share_server_open(const struct share_server_options *options, const char *address, int64_t port,
                       struct share_server **out, struct error *err)
{
    struct share_server *server = calloc(1, sizeof(*server));

    if (server == NULL)
        return error_set(err, "no memory");
    server->options = *options;
    server->listener = -1;
    server->order_arena = arena_new();
    for (size_t i = 0; i < SHARE_CLIENTS_MAX; i++)
        server->clients[i] = (struct client){ .fd = -1, .reply.fd = -1 };
    if (!place_bind(server, address, port, err)) {
        share_server_close(server);
        return false;
    }
    *out = server;
    return true;
}

void share_server_close(struct share_server *server)
{
    if (server == NULL)
        return;
    for (size_t i = 0; i < SHARE_CLIENTS_MAX; i++)
        client_end(&server->clients[i]);
    fd_close(server->listener);
    arena_free(server->order_arena);
    free(server);
}

int64_t share_server_port(const struct share_server *server)
{
    struct sockaddr_storage place;
    socklen_t length = sizeof(place);

    if (getsockname(server->listener, (struct sockaddr *)&place, &length) != 0)
        return 0;
    return place.ss_family == AF_INET ? ntohs(((const struct sockaddr_in *)&place)->sin_port)
                                      : ntohs(((const struct sockaddr_in6 *)&place)->sin6_port);
}

static void peers_copy(struct arena *arena, const struct share_model *from, struct share_model *to)
{
    to->source = arena_copy(arena, from->source);
    to->count = from->count;
    to->nodes = arena_new_array(arena, struct share_peer, from->count + 1);
    for (size_t i = 0; i < from->count; i++)
        to->nodes[i] = (struct share_peer){ .node = arena_copy(arena, from->nodes[i].node),
                                            .fingerprint = arena_copy(arena, from->nodes[i].fingerprint) };
}

void share_server_order(struct share_server *server, const struct share_order *order)
{
    arena_free(server->order_arena);
    server->order_arena = arena_new();
    server->order = (struct share_order){ .count = order->count };
    server->order.models = arena_new_array(server->order_arena, struct share_model, order->count + 1);
    for (size_t i = 0; i < order->count; i++)
        peers_copy(server->order_arena, &order->models[i], &server->order.models[i]);
    for (size_t i = 0; i < SHARE_CLIENTS_MAX; i++) {
        struct client *client = &server->clients[i];

        if (client->fd >= 0 && client->who.node != NULL &&
            !share_order_knows(&server->order, client->who.node, client->who.fingerprint))
            client_refuse(server, client, "nothing is shared with it any more");
    }
}

/* --- who comes in --- */

static struct in6_addr address_of(const struct sockaddr_storage *place)
{
    const struct in6_addr *six = &((const struct sockaddr_in6 *)place)->sin6_addr;
    struct in6_addr out = IN6ADDR_ANY_INIT;

    if (place->ss_family != AF_INET6)
        memcpy(&out.s6_addr[12], &((const struct sockaddr_in *)place)->sin_addr, 4);
    else if (IN6_IS_ADDR_V4MAPPED(six)) /* or all of IPv4 would be one network */
        memcpy(&out.s6_addr[12], &six->s6_addr[12], 4);
    else
        memcpy(&out, six, sizeof(out) / 2);
    return out;
}

/* Who has been at its handshake for longest: of those from there, or of all (NULL). */
static struct client *shaker_oldest(struct share_server *server, const struct in6_addr *from, size_t *count_out)
{
    struct client *oldest = NULL;

    *count_out = 0;
    for (size_t i = 0; i < SHARE_CLIENTS_MAX; i++) {
        struct client *client = &server->clients[i];

        if (client->fd < 0 || client->state != CLIENT_SHAKES ||
            (from != NULL && memcmp(from, &client->from, sizeof(*from)) != 0))
            continue;
        ++*count_out;
        if (oldest == NULL || client->moved_ms < oldest->moved_ms)
            oldest = client;
    }
    return oldest;
}

/* A neighbour says who it is within moments: whoever does not makes room for who comes next, first of all for who comes from the same
 * address. NULL: 64 that are known are here. */
static struct client *place_find(struct share_server *server, const struct in6_addr *from)
{
    size_t count = 0;
    struct client *oldest = shaker_oldest(server, from, &count);

    for (size_t i = 0; i < SHARE_CLIENTS_MAX && count < SHAKES_OF_ADDRESS; i++) {
        if (server->clients[i].fd < 0)
            return &server->clients[i];
    }
    if (count < SHAKES_OF_ADDRESS)
        oldest = shaker_oldest(server, NULL, &count);
    if (oldest != NULL)
        client_end(oldest);
    return oldest;
}

static void client_take(struct share_server *server, int fd, const struct in6_addr *from)
{
    struct client *client = place_find(server, from);
    struct error err = ERROR_INIT;

    if (client == NULL) {
        fd_close(fd);
        return;
    }
    *client = (struct client){ .fd = fd,
                               .reply.fd = -1,
                               .from = *from,
                               .arena = arena_new(),
                               .moved_ms = clock_monotonic_ms(),
                               .events = POLLIN };
    keep_alive_set(fd, KEEP_ALIVE_IDLE);
    if (!tls_stream_new(server->options.tls, fd, &client->stream, &err))
        client_end(client);
}

static void clients_take(struct share_server *server)
{
    struct sockaddr_storage place = { .ss_family = AF_UNSPEC };
    socklen_t length = sizeof(place);
    int fd;

    while ((fd = accept4(server->listener, (struct sockaddr *)&place, &length, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        const struct in6_addr from = address_of(&place);

        client_take(server, fd, &from);
        length = sizeof(place);
    }
}

bool share_server_step(struct share_server *server, int other, int wait_ms, bool *ready_out, struct error *err)
{
    struct pollfd fds[SHARE_CLIENTS_MAX + 2] = { { .fd = server->listener, .events = POLLIN },
                                                 { .fd = other, .events = POLLIN } };
    bool was_there[SHARE_CLIENTS_MAX];
    int64_t now_ms;

    for (size_t i = 0; i < SHARE_CLIENTS_MAX; i++) {
        was_there[i] = server->clients[i].fd >= 0;
        fds[i + 2] = (struct pollfd){ .fd = server->clients[i].fd, .events = server->clients[i].events };
        if (was_there[i] && client_is_ready(&server->clients[i]))
            wait_ms = 0;
    }
    if (poll(fds, SHARE_CLIENTS_MAX + 2, wait_ms) < 0 && errno != EINTR)
        return error_set_errno(err, "cannot wait for clients");
    now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < SHARE_CLIENTS_MAX; i++) {
        if (was_there[i] && (fds[i + 2].revents != 0 || client_is_ready(&server->clients[i])))
            client_step(server, &server->clients[i]);
        if (server->clients[i].fd >= 0)
            client_time(server, &server->clients[i], now_ms);
    }
    if (fds[0].revents != 0)
        clients_take(server);
    *ready_out = fds[1].revents != 0;
    return true;
}
