/* SPDX-License-Identifier: Apache-2.0 */
/* Answering 101: the connection leaves HTTP and is somebody else's. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "controller/api/server_internal.h"

/* A peer whose power went is noticed within about half a minute. */
#define KEEP_IDLE_S 10
#define KEEP_EVERY_S 5
#define KEEP_TRIES 4
#define UNANSWERED_MS 30000

static void keep_alive(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const int on = 1, idle = KEEP_IDLE_S, every = KEEP_EVERY_S, tries = KEEP_TRIES, unanswered = UNANSWERED_MS;

    if (info == NULL)
        return;
    setsockopt(info->connect_fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(info->connect_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(info->connect_fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
    setsockopt(info->connect_fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof(every));
    setsockopt(info->connect_fd, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof(tries));
    setsockopt(info->connect_fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered, sizeof(unanswered));
}

/* What is needed to end it; its own memory, as it is given up by another thread than the one that made it. */
struct leaving {
    struct MHD_UpgradeResponseHandle *handle;
    int peer; /* the socket below TLS: MHD closes it, after the handle was given up */
};

/*
 * libmicrohttpd notices in its own thread that both directions have ended, and does so for the direction from the peer only when
 * it saw the handle given up before it saw the other one end: a race. So the direction from the peer is ended first.
 */
void api_upgraded_close(void *connection)
{
    struct leaving *leaving = connection;

    if (leaving->peer >= 0)
        shutdown(leaving->peer, SHUT_RD);
    MHD_upgrade_action(leaving->handle, MHD_UPGRADE_ACTION_CLOSE);
    free(leaving);
}

static void upgraded(void *data, struct MHD_Connection *connection, void *state, const char *extra, size_t extra_length,
                     MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
    const struct api_upgrade *upgrade = data;

    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct leaving *leaving = calloc(1, sizeof(*leaving));

    (void)state;
    (void)extra;
    if (leaving == NULL)
        abort();
    *leaving = (struct leaving){ handle, info == NULL ? -1 : info->connect_fd };
    if (extra_length > 0) /* whoever speaks before the answer does not speak this protocol */
        api_upgraded_close(leaving);
    else
        upgrade->opened(upgrade->data, fd, leaving);
}

void api_reply_upgrade(struct api_call *base, const struct api_upgrade *upgrade)
{
    struct call *call = (struct call *)base;
    struct api_upgrade *kept = arena_new_of(base->arena, struct api_upgrade);
    struct MHD_Response *response = MHD_create_response_for_upgrade(upgraded, kept);

    *kept = *upgrade;
    if (response == NULL)
        return;
    keep_alive(call->connection);
    MHD_add_response_header(response, MHD_HTTP_HEADER_UPGRADE, upgrade->protocol);
    call->response = response;
    call->status = MHD_HTTP_SWITCHING_PROTOCOLS;
}
