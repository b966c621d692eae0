/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that are broken, slow, many or hostile: each is refused or cut, memory stays bounded, others are served meanwhile. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "controller/authority/authority.h"
#include "controller/api/server.h"

#define MEGABYTE ((size_t)1024 * 1024)
/* What was freed stays with the address sanitizer for a while, and the thread sanitizer has notes on all memory. */
#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KEPT 8
#endif
#endif
#ifndef KEPT
#define KEPT 1
#endif

/* --- a server --- */

struct world {
    struct api_server *server;
    struct arena *arena;
    struct authority *authority;
    atomic_int asked, posted, has_news;
    atomic_size_t streamed;
};

struct thing_body {
    const char *name;
};
static const struct arg_spec thing_body_args[] = {
    ARG(thing_body, name, ARG_STRING, .required = true, .help = "the name"),
    ARG_END,
};
static const struct task_spec thing_body_spec = { .name = "thing",
                                                  .args = thing_body_args,
                                                  .args_size = sizeof(struct thing_body) };

static void thing_get(struct api_call *call)
{
    struct world *world = call->context;

    atomic_fetch_add(&world->asked, 1);
    api_reply(call, 200, value_string(call->arena, api_path_value(call, "name")));
}

static void thing_post(struct api_call *call)
{
    struct world *world = call->context;

    atomic_fetch_add(&world->posted, 1);
    api_reply(call, 200, value_string(call->arena, ((const struct thing_body *)call->body)->name));
}

static void wait_run(struct api_call *call)
{
    api_watch(call, api_topic("wait", 1));
    if (call->timed_out)
        api_reply(call, 200, value_null());
    else
        api_wait(call, 60000);
}

static long flood_next(struct api_call *call, char *buffer, size_t size)
{
    struct world *world = call->context;

    memset(buffer, 'x', size);
    atomic_fetch_add(&world->streamed, size);
    return (long)size;
}

static void flood_run(struct api_call *call)
{
    api_reply_stream(call, &(struct api_stream){ .content_type = "text/event-stream",
                                                 .topic = api_topic("flood", 1),
                                                 .keep_alive_ms = 15000,
                                                 .next = flood_next });
}

static long quiet_next(struct api_call *call, char *buffer, size_t size)
{
    struct world *world = call->context;

    return atomic_load(&world->has_news) ? snprintf(buffer, size, "data: news\n\n") : 0;
}

static void quiet_run(struct api_call *call)
{
    api_reply_stream(call, &(struct api_stream){ .content_type = "text/event-stream",
                                                 .topic = api_topic("quiet", 1),
                                                 .keep_alive_ms = 15000,
                                                 .next = quiet_next });
}

static const struct api_route routes[] = {
    API_ROUTE(API_PUBLIC, "GET", "/things/{name}", thing_get),
    API_ROUTE(API_PUBLIC, "POST", "/things", thing_post, .body = &thing_body_spec),
    API_ROUTE(API_PUBLIC, "GET", "/wait", wait_run),
    API_ROUTE(API_PUBLIC, "GET", "/flood", flood_run),
    API_ROUTE(API_PUBLIC, "GET", "/quiet", quiet_run),
};
static const struct api_resource resource = { .name = "things",
                                              .routes = routes,
                                              .count = sizeof(routes) / sizeof(routes[0]) };
static const struct api_resource *const resources[] = { &resource };

static bool identify(void *data, struct arena *arena, const struct api_credentials *credentials,
                     struct api_identity *out, struct error *err)
{
    (void)data;
    (void)arena;
    (void)err;
    *out = (struct api_identity){ .kind = API_NOBODY };
    if (credentials->bearer != NULL && strcmp(credentials->bearer, "known") == 0)
        *out = (struct api_identity){ .kind = API_IS_OPERATOR, .role = API_VIEWER, .name = "known" };
    return true;
}

static struct world *world_open(struct api_server_options options)
{
    struct world *world = calloc(1, sizeof(*world));
    struct error err = ERROR_INIT;

    options.listen = "127.0.0.1:0";
    options.table = (struct api_table){ resources, 1 };
    options.authenticator = (struct api_authenticator){ .identify = identify };
    options.context = world;
    world->arena = arena_new();
    if (!api_server_start(&options, &world->server, &err))
        fail_msg("%s", err.text);
    return world;
}

static int setup(void **state)
{
    *state = world_open((struct api_server_options){ .idle_timeout_s = 1 });
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    api_server_stop(world->server);
    authority_close(world->authority);
    arena_free(world->arena);
    free(world);
    return 0;
}

/* --- clients --- */

static int dial(struct world *world)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)api_server_port(world->server)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct timeval patience = { .tv_sec = 20 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* How much of it went out before the other end had enough. */
static size_t say(int fd, const char *bytes, size_t length)
{
    size_t at = 0;

    while (at < length) {
        ssize_t sent = send(fd, bytes + at, length - at, MSG_NOSIGNAL);

        if (sent <= 0)
            break;
        at += (size_t)sent;
    }
    return at;
}

/* Until the other end closes or there is no more room. */
static const char *hear(struct world *world, int fd, size_t room)
{
    char *answer = arena_alloc(world->arena, room + 1);
    size_t got = 0;

    while (got < room) {
        ssize_t received = recv(fd, answer + got, room - got, 0);

        if (received <= 0) {
            if (received < 0 && errno == EAGAIN)
                fail_msg("the connection stays open after: %.200s", answer);
            break;
        }
        got += (size_t)received;
    }
    answer[got] = '\0';
    return answer;
}

static const char *exchange(struct world *world, const char *bytes, size_t length)
{
    int fd = dial(world);
    const char *answer = NULL;

    say(fd, bytes, length);
    answer = hear(world, fd, 65536);
    close(fd);
    return answer;
}

/* One who asks as it should be is answered, and soon. */
static void others_are_served(struct world *world)
{
    static const char text[] = "GET /things/other HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    int64_t begun_ms = clock_monotonic_ms();

    assert_non_null(strstr(exchange(world, text, sizeof(text) - 1), "\"other\""));
    assert_true(clock_monotonic_ms() - begun_ms < 5000);
}

static unsigned connections(struct world *world)
{
    struct api_server_counters counters;

    api_server_counters(world->server, &counters);
    return counters.connections + counters.waiting;
}

static void until_connections(struct world *world, unsigned count)
{
    int64_t until_ms = clock_monotonic_ms() + 20000;

    while (connections(world) != count) {
        if (clock_monotonic_ms() > until_ms)
            fail_msg("%u connections are left, not %u", connections(world), count);
        usleep(2000);
    }
}

static size_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*u %lu", &pages), 1);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* --- what is no request --- */

static void is_refusal(const char *what, const char *answer)
{
    if (answer[0] != '\0' && strncmp(answer, "HTTP/1.1 4", 10) != 0 && strncmp(answer, "HTTP/1.0 4", 10) != 0 &&
        strncmp(answer, "HTTP/1.1 5", 10) != 0)
        fail_msg("%s: %.300s", what, answer);
}

static void is_refused(struct world *world, const char *what, const char *bytes, size_t length)
{
    is_refusal(what, exchange(world, bytes, length));
}

static void malformed_requests_are_refused(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *bytes;
        size_t length;
    } cases[] = {
#define CASE(text) { text, sizeof(text) - 1 }
        CASE("\0\0\0\0\r\n\r\n"),
        CASE("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
        CASE("GET\r\n\r\n"),
        CASE("GET /things/a\r\n\r\n"),
        CASE("GET /things/a HTTP/3.0\r\nHost: x\r\n\r\n"),
        CASE("GET /things/a HTTP/1.1\r\n\r\n"), /* no Host */
        CASE("get /things/a HTTP/1.1\r\nHost: x\r\n\r\n"),
        CASE("BREW /things/a HTTP/1.1\r\nHost: x\r\n\r\n"),
        CASE("GET /things/%00 HTTP/1.1\r\nHost: x\r\n\r\n"),
        CASE("GET /things/a?x=%00 HTTP/1.1\r\nHost: x\r\n\r\n"),
        CASE("GET /things/a?a=1&a=2 HTTP/1.1\r\nHost: x\r\n\r\n"),
        CASE("GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"),
        CASE("GET /things/a HTTP/1.1\r\nHost x\r\n\r\n"),
        CASE("GET /things/a HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"),
        CASE("GET /things/a HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
        CASE("POST /things HTTP/1.1\r\nHost: x\r\nContent-Length: 5x\r\n\r\n{}   "),
        CASE("POST /things HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
        CASE("POST /things HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n{}"),
        CASE("POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"),
        CASE("POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{"),
#undef CASE
    };

    enum { COUNT = sizeof(cases) / sizeof(cases[0]) };
    int fds[COUNT];

    for (size_t i = 0; i < COUNT; i++) {
        fds[i] = dial(world);
        say(fds[i], cases[i].bytes, cases[i].length);
    }
    for (size_t i = 0; i < COUNT; i++) {
        is_refusal(cases[i].bytes, hear(world, fds[i], 65536));
        close(fds[i]);
    }
    assert_int_equal(world->asked, 0);
    assert_int_equal(world->posted, 0);
    others_are_served(world);
}

/* A body with two lengths is how one request is hidden in another. */
static void a_request_hidden_in_another_is_not_run(void **state)
{
    struct world *world = *state;
    static const char both[] = "POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                               "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "0\r\n\r\nGET /things/hidden HTTP/1.1\r\nHost: x\r\n\r\n";
    static const char twice[] = "POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                                "Content-Length: 2\r\nContent-Length: 44\r\n\r\n"
                                "{}GET /things/hidden HTTP/1.1\r\nHost: x\r\n\r\n";

    assert_null(strstr(exchange(world, both, sizeof(both) - 1), "\"hidden\""));
    assert_null(strstr(exchange(world, twice, sizeof(twice) - 1), "\"hidden\""));
    assert_int_equal(world->asked, 0);
    others_are_served(world);
}

/* --- what is too much --- */

static void oversized_heads_are_refused(void **state)
{
    struct world *world = *state;
    size_t before = resident_bytes();
    struct text line = text_new(world->arena), header = text_new(world->arena), many = text_new(world->arena);
    struct text parameters = text_new(world->arena);

    text_add(&line, "GET /things/");
    text_add(&header, "GET /things/a HTTP/1.1\r\nHost: x\r\nX-Long: ");
    for (size_t i = 0; i < 4 * MEGABYTE; i++) {
        text_add_char(&line, 'a');
        text_add_char(&header, 'a');
    }
    text_add(&many, "GET /things/a HTTP/1.1\r\nHost: x\r\n");
    text_add(&parameters, "GET /things/a?");
    for (int i = 0; i < 20000; i++) {
        text_printf(&many, "X-%d: %d\r\n", i, i);
        text_printf(&parameters, "a%d=%d&", i, i);
    }
    is_refused(world, "a long request line", line.data, line.length);
    is_refused(world, "a long header", header.data, header.length);
    is_refused(world, "many headers", many.data, many.length);
    is_refused(world, "many parameters", parameters.data, parameters.length);
    assert_int_equal(world->asked, 0);
    others_are_served(world);
    assert_true(resident_bytes() < before + KEPT * 64 * MEGABYTE); /* the texts above are most of it */
}

#define POST_HEAD "POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

/* Said to be large: refused before it is sent. */
static void a_body_that_is_too_long_is_refused_by_its_head(void **state)
{
    struct world *world = *state;
    static const char text[] = POST_HEAD "Content-Length: 1048577\r\n\r\n";
    static const char none[] = "GET /things/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n";
    int64_t begun_ms = clock_monotonic_ms();

    assert_non_null(strstr(exchange(world, text, sizeof(text) - 1), "HTTP/1.1 413"));
    assert_non_null(strstr(exchange(world, none, sizeof(none) - 1), "body_unexpected"));
    assert_true(clock_monotonic_ms() - begun_ms < 5000);
    others_are_served(world);
}

/* Not said: cut when it is enough. */
static void a_body_without_end_is_cut(void **state)
{
    struct world *world = *state;
    static const char head[] = POST_HEAD "Transfer-Encoding: chunked\r\n\r\n";
    size_t before = resident_bytes(), sent = 0;
    char *chunk = arena_alloc(world->arena, 65536 + 16);
    int fd = dial(world);

    memset(chunk, ' ', 65536 + 16);
    memcpy(chunk, "10000\r\n", 7);
    memcpy(chunk + 7 + 65536, "\r\n", 2);
    assert_int_equal(say(fd, head, sizeof(head) - 1), sizeof(head) - 1);
    while (sent < 256 * MEGABYTE && say(fd, chunk, 65536 + 9) == 65536 + 9)
        sent += 65536;
    close(fd);
    if (sent >= 64 * MEGABYTE)
        fail_msg("%zu bytes of a body were taken", sent);
    assert_true(resident_bytes() < before + KEPT * 32 * MEGABYTE);
    assert_int_equal(world->posted, 0);
    others_are_served(world);
}

/* --- who is slow --- */

static void slow_ones_are_cut_while_others_are_served(void **state)
{
    struct world *world = *state;
    static const char text[] = POST_HEAD "Content-Length: 20\r\n\r\n{";
    static const size_t parts[] = { 1, 10, 40, sizeof(text) - 3, sizeof(text) - 1 };
    int fds[40];

    for (size_t i = 0; i < 40; i++) {
        fds[i] = dial(world);
        say(fds[i], text, parts[i % (sizeof(parts) / sizeof(parts[0]))]);
    }
    others_are_served(world);
    until_connections(world, 0); /* a second of silence is enough here */
    for (size_t i = 0; i < 40; i++)
        close(fds[i]);
    others_are_served(world);
}

/* Does not read what it has asked for: it gets no more than fits between the two, and is cut. */
static void a_stream_that_nobody_reads_ends(void **state)
{
    struct world *world = *state;
    static const char text[] = "GET /flood HTTP/1.1\r\nHost: x\r\n\r\n";
    size_t before = resident_bytes();
    int fds[8];

    for (size_t i = 0; i < 8; i++) {
        fds[i] = dial(world);
        say(fds[i], text, sizeof(text) - 1);
    }
    others_are_served(world);
    until_connections(world, 0);
    assert_true(world->streamed < 8 * 16 * MEGABYTE);
    assert_true(resident_bytes() < before + KEPT * 32 * MEGABYTE);
    for (size_t i = 0; i < 8; i++)
        close(fds[i]);
}

/* --- who is many --- */

static void requests_in_one_breath_are_answered_in_order(void **state)
{
    struct world *world = *state;
    struct text text = text_new(world->arena);
    const char *answer = NULL;

    for (int i = 0; i < 200; i++)
        text_printf(&text, "GET /things/number-%d HTTP/1.1\r\nHost: x\r\n%s\r\n", i,
                    i == 199 ? "Connection: close\r\n" : "");
    answer = exchange(world, text.data, text.length);
    for (int i = 0; i < 200; i++) {
        char name[32];

        snprintf(name, sizeof(name), "\"number-%d\"\n", i);
        answer = strstr(answer, name);
        if (answer == NULL)
            fail_msg("%s is missing or out of order", name);
    }
    assert_int_equal(world->asked, 200);
}

static void many_idle_ones_hurt_nobody(void **state)
{
    struct world *world = world_open((struct api_server_options){ .idle_timeout_s = 60 });
    struct rlimit limit;
    size_t count = 4000, before = 0;
    int *fds = NULL;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur / 2 < count + 100)
        count = limit.rlim_cur / 2 - 100; /* both ends are in this process */
    fds = arena_new_array(world->arena, int, count);
    before = resident_bytes();
    for (size_t i = 0; i < count; i++)
        fds[i] = dial(world);
    others_are_served(world);
    assert_true(connections(world) >= count);
    assert_true(resident_bytes() < before + KEPT * count * 64 * 1024);
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
    until_connections(world, 0);
    *state = world;
    teardown(state);
    *state = NULL;
}

/* Places are for those who say who they are: strangers that fill the house are shown out, the oldest first. */
static void strangers_do_not_keep_others_out(void **state)
{
    struct world *world =
        world_open((struct api_server_options){ .idle_timeout_s = 60, .connection_limit = 40, .per_address_limit = 0 });
    static const char text[] = "GET /things/known HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer known\r\n\r\n";
    char answer[512] = "";
    int known = dial(world), fds[200];

    for (int round = 0; round < 2; round++) {
        assert_int_equal(say(known, text, sizeof(text) - 1), sizeof(text) - 1);
        assert_true(recv(known, answer, sizeof(answer) - 1, 0) > 0);
        assert_non_null(strstr(answer, "\"known\""));
        for (int i = 0; i < 200 && round == 0; i++) {
            fds[i] = dial(world);
            say(fds[i], "GET /t", 6);
        }
        others_are_served(world);
    }
    close(known);
    for (int i = 0; i < 200; i++)
        close(fds[i]);
    *state = world;
    teardown(state);
    *state = NULL;
}

/* --- who goes --- */

static void clients_that_vanish_leave_nothing(void **state)
{
    struct world *world = *state;
    static const char *const texts[] = {
        "GET /t",
        POST_HEAD "Content-Length: 1000\r\n\r\n{\"name\": ",
        POST_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"na",
        "GET /quiet HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /flood HTTP/1.1\r\nHost: x\r\n\r\n",
    };

    for (int i = 0; i < 200; i++) {
        const char *text = texts[i % (int)(sizeof(texts) / sizeof(texts[0]))];
        int fd = dial(world);
        struct linger at_once = { .l_onoff = 1 };

        say(fd, text, strlen(text));
        if (i % 2 == 0)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)); /* a reset instead of an end */
        close(fd);
    }
    others_are_served(world);
    atomic_store(&world->has_news, 1); /* as soon as there is something to say it is seen who went */
    for (int64_t until_ms = clock_monotonic_ms() + 20000; connections(world) > 0; usleep(2000)) {
        api_wake(world->server, api_topic("quiet", 1));
        assert_true(clock_monotonic_ms() < until_ms);
    }
}

/* --- TLS --- */

static int setup_tls(void **state)
{
    static const char *const names[] = { "127.0.0.1", NULL };
    char folder[] = "/tmp/roost-hostile-XXXXXX";
    struct authority *authority = NULL;
    struct error err = ERROR_INIT;
    struct world *world = NULL;
    char path[64], command[128];

    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/trust", folder);
    if (!authority_open(path, names, clock_wall_us(), &authority, &err))
        fail_msg("%s", err.text);
    world = world_open((struct api_server_options){ .idle_timeout_s = 1,
                                                    .certificate_pem = authority->server_chain_pem,
                                                    .key_pem = authority->server_key_pem,
                                                    .client_ca_pem = authority->ca_pem });
    world->authority = authority;
    for (const char *const *name =
             (const char *const[]){ "ca.key", "ca.pem", "signing.key", "server.key", "server.pem", NULL };
         *name != NULL; name++) {
        snprintf(command, sizeof(command), "%s/%s", path, *name);
        unlink(command);
    }
    rmdir(path);
    rmdir(folder);
    *state = world;
    return 0;
}

/* Whoever stalls in the handshake is cut, whatever part of it was said. */
static void handshakes_that_stall_are_cut(void **state)
{
    struct world *world = *state;
    static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"; /* announces 512 bytes */
    static const char plain[] = "GET /things/a HTTP/1.1\r\nHost: x\r\n\r\n";
    size_t before = resident_bytes();
    int fds[200];

    for (size_t i = 0; i < 200; i++) {
        fds[i] = dial(world);
        say(fds[i], hello, i % (sizeof(hello)));
    }
    assert_null(strstr(exchange(world, plain, sizeof(plain) - 1), "HTTP/1.1 200"));
    until_connections(world, 0);
    assert_true(resident_bytes() < before + KEPT * 64 * MEGABYTE);
    for (size_t i = 0; i < 200; i++)
        close(fds[i]);
    assert_int_equal(world->asked, 0);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(malformed_requests_are_refused),
        WITH_SERVER(a_request_hidden_in_another_is_not_run),
        WITH_SERVER(oversized_heads_are_refused),
        WITH_SERVER(a_body_that_is_too_long_is_refused_by_its_head),
        WITH_SERVER(a_body_without_end_is_cut),
        WITH_SERVER(slow_ones_are_cut_while_others_are_served),
        WITH_SERVER(a_stream_that_nobody_reads_ends),
        WITH_SERVER(requests_in_one_breath_are_answered_in_order),
        WITH_SERVER(clients_that_vanish_leave_nothing),
        cmocka_unit_test(many_idle_ones_hurt_nobody),
        cmocka_unit_test(strangers_do_not_keep_others_out),
        cmocka_unit_test_setup_teardown(handshakes_that_stall_are_cut, setup_tls, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
