/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies that are handed on as they come: begun once it is known who asks, bounded, let go whatever happens. */
#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "controller/api/server.h"

#define LIMIT ((size_t)100000)

struct world {
    struct api_server *server;
    atomic_int begun, dropped;
    atomic_size_t expected, taken;
};

static bool blob_begin(struct api_call *call, size_t expected)
{
    struct world *world = call->context;

    atomic_fetch_add(&world->begun, 1);
    atomic_store(&world->expected, expected);
    call->taken = world;
    return true;
}

static bool blob_take(struct api_call *call, const char *data, size_t length)
{
    struct world *world = call->taken;

    atomic_fetch_add(&world->taken, length);
    if (memchr(data, '!', length) == NULL)
        return true;
    api_reply_error(call, 400, "bad_file", "no exclamation marks");
    return false;
}

static void blob_drop(struct api_call *call)
{
    atomic_fetch_add(&((struct world *)call->taken)->dropped, 1);
}

static void blob_put(struct api_call *call)
{
    api_reply_bytes(call, 201, "text/plain", "kept", 4);
}

static const struct api_sink sink = { "application/octet-stream", LIMIT, blob_begin, blob_take, blob_drop };
static const struct api_route routes[] = { API_ROUTE(API_OPERATOR, "PUT", "/blob", blob_put, .sink = &sink) };
static const struct api_resource resource = { .name = "blobs", .summary = "", .routes = routes, .count = 1 };
static const struct api_resource *const resources[] = { &resource };

static bool identify(void *data, struct arena *arena, const struct api_credentials *credentials,
                     struct api_identity *out, struct error *err)
{
    (void)data, (void)arena, (void)err;
    if (credentials->bearer != NULL)
        *out = (struct api_identity){ .kind = API_IS_OPERATOR, .role = API_OPERATOR, .name = "op" };
    return true;
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    const struct api_server_options options = { .listen = "127.0.0.1:0",
                                                .table = { resources, 1 },
                                                .authenticator = { .identify = identify, .data = world },
                                                .context = world };
    struct error err = ERROR_INIT;

    if (!api_server_start(&options, &world->server, &err))
        fail_msg("%s", err.text);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    api_server_stop(world->server);
    free(world);
    return 0;
}

static int dial(struct world *world)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)api_server_port(world->server)) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

#define HEAD "PUT /blob HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nContent-Type: application/octet-stream\r\n"

static void send_text(int fd, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, text, length, MSG_NOSIGNAL);

        if (sent <= 0)
            return;
        text += sent;
        length -= (size_t)sent;
    }
}

/* The answer's head and as much of its body as comes with it. */
static const char *answer(int fd, char *buffer, size_t size)
{
    struct pollfd poller = { .fd = fd, .events = POLLIN };
    size_t length = 0;

    while (length + 1 < size && poll(&poller, 1, length == 0 ? 5000 : 100) > 0) {
        ssize_t got = recv(fd, buffer + length, size - length - 1, 0);

        if (got <= 0)
            break;
        length += (size_t)got;
    }
    buffer[length] = '\0';
    return buffer;
}

static void dropped(struct world *world)
{
    for (int i = 0; i < 500 && atomic_load(&world->dropped) == 0; i++)
        usleep(10000);
    assert_int_equal(atomic_load(&world->dropped), 1);
}

static void a_body_goes_through(void **state)
{
    struct world *world = *state;
    char block[50000], buffer[1024];
    int fd = dial(world);

    memset(block, 'x', sizeof(block));
    send_text(fd, HEAD "Content-Length: 50000\r\n\r\n", strlen(HEAD "Content-Length: 50000\r\n\r\n"));
    send_text(fd, block, sizeof(block));
    assert_non_null(strstr(answer(fd, buffer, sizeof(buffer)), " 201 "));
    assert_int_equal(atomic_load(&world->expected), 50000);
    assert_int_equal(atomic_load(&world->taken), 50000);
    close(fd);
    dropped(world);
}

static void refused_before_a_byte_is_read(void **state)
{
    static const char *const heads[][2] = {
        { HEAD "Content-Length: 100001\r\n\r\n", " 413 " },
        { "PUT /blob HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\nContent-Length: 9\r\n\r\n",
          " 401 " },
        { "PUT /blob HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n"
          "\r\n",
          " 415 " },
    };
    struct world *world = *state;
    char buffer[1024];

    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        int fd = dial(world);

        send_text(fd, heads[i][0], strlen(heads[i][0]));
        assert_non_null(strstr(answer(fd, buffer, sizeof(buffer)), heads[i][1]));
        close(fd);
    }
    assert_int_equal(atomic_load(&world->begun), 0);
    assert_int_equal(atomic_load(&world->taken), 0);
}

/* Whose length nobody told. */
static void too_large_on_the_way(void **state)
{
    struct world *world = *state;
    char block[20000], buffer[1024];
    int fd = dial(world);

    memset(block, 'x', sizeof(block));
    send_text(fd, HEAD "Transfer-Encoding: chunked\r\n\r\n", strlen(HEAD "Transfer-Encoding: chunked\r\n\r\n"));
    for (int i = 0; i < 6; i++) {
        send_text(fd, "4e20\r\n", 6);
        send_text(fd, block, sizeof(block));
        send_text(fd, "\r\n", 2);
    }
    send_text(fd, "0\r\n\r\n", 5);
    assert_non_null(strstr(answer(fd, buffer, sizeof(buffer)), " 413 "));
    assert_true(atomic_load(&world->taken) <= LIMIT);
    close(fd);
    dropped(world);
}

static void the_sinks_own_refusal_is_the_answer(void **state)
{
    static const char request[] = HEAD "Content-Length: 5\r\n\r\nno!no";
    struct world *world = *state;
    char buffer[1024];
    int fd = dial(world);

    send_text(fd, request, strlen(request));
    assert_non_null(strstr(answer(fd, buffer, sizeof(buffer)), "no exclamation marks"));
    close(fd);
    dropped(world);
}

static void a_client_that_goes_away_leaves_nothing(void **state)
{
    static const char request[] = HEAD "Content-Length: 50000\r\n\r\nbegin";
    struct world *world = *state;
    int fd = dial(world);

    send_text(fd, request, strlen(request));
    for (int i = 0; i < 500 && atomic_load(&world->taken) == 0; i++)
        usleep(10000);
    close(fd);
    dropped(world);
    assert_int_equal(atomic_load(&world->begun), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_body_goes_through),
        CASE(refused_before_a_byte_is_read),
        CASE(too_large_on_the_way),
        CASE(the_sinks_own_refusal_is_the_answer),
        CASE(a_client_that_goes_away_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
