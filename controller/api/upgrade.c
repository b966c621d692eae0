/* SPDX-License-Identifier: Apache-2.0 */
/* Answering 101: the connection leaves HTTP and is somebody else's. */
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "common/base/keep_alive.h"
#include "controller/api/server_internal.h"

static void keep_alive(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    if (info != NULL)
        keep_alive_set(info->connect_fd, KEEP_ALIVE_RUN);
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

bool api_upgraded_is_over(void *connection)
{
    const struct leaving *leaving = connection;
    struct pollfd peer = { .fd = leaving->peer, .events = POLLRDHUP };
    int unread = 0;

    if (poll(&peer, 1, 0) <= 0)
        return false;
    return (peer.revents & (POLLHUP | POLLERR)) != 0 || ioctl(leaving->peer, FIONREAD, &unread) != 0 || unread == 0;
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
