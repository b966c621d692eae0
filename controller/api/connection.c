/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: what is kept with each, and which certificate it is shown. */
#include <stdlib.h>

#include "controller/api/server_internal.h"

struct link {
    struct api_server *server;
    struct api_memory memory;
    struct guest guest;
};

static struct link *link_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info == NULL ? NULL : info->socket_context;
}

void server_connection(void *data, struct MHD_Connection *connection, void **context,
                       enum MHD_ConnectionNotificationCode what)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *tls = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    struct link *link = *context;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        link = calloc(1, sizeof(*link));
        *context = link;
        if (link == NULL)
            return;
        link->server = data;
        if (info != NULL)
            door_enter(&link->server->door, &link->guest, info->connect_fd);
        if (link->server->identity != NULL && tls != NULL && tls->tls_session != NULL)
            server_identity_attach(link->server->identity, tls->tls_session);
        return;
    }
    if (link != NULL)
        door_leave(&link->server->door, &link->guest);
    if (link != NULL && link->memory.forget != NULL)
        link->memory.forget(link->memory.data);
    free(link);
    *context = NULL;
}

struct api_memory *server_memory(struct MHD_Connection *connection)
{
    struct link *link = link_of(connection);

    return link == NULL ? NULL : &link->memory;
}

void server_identified(struct MHD_Connection *connection)
{
    struct link *link = link_of(connection);

    if (link != NULL)
        door_leave(&link->server->door, &link->guest);
}

bool api_server_certificate_set(struct api_server *server, const char *certificate_pem, const char *key_pem,
                                struct error *err)
{
    return server_identity_set(server->identity, certificate_pem, key_pem, err);
}
