/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 over TLS with a client certificate, many connections in one thread. The server's certificate is not verified here:
 * what is measured is the other end, and that half of the handshake would be this machine's time too.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/fleet/fleet.h"

#define EVENTS 512

static void link_want(struct link_group *group, struct link *link, bool write)
{
    struct epoll_event event = { .events = EPOLLIN | (write ? (uint32_t)EPOLLOUT : 0), .data.ptr = link };

    if (link->wants_write == write)
        return;
    link->wants_write = write;
    epoll_ctl(group->epoll_fd, EPOLL_CTL_MOD, link->fd, &event);
}

void link_close(struct link_group *group, struct link *link)
{
    link_done *done = link->done;

    if (link->state == LINK_CLOSED)
        return;
    if (link->state == LINK_READY)
        group->ready--;
    else
        group->connecting--;
    link->state = LINK_CLOSED;
    close(link->fd);
    gnutls_deinit(link->tls);
    free(link->out);
    free(link->in);
    link->out = link->in = NULL;
    link->out_size = link->in_size = link->in_room = 0;
    link->done = NULL;
    if (done != NULL)
        done(link, 0, "", 0);
}

static void link_gone(struct link_group *group, struct link *link)
{
    group->lost++;
    link_close(group, link);
    if (link->closed != NULL)
        link->closed(link);
}

static bool link_tls(struct link *link, struct error *err)
{
    int code = gnutls_init(&link->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);

    if (code < 0 || gnutls_set_default_priority(link->tls) < 0 ||
        gnutls_credentials_set(link->tls, GNUTLS_CRD_CERTIFICATE, link->credentials) < 0)
        return error_set(err, "no TLS session: %s", gnutls_strerror(code));
    gnutls_transport_set_int(link->tls, link->fd);
    gnutls_handshake_set_timeout(link->tls, GNUTLS_INDEFINITE_TIMEOUT);
    if (link->ticket.data != NULL)
        gnutls_session_set_data(link->tls, link->ticket.data, link->ticket.size);
    return true;
}

bool link_open(struct link_group *group, struct link *link, struct error *err)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)group->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT, .data.ptr = link };
    const int on = 1;

    link->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (link->fd < 0)
        return error_set_errno(err, "cannot make a socket");
    setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(link->fd, (const struct sockaddr *)&address, sizeof(address)) != 0 && errno != EINPROGRESS) {
        close(link->fd);
        return error_set_errno(err, "cannot connect");
    }
    if (!link_tls(link, err) || epoll_ctl(group->epoll_fd, EPOLL_CTL_ADD, link->fd, &event) != 0)
        return error_set_errno(err, "cannot watch a socket");
    link->state = LINK_CONNECTING;
    link->wants_write = true;
    link->in_size = 0;
    link->done = NULL;
    group->connecting++;
    return true;
}

/* --- out --- */

static void link_flush(struct link_group *group, struct link *link)
{
    while (link->out_at < link->out_size) {
        ssize_t sent = gnutls_record_send(link->tls, link->out + link->out_at, link->out_size - link->out_at);

        if (sent == GNUTLS_E_AGAIN || sent == GNUTLS_E_INTERRUPTED) {
            link_want(group, link, true);
            return;
        }
        if (sent < 0) {
            link_gone(group, link);
            return;
        }
        link->out_at += (size_t)sent;
    }
    link_want(group, link, false);
}

void link_ask(struct link_group *group, struct link *link, const char *method, const char *path, const char *headers,
              const char *body, link_done *done)
{
    size_t body_length = body == NULL ? 0 : strlen(body), room = body_length + strlen(headers) + strlen(path) + 256;
    int length = 0;

    free(link->out);
    link->out = malloc(room);
    if (link->out == NULL)
        abort();
    length = snprintf(link->out, room, "%s %s HTTP/1.1\r\nHost: roost-controller\r\n%s", method, path, headers);
    if (body != NULL)
        length += snprintf(link->out + length, room - (size_t)length,
                           "Content-Type: application/json\r\nContent-Length: %zu\r\n", body_length);
    length += snprintf(link->out + length, room - (size_t)length, "\r\n%s", body == NULL ? "" : body);
    link->out_size = (size_t)length;
    link->out_at = 0;
    link->begun_us = clock_monotonic_us();
    link->done = done;
    link_flush(group, link);
}

/* --- in --- */

/* The answer that stands in the buffer, if it is whole. */
static void link_answer(struct link *link)
{
    const char *head_end = link->in_size == 0 ? NULL : memmem(link->in, link->in_size, "\r\n\r\n", 4);
    const char *length_at = NULL;
    size_t head = 0, length = 0;
    link_done *done = link->done;

    if (head_end == NULL || done == NULL)
        return;
    head = (size_t)(head_end - link->in) + 4;
    length_at = memmem(link->in, head, "Content-Length: ", 16);
    length = length_at == NULL ? 0 : strtoul(length_at + 16, NULL, 10);
    if (link->in_size < head + length)
        return;
    link->in_size = 0;
    link->done = NULL;
    done(link, (int)strtol(link->in + 9, NULL, 10), link->in + head, length);
}

static void link_receive(struct link_group *group, struct link *link)
{
    for (;;) {
        ssize_t got = 0;

        if (link->in_room - link->in_size < 4096) {
            link->in_room = link->in_room == 0 ? 8192 : link->in_room * 2;
            link->in = realloc(link->in, link->in_room);
            if (link->in == NULL)
                abort();
        }
        got = gnutls_record_recv(link->tls, link->in + link->in_size, link->in_room - link->in_size - 1);
        if (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED)
            break;
        if (got <= 0) {
            link_gone(group, link);
            return;
        }
        link->in_size += (size_t)got;
        link->in[link->in_size] = '\0';
    }
    link_answer(link);
}

static void link_handshake(struct link_group *group, struct link *link)
{
    int code = gnutls_handshake(link->tls);

    if (code == GNUTLS_E_AGAIN || code == GNUTLS_E_INTERRUPTED) {
        link_want(group, link, gnutls_record_get_direction(link->tls) == 1);
    } else if (code < 0) {
        link_gone(group, link);
    } else {
        link->was_resumed = gnutls_session_is_resumed(link->tls) != 0;
        group->resumed += link->was_resumed;
        group->connecting--;
        group->ready++;
        link->state = LINK_READY;
        link_want(group, link, false);
        if (link->ready != NULL)
            link->ready(link);
    }
}

static void link_event(struct link_group *group, struct link *link, uint32_t events)
{
    int failed = 0;
    socklen_t size = sizeof(failed);

    if (link->state == LINK_CONNECTING) {
        if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0)
            return;
        if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &failed, &size) != 0 || failed != 0) {
            link_gone(group, link);
            return;
        }
        link->state = LINK_HANDSHAKE;
    }
    if (link->state == LINK_HANDSHAKE) {
        link_handshake(group, link);
        return;
    }
    if (link->state == LINK_READY && (events & EPOLLOUT) != 0)
        link_flush(group, link);
    if (link->state == LINK_READY && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0)
        link_receive(group, link);
}

void link_step(struct link_group *group, int64_t until_us)
{
    struct epoll_event events[EVENTS];
    int64_t left_us = until_us - clock_monotonic_us();
    int count = epoll_wait(group->epoll_fd, events, EVENTS, left_us <= 0 ? 0 : (int)((left_us + 999) / 1000));

    for (int i = 0; i < count; i++)
        link_event(group, events[i].data.ptr, events[i].events);
}
