/* SPDX-License-Identifier: Apache-2.0 */
/* A server that is stopped while open connections go on asking: libmicrohttpd ends the program when one is suspended then. */
#include "controller/api/server.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fd.h"

#define CLIENTS 6
#define ROUNDS 15

static void lent_done(struct api_call *call)
{
    api_reply(call, 200, call->state);
}

static void *helper_run(void *data)
{
    struct api_call *call = data;

    usleep(2000); /* as long as a disk takes */
    call->state = value_string(call->arena, "back");
    api_resume(call);
    return NULL;
}

static void lend_run(struct api_call *call)
{
    pthread_t helper;

    api_await(call, lent_done);
    assert_int_equal(pthread_create(&helper, NULL, helper_run, call), 0);
    pthread_detach(helper);
}

static const struct api_route routes[] = {
    API_ROUTE(API_PUBLIC, "GET", "/lend", lend_run),
};
static const struct api_resource resource = { .name = "lend", .routes = routes, .count = 1 };
static const struct api_resource *const resources[] = { &resource };

static bool identify(void *data, struct arena *arena, const struct api_credentials *credentials,
                     struct api_identity *out, struct error *err)
{
    (void)data;
    (void)arena;
    (void)credentials;
    (void)out;
    (void)err;
    return true;
}

struct client {
    pthread_t thread;
    int port;
    int answers;
};

/* One connection, asked again and again until it is cut. */
static void *client_run(void *data)
{
    static const char text[] = "GET /lend HTTP/1.1\r\nHost: x\r\n\r\n";
    struct client *client = data;
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)client->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char answer[1024];

    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
        while (send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL) > 0 && recv(fd, answer, sizeof(answer), 0) > 0)
            client->answers++;
    }
    fd_close(fd);
    return NULL;
}

static void stop_while_asked(struct client *clients)
{
    struct api_server *server = NULL;
    struct error err = ERROR_INIT;
    const struct api_server_options options = { .listen = "127.0.0.1:0",
                                                .table = { resources, 1 },
                                                .authenticator = { .identify = identify } };
    struct api_server_counters counters = { .requests = 0 };

    if (!api_server_start(&options, &server, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){ .port = api_server_port(server) };
        assert_int_equal(pthread_create(&clients[i].thread, NULL, client_run, &clients[i]), 0);
    }
    while (counters.requests < 4 * CLIENTS) {
        usleep(500);
        api_server_counters(server, &counters);
    }
    api_server_stop(server);
    for (size_t i = 0; i < CLIENTS; i++)
        pthread_join(clients[i].thread, NULL);
}

static void stopping_survives_those_who_go_on_asking(void **state)
{
    struct client clients[CLIENTS];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        int answers = 0;

        stop_while_asked(clients);
        for (size_t i = 0; i < CLIENTS; i++)
            answers += clients[i].answers;
        assert_true(answers > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stopping_survives_those_who_go_on_asking),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
