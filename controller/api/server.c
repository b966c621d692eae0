/* SPDX-License-Identifier: Apache-2.0 */
/* The server: starting, one request's way through it, stopping. */
#include "controller/api/server.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/descriptor_limit.h"
#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/limits.h"
#include "controller/api/server_internal.h"

#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* --- one request --- */

static void *server_target(void *data, const char *target, struct MHD_Connection *connection)
{
    return call_new(data, connection, target);
}

static enum MHD_Result call_send(struct call *call)
{
    struct api_server *server = call->server;

    atomic_fetch_add(&server->requests, 1);
    if (call->status >= 500)
        atomic_fetch_add(&server->failed, 1);
    else if (call->status >= 400)
        atomic_fetch_add(&server->refused, 1);
    return MHD_queue_response(call->connection, (unsigned)call->status, call->response);
}

/* Runs the function until it has answered or the call is no longer ours. */
static enum MHD_Result call_run(struct call *call, bool waited)
{
    do {
        void (*then)(struct api_call *) = call->then;

        if (then == NULL && (waited || call->again) && !call_still_may(call))
            break;
        waited = false;
        call->again = false;
        call->then = NULL;
        (then != NULL ? then : call->base.route->run)(&call->base);
    } while (call->again && !call->is_suspended && call->response == NULL);
    if (call->is_suspended)
        return MHD_YES;
    if (call->response == NULL)
        api_reply_error(&call->base, 500, "no_answer", "%s %s gave no answer: a defect of the controller",
                        call->base.route->method, call->base.route->path);
    return call->response == NULL ? MHD_NO : call_send(call);
}

static enum MHD_Result call_step(struct call *call, bool waited, const char *upload, size_t *upload_size)
{
    if (call->state == CALL_READING && *upload_size > 0) {
        if (!call_receive(call, upload, *upload_size))
            return MHD_NO;
        *upload_size = 0;
        return MHD_YES;
    }
    if (call->state == CALL_READING && !call_bind(call))
        return call_send(call);
    call->state = CALL_RUNNING;
    return call_run(call, waited);
}

static enum MHD_Result server_handle(void *data, struct MHD_Connection *connection, const char *path,
                                     const char *method, const char *version, const char *upload, size_t *upload_size,
                                     void **state)
{
    struct api_server *server = data;
    struct call *call = *state;
    bool was_away = false;
    enum MHD_Result result = MHD_YES;

    (void)connection;
    (void)version;
    if (!room_begin(&server->room))
        return MHD_NO;
    was_away = room_back(&server->room, call);
    if (call->state != CALL_NEW)
        result = call_step(call, was_away, upload, upload_size);
    else if (!call_admit(call, method, path))
        result = call_send(call);
    if (was_away)
        room_gone(&server->room);
    room_end(&server->room);
    return result;
}

static void server_completed(void *data, struct MHD_Connection *connection, void **state,
                             enum MHD_RequestTerminationCode why)
{
    (void)data;
    (void)connection;
    (void)why;
    if (*state != NULL)
        call_free(*state);
    *state = NULL;
}

/* --- starting --- */

static bool server_listen(struct api_server *server, struct error *err)
{
    const struct api_server_options *options = &server->options;
    struct sockaddr_in6 address;
    socklen_t length = sizeof(address);
    bool is_loopback = false;
    const int on = 1, off = 0;

    if (!api_listen_address(options->listen, &address, &is_loopback, err))
        return false;
    if (options->certificate_pem == NULL && !is_loopback && !options->plain_anywhere)
        return error_set(err, "without TLS the controller listens on loopback only, not on %s", options->listen);
    server->listen_fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server->listen_fd < 0)
        return error_set_errno(err, "cannot make a socket");
    setsockopt(server->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(server->listen_fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(server->listen_fd, (const struct sockaddr *)&address, length) != 0 ||
        listen(server->listen_fd, SOMAXCONN) != 0 ||
        getsockname(server->listen_fd, (struct sockaddr *)&address, &length) != 0)
        return error_set_errno(err, "cannot listen on %s", options->listen);
    server->port = ntohs(address.sin6_port);
    return true;
}

/* As many as files may be open, but for some: the store's, and what work needs. */
static unsigned connection_limit(const struct api_server_options *options)
{
    unsigned wanted = options->connection_limit > 0 ? options->connection_limit : LIMIT_API_CONNECTIONS;
    struct rlimit files;

    descriptor_limit_raise();
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= wanted + LIMIT_API_FILES)
        return wanted;
    return files.rlim_cur > 2 * LIMIT_API_FILES ? (unsigned)files.rlim_cur - LIMIT_API_FILES
                                                : (unsigned)files.rlim_cur / 2;
}

static bool server_daemon(struct api_server *server, struct error *err)
{
    const struct api_server_options *options = &server->options;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE | MHD_USE_ITC;
    struct MHD_OptionItem tls[3] = { { .option = MHD_OPTION_END } };
    bool is_tls = options->certificate_pem != NULL;
    unsigned limit = connection_limit(options);

    server->door.most = limit / 2;
    if (is_tls) {
        size_t count = 0;

        flags |= MHD_USE_TLS;
        tls[count++] =
            (struct MHD_OptionItem){ MHD_OPTION_HTTPS_PRIORITIES, 0, arena_copy(server->arena, TLS_PRIORITIES) };
        if (options->client_ca_pem != NULL)
            tls[count++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_TRUST, 0,
                                                    arena_copy(server->arena, options->client_ca_pem) };
        tls[count] = (struct MHD_OptionItem){ .option = MHD_OPTION_END };
        if (!server_identity_new(&server->identity, err) ||
            !server_identity_set(server->identity, options->certificate_pem, options->key_pem, err))
            return false;
    }
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, server_handle, server, MHD_OPTION_LISTEN_SOCKET, server->listen_fd,
        MHD_OPTION_URI_LOG_CALLBACK, server_target, server, MHD_OPTION_NOTIFY_COMPLETED, server_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, server_connection, server, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)LIMIT_API_HEADERS, MHD_OPTION_CONNECTION_LIMIT, limit, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        options->per_address_limit, MHD_OPTION_CONNECTION_TIMEOUT,
        options->idle_timeout_s > 0 ? options->idle_timeout_s : LIMIT_API_IDLE_S, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_ARRAY, tls, is_tls ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END, server_identity_show,
        MHD_OPTION_END);
    return server->daemon != NULL || error_set(err, "libmicrohttpd did not start on %s", options->listen);
}

static void server_free(struct api_server *server)
{
    fd_close(server->listen_fd);
    server_identity_free(server->identity);
    arena_free_secret(server->arena);
}

bool api_server_start(const struct api_server_options *options, struct api_server **out, struct error *err)
{
    struct arena *arena = arena_new();
    struct api_server *server = arena_new_of(arena, struct api_server);

    server->arena = arena;
    server->options = *options;
    server->options.listen = arena_copy(arena, options->listen);
    server->listen_fd = -1;
    if (!room_open(&server->room, err) || !server_listen(server, err) || !server_daemon(server, err)) {
        room_free(&server->room);
        server_free(server);
        return false;
    }
    *out = server;
    return true;
}

/*
 * Who comes while it closes is told so by the room. Not MHD_quiesce_daemon: its thread and ours may both take the listening socket out of
 * the thread's epoll set, and then libmicrohttpd (0.9.75) aborts.
 */
void api_server_stop(struct api_server *server)
{
    room_close(&server->room);
    MHD_stop_daemon(server->daemon);
    server->listen_fd = -1; /* it has closed it */
    room_free(&server->room);
    server_free(server);
}

int api_server_port(const struct api_server *server)
{
    return server->port;
}

/* --- topics, counters --- */

void api_wake(struct api_server *server, uint64_t topic)
{
    room_wake(&server->room, topic);
}

void api_look_again(struct api_server *server, enum api_identity_kind kind, const char *name)
{
    server->looks++;
    room_wake_who(&server->room, kind, name);
}

uint64_t api_topic(const char *kind, int64_t number)
{
    return hash_quick(kind, strlen(kind)) ^ ((uint64_t)number * 0x9e3779b97f4a7c15U);
}

void api_server_counters(struct api_server *server, struct api_server_counters *out)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

    *out = (struct api_server_counters){
        .requests = atomic_load(&server->requests),
        .refused = atomic_load(&server->refused),
        .failed = atomic_load(&server->failed),
        .connections = info == NULL ? 0 : info->num_connections,
    };
    pthread_mutex_lock(&server->room.mutex);
    out->waiting = server->room.suspended;
    pthread_mutex_unlock(&server->room.mutex);
}
