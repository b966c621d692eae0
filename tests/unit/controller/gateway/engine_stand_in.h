/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stand-in for an engine: HTTP/1.1 on loopback with kept connections, one thread each. What it does is said by a word in the body:
 * "tokens=N" so many pieces (default 3), "pause=MS" between them, "hold" waits until it is let go or the client is gone, "cut-head" closes without a
 * word, "cut-middle" in the middle of a stream, "no-end" ends a stream without its mark, "say-400", "say-500", "say-503", "say-error" in
 * a stream, "no-usage", "no-json", "long-event"; "who=X" is written down, "step" waits for a
 * step of the test's.
 */
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define STAND_IN_BODY (1024 * 1024)
#define STAND_IN_MODEL "engine-model"

struct stand_in {
    int listen_fd, port;
    const char *key; /* wanted as Bearer; NULL: none */
    pthread_t thread;
    atomic_int threads;         /* that serve */
    atomic_int requests, open;  /* taken; being answered */
    atomic_int most_open, gone; /* at once; given up by the client */
    atomic_bool let_go, closing;
    atomic_int steps; /* so many of those that wait for one may end */
    pthread_mutex_t mutex;
    char last[65536]; /* head and body of the last request */
    char order[64];   /* of who=X, as they came */
};

struct stand_in_peer {
    struct stand_in *engine;
    int fd;
    char *data;
    size_t length;
};

static inline bool stand_in_send(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, data, length, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        data += sent;
        length -= (size_t)sent;
    }
    return true;
}

static inline bool stand_in_say(int fd, const char *text)
{
    return stand_in_send(fd, text, strlen(text));
}

static inline bool stand_in_chunk(int fd, const char *text)
{
    char frame[2048];

    snprintf(frame, sizeof(frame), "%zx\r\n%s\r\n", strlen(text), text);
    return stand_in_say(fd, frame);
}

static inline bool stand_in_whole(int fd, int status, const char *body)
{
    char head[256];

    snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
             status, strlen(body));
    return stand_in_say(fd, head) && stand_in_say(fd, body);
}

static inline int stand_in_number(const char *body, const char *name, int otherwise)
{
    const char *at = strstr(body, name);

    return at == NULL ? otherwise : (int)strtol(at + strlen(name), NULL, 10);
}

/* Until it is let go; false: the client is gone. */
static inline bool stand_in_hold(struct stand_in *engine, int fd)
{
    while (!atomic_load(&engine->let_go) && !atomic_load(&engine->closing)) {
        struct pollfd peer = { .fd = fd, .events = POLLRDHUP };

        if (poll(&peer, 1, 5) > 0) {
            atomic_fetch_add(&engine->gone, 1);
            return false;
        }
    }
    return true;
}

static inline void stand_in_step(struct stand_in *engine)
{
    int steps = atomic_load(&engine->steps);

    while (!atomic_load(&engine->closing) &&
           (steps == 0 || !atomic_compare_exchange_weak(&engine->steps, &steps, steps - 1))) {
        usleep(1000);
        steps = atomic_load(&engine->steps);
    }
}

static inline bool stand_in_stream(struct stand_in_peer *peer, const char *body)
{
    int tokens = stand_in_number(body, "tokens=", 3), pause_ms = stand_in_number(body, "pause=", 0), fd = peer->fd;

    if (!stand_in_say(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"))
        return false;
    if (strstr(body, "say-error") != NULL)
        stand_in_chunk(fd, "data: {\"error\":{\"code\":500,\"message\":\"the graph failed\"}}\n\n");
    for (int i = 0; i < tokens; i++) {
        char event[256];

        snprintf(event, sizeof(event), "data: {\"choices\":[{\"delta\":{\"content\":\" t%d\"}}],\"model\":\"%s\"}\n\n",
                 i, STAND_IN_MODEL);
        if (pause_ms > 0 && i > 0)
            usleep((useconds_t)pause_ms * 1000);
        if (!stand_in_chunk(fd, event)) {
            atomic_fetch_add(&peer->engine->gone, 1);
            return false;
        }
        if (i == 0 && strstr(body, "hold") != NULL && !stand_in_hold(peer->engine, fd))
            return false;
        if (i == 1 && strstr(body, "cut-middle") != NULL)
            return false;
    }
    if (strstr(body, "no-usage") == NULL) {
        char usage[256];

        snprintf(usage, sizeof(usage),
                 "data: {\"choices\":[],\"model\":\"%s\",\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":%d,"
                 "\"total_tokens\":%d}}\n\n",
                 STAND_IN_MODEL, tokens, tokens + 7);
        stand_in_chunk(fd, usage);
    }
    if (strstr(body, "no-end") == NULL)
        stand_in_chunk(fd, "data: [DONE]\n\n");
    return stand_in_say(fd, "0\r\n\r\n");
}

/* False: the connection is over. */
static inline bool stand_in_answer(struct stand_in_peer *peer, const char *body)
{
    int tokens = stand_in_number(body, "tokens=", 3);
    char answer[512];

    if (strstr(body, "cut-head") != NULL)
        return false;
    if (strstr(body, "say-400") != NULL)
        return stand_in_whole(peer->fd, 400,
                              "{\"error\":{\"code\":400,\"message\":\"the request exceeds the context\"}}");
    if (strstr(body, "say-500") != NULL)
        return stand_in_whole(peer->fd, 500, "{\"error\":{\"code\":500,\"message\":\"decode failed\"}}");
    if (strstr(body, "say-503") != NULL)
        return stand_in_whole(peer->fd, 503, "{\"error\":{\"code\":503,\"message\":\"Loading model\"}}");
    if (strstr(body, "no-json") != NULL)
        return stand_in_whole(peer->fd, 200, "<html>");
    if (strstr(body, "\"stream\":true") != NULL)
        return stand_in_stream(peer, body);
    if (strstr(body, "hold") != NULL && !stand_in_hold(peer->engine, peer->fd))
        return false;
    if (strstr(body, "step") != NULL)
        stand_in_step(peer->engine);
    snprintf(answer, sizeof(answer),
             "{\"choices\":[{\"message\":{\"content\":\" alpha\"}}],\"model\":\"%s\",\"usage\":{\"prompt_tokens\":7,"
             "\"completion_tokens\":%d,\"total_tokens\":%d}}",
             STAND_IN_MODEL, tokens, tokens + 7);
    return stand_in_whole(peer->fd, 200, answer);
}

static inline void stand_in_note(struct stand_in *engine)
{
    int open = atomic_fetch_add(&engine->open, 1) + 1, most = atomic_load(&engine->most_open);

    atomic_fetch_add(&engine->requests, 1);
    while (open > most && !atomic_compare_exchange_weak(&engine->most_open, &most, open))
        ;
}

/* One request into peer->data: its body, or NULL at the end. */
static inline char *stand_in_read(struct stand_in_peer *peer)
{
    char *end = NULL;
    size_t wanted = 0;

    peer->length = 0;
    for (;;) {
        ssize_t got = recv(peer->fd, peer->data + peer->length, STAND_IN_BODY - 1 - peer->length, 0);

        if (got <= 0)
            return NULL;
        peer->length += (size_t)got;
        peer->data[peer->length] = '\0';
        end = strstr(peer->data, "\r\n\r\n");
        if (end != NULL && wanted == 0) {
            char *length = strcasestr(peer->data, "Content-Length:");

            wanted = (size_t)(end + 4 - peer->data) + (length == NULL ? 0 : (size_t)strtol(length + 15, NULL, 10));
        }
        if (end != NULL && peer->length >= wanted)
            return end + 4;
    }
}

static inline bool stand_in_knows(const struct stand_in_peer *peer)
{
    char wanted[256];

    snprintf(wanted, sizeof(wanted), "Authorization: Bearer %s\r\n",
             peer->engine->key == NULL ? "" : peer->engine->key);
    return peer->engine->key == NULL || strstr(peer->data, wanted) != NULL;
}

static inline void stand_in_order(struct stand_in *engine, const char *body)
{
    const char *who = strstr(body, "who=");
    size_t count = strlen(engine->order);

    if (who != NULL && count + 1 < sizeof(engine->order))
        engine->order[count] = who[strlen("who=")];
}

static inline void *stand_in_serve(void *data)
{
    struct stand_in_peer *peer = data;
    struct stand_in *engine = peer->engine;
    const char *body = NULL;
    bool goes_on = true;

    while (goes_on && (body = stand_in_read(peer)) != NULL) {
        pthread_mutex_lock(&engine->mutex);
        snprintf(engine->last, sizeof(engine->last), "%s", peer->data);
        stand_in_order(engine, body);
        pthread_mutex_unlock(&engine->mutex);
        stand_in_note(engine);
        goes_on = stand_in_knows(peer) ? stand_in_answer(peer, body) : stand_in_whole(peer->fd, 401, "{}");
        atomic_fetch_sub(&engine->open, 1);
    }
    close(peer->fd);
    free(peer->data);
    free(peer);
    atomic_fetch_sub(&engine->threads, 1);
    return NULL;
}

static inline void *stand_in_listen(void *data)
{
    struct stand_in *engine = data;
    pthread_attr_t attributes;
    const int on = 1;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    while (!atomic_load(&engine->closing)) {
        struct pollfd waits = { .fd = engine->listen_fd, .events = POLLIN };
        struct stand_in_peer *peer = NULL;
        pthread_t thread;
        int fd = poll(&waits, 1, 20) > 0 ? accept(engine->listen_fd, NULL, NULL) : -1;

        if (fd < 0)
            continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        peer = calloc(1, sizeof(*peer));
        *peer = (struct stand_in_peer){ .engine = engine, .fd = fd, .data = malloc(STAND_IN_BODY) };
        atomic_fetch_add(&engine->threads, 1);
        if (pthread_create(&thread, &attributes, stand_in_serve, peer) != 0)
            abort();
    }
    pthread_attr_destroy(&attributes);
    return NULL;
}

/* Port 0: any free one. */
static inline void stand_in_start(struct stand_in *engine, int port, const char *key)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof(address);
    const int on = 1;

    memset(engine, 0, sizeof(*engine));
    engine->key = key;
    pthread_mutex_init(&engine->mutex, NULL);
    engine->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(engine->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(engine->listen_fd, (struct sockaddr *)&address, length) != 0 || listen(engine->listen_fd, 1024) != 0 ||
        getsockname(engine->listen_fd, (struct sockaddr *)&address, &length) != 0 ||
        pthread_create(&engine->thread, NULL, stand_in_listen, engine) != 0)
        abort();
    engine->port = ntohs(address.sin_port);
}

/* The gateway's connections must be closed before: its threads end with them. */
static inline void stand_in_stop(struct stand_in *engine)
{
    atomic_store(&engine->closing, true);
    pthread_join(engine->thread, NULL);
    close(engine->listen_fd);
    while (atomic_load(&engine->threads) > 0)
        usleep(1000);
    pthread_mutex_destroy(&engine->mutex);
}
