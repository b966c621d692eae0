/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP client against a small server of our own: a forked child on the loopback with plain sockets. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/http/http.h"

#define SOCKET_PATH_SIZE 64

struct server {
    pid_t child;
    int port;
    char socket_path[SOCKET_PATH_SIZE];
};

struct route {
    const char *path, *answer;
};

static const struct route routes[] = {
    { "/hello", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"e1\"\r\nX-One: 1\r\nx-one: 2\r\n"
                "Last-Modified: Wed, 01 Jan 2025 00:00:00 GMT\r\n\r\nhello" },
    { "/missing", "HTTP/1.1 404 Not Found At All\r\nContent-Length: 4\r\n\r\ngone" },
    { "/moved", "HTTP/1.1 302 Found\r\nLocation: /hello\r\nContent-Length: 3\r\nX-Old: y\r\n\r\nold" },
    { "/loop", "HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n" },
    { "/to-file", "HTTP/1.1 302 Found\r\nLocation: file:///etc/hostname\r\nContent-Length: 0\r\n\r\n" },
    { "/cut", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this" },
    { "/nothing", "" },
    { "/private",
      "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"r\"\r\nContent-Length: 6\r\n\r\ndenied" },
};

static void answer_echo(int fd, const char *request)
{
    char head[128];

    snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(request));
    if (write(fd, head, strlen(head)) < 0 || write(fd, request, strlen(request)) < 0)
        _exit(1);
}

static void answer(int fd, const char *request)
{
    char path[64] = "";

    sscanf(request, "%*s %63s", path);
    if (strcmp(path, "/sleep") == 0) {
        pause();
    } else if (strcmp(path, "/private") == 0 && strstr(request, "Authorization: Basic bWU6cHc=") != NULL) {
        answer_echo(fd, request);
        return;
    }
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (strcmp(path, routes[i].path) == 0) {
            if (write(fd, routes[i].answer, strlen(routes[i].answer)) < 0)
                _exit(1);
            return;
        }
    }
    answer_echo(fd, request);
}

/* One request per connection; the body is read by its Content-Length. */
static void serve(int listener)
{
    for (;;) {
        char request[8192] = "";
        size_t used = 0, wanted = 0;
        int fd = accept(listener, NULL, NULL);

        while (fd >= 0 && used + 1 < sizeof(request)) {
            ssize_t got = read(fd, request + used, sizeof(request) - used - 1);
            const char *end, *length;

            if (got <= 0)
                break;
            used += (size_t)got;
            request[used] = '\0';
            if (request[0] == 0x16) /* a TLS client: it gets plain text back */
                break;
            end = strstr(request, "\r\n\r\n");
            length = strstr(request, "Content-Length: ");
            if (end == NULL)
                continue;
            wanted = (size_t)(end - request) + 4 + (length == NULL ? 0 : (size_t)strtol(length + 16, NULL, 10));
            if (used >= wanted)
                break;
        }
        answer(fd, request);
        close(fd);
    }
}

static int listen_tcp(int *port_out)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 16), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    *port_out = ntohs(address.sin_port);
    return listener;
}

static int listen_unix(char *path, size_t size)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(path, size, "/tmp/roost-http-%d.sock", (int)getpid());
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    unlink(path);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 4), 0);
    return listener;
}

static pid_t serve_in_child(int listener)
{
    pid_t child = fork();

    if (child == 0) {
        signal(SIGPIPE, SIG_IGN);
        serve(listener);
    }
    close(listener);
    return child;
}

static int server_start(void **state)
{
    static struct server server; /* lives as long as the test program */

    server.child = serve_in_child(listen_tcp(&server.port));
    *state = &server;
    return 0;
}

static int server_stop(void **state)
{
    struct server *server = *state;

    kill(server->child, SIGKILL);
    waitpid(server->child, NULL, 0);
    return 0;
}

static char *url_of(struct arena *arena, void **state, const char *path)
{
    const struct server *server = *state;

    return arena_printf(arena, "http://127.0.0.1:%d%s", server->port, path);
}

static void test_get(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct http_request request = { .url = url_of(arena, state, "/hello") };
    struct http_response response;
    struct error err = ERROR_INIT;
    char *body = NULL;

    if (!http_fetch(arena, &request, &response, &body, &err))
        fail_msg("%s", err.text);
    assert_int_equal(response.status, 200);
    assert_string_equal(response.reason, "OK");
    assert_string_equal(body, "hello");
    assert_int_equal(response.size_bytes, 5);
    assert_string_equal(response.etag, "\"e1\"");
    assert_string_equal(response.last_modified, "Wed, 01 Jan 2025 00:00:00 GMT");
    assert_string_equal(http_header_get(&response, "X-ONE"), "1");
    assert_null(http_header_get(&response, "X-Two"));
    assert_int_equal(response.header_count, 5);
    assert_string_equal(response.url, request.url);
}

static void test_an_error_status_is_a_response(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct http_request request = { .url = url_of(arena, state, "/missing") };
    struct http_response response;
    struct error err = ERROR_INIT;
    char *body = NULL;

    assert_true(http_fetch(arena, &request, &response, &body, &err));
    assert_int_equal(response.status, 404);
    assert_string_equal(response.reason, "Not Found At All");
    assert_string_equal(body, "gone");
}

static void test_request_as_sent(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct http_header headers[] = { { "X-A", "b c" }, { "X-Empty", "" } };
    struct http_request request = { .url = url_of(arena, state, "/echo"),
                                    .method = "PUT",
                                    .headers = headers,
                                    .header_count = 2,
                                    .body = "a\nb",
                                    .body_length = 3,
                                    .agent = "test/1" };
    struct http_response response;
    struct error err = ERROR_INIT;
    char *body = NULL;

    assert_true(http_fetch(arena, &request, &response, &body, &err));
    assert_memory_equal(body, "PUT /echo HTTP/1.1\r\n", 20);
    assert_non_null(strstr(body, "\r\nX-A: b c\r\n"));
    assert_non_null(strstr(body, "\r\nX-Empty:\r\n"));
    assert_non_null(strstr(body, "\r\nUser-Agent: test/1\r\n"));
    assert_non_null(strstr(body, "\r\nContent-Length: 3\r\n"));
    assert_null(strstr(body, "Expect:"));
    assert_null(strstr(body, "Accept-Encoding:"));
    assert_non_null(strstr(body, "\r\n\r\na\nb"));
}

static void test_methods(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct http_request request = { .url = url_of(arena, state, "/hello"), .method = "HEAD" };
    struct http_response response;
    struct error err = ERROR_INIT;
    char *body = NULL;

    assert_true(http_fetch(arena, &request, &response, &body, &err));
    assert_string_equal(body, "");
    assert_string_equal(http_header_get(&response, "content-length"), "5");
    request = (struct http_request){ .url = url_of(arena, state, "/echo"), .body = "x=1", .body_length = 3 };
    assert_true(http_fetch(arena, &request, &response, &body, &err));
    assert_memory_equal(body, "POST /echo", 10);
    request = (struct http_request){ .url = url_of(arena, state, "/echo"), .method = "DELETE" };
    assert_true(http_fetch(arena, &request, &response, &body, &err));
    assert_memory_equal(body, "DELETE /echo", 12);
    request = (struct http_request){ .url = url_of(arena, state, "/echo"), .method = "POST" };
    assert_true(http_fetch(arena, &request, &response, &body, &err));
    assert_non_null(strstr(body, "Content-Length: 0"));
}

static void test_redirects(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct http_request request = { .url = url_of(arena, state, "/moved") };
    struct http_response response;
    struct error err = ERROR_INIT;
    char *body = NULL;

    assert_true(http_fetch(arena, &request, &response, &body, &err));
    assert_int_equal(response.status, 200);
    assert_string_equal(body, "hello");
    assert_string_equal(response.url, url_of(arena, state, "/hello"));
    assert_null(http_header_get(&response, "X-Old"));
    request.follow = HTTP_FOLLOW_NONE;
    assert_true(http_fetch(arena, &request, &response, &body, &err));
    assert_int_equal(response.status, 302);
    assert_string_equal(body, "old");
    request = (struct http_request){ .url = request.url, .method = "POST", .body = "x", .body_length = 1 };
    assert_true(http_fetch(arena, &request, &response, &body, &err));
    assert_int_equal(response.status, 302);
    request.follow = HTTP_FOLLOW_ALL;
    assert_true(http_fetch(arena, &request, &response, &body, &err));
    assert_int_equal(response.status, 200);
    request = (struct http_request){ .url = url_of(arena, state, "/loop") };
    assert_false(http_fetch(arena, &request, &response, &body, &err));
    assert_non_null(strstr(err.text, ": too many redirects"));
    request.url = url_of(arena, state, "/to-file");
    assert_false(http_fetch(arena, &request, &response, &body, &err));
}

static void test_login(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct http_request request = { .url = url_of(arena, state, "/private") };
    struct http_response response;
    struct error err = ERROR_INIT;
    char *body = NULL;

    assert_true(http_fetch(arena, &request, &response, &body, &err));
    assert_int_equal(response.status, 401);
    request.username = "me";
    request.password = "pw";
    assert_true(http_fetch(arena, &request, &response, &body, &err));
    assert_int_equal(response.status, 200);
    assert_memory_equal(body, "GET /private", 12); /* nothing of the 401 before it */
    request.url = url_of(arena, state, "/echo");
    assert_true(http_fetch(arena, &request, &response, &body, &err));
    assert_null(strstr(body, "Authorization"));
    request.force_basic = true;
    assert_true(http_fetch(arena, &request, &response, &body, &err));
    assert_non_null(strstr(body, "Authorization: Basic bWU6cHc="));
}

static void test_passwords_in_urls_are_not_shown(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct server *server = *state;
    struct http_request request = { .url = arena_printf(arena, "http://me:pw@127.0.0.1:%d/private", server->port) };
    struct http_response response;
    struct error err = ERROR_INIT;
    char *body = NULL;

    assert_true(http_fetch(arena, &request, &response, &body, &err));
    assert_int_equal(response.status, 200);
    assert_null(strstr(response.url, "pw"));
    assert_string_equal(http_url_shown(arena, "http://a:b@h/p@q"), "http://h/p@q");
    assert_string_equal(http_url_shown(arena, "http://h/p@q"), "http://h/p@q");
    request.url = "http://me:hunter2@127.0.0.1:1/";
    assert_false(http_fetch(arena, &request, &response, &body, &err));
    assert_null(strstr(err.text, "hunter2"));
}

struct failing_case {
    const char *url, *text;
};

static void test_failures_are_sentences(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct server *server = *state;
    const struct failing_case cases[] = {
        { "http://127.0.0.1:1/x", "http://127.0.0.1:1/x: no connection: Connection refused" },
        { "http://host.invalid/", "http://host.invalid/: the host name cannot be resolved" },
        { "gopher://127.0.0.1/", "gopher://127.0.0.1/: this kind of URL is not supported" },
        { "http://[::1/", "this is not a URL" },
        { "file:///no/such/file", "file:///no/such/file: the file cannot be read" },
        { url_of(arena, state, "/cut"), ": the transfer broke off (" },
        { url_of(arena, state, "/nothing"), ": the server closed the connection without an answer" },
        { arena_printf(arena, "https://127.0.0.1:%d/", server->port), ": the TLS handshake failed (" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_request request = { .url = cases[i].url, .no_proxy = true };
        struct http_response response;
        struct error err = ERROR_INIT;
        char *body = NULL;

        assert_false(http_fetch(arena, &request, &response, &body, &err));
        if (strstr(err.text, cases[i].text) == NULL)
            fail_msg("%s", err.text);
    }
}

static void test_timeout(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct server own;
    struct http_request request = { .timeout_ms = 1000 };
    struct http_response response;
    struct error err = ERROR_INIT;
    char *body = NULL;
    void *own_state = &own;

    (void)state;
    own.child = serve_in_child(listen_tcp(&own.port));
    request.url = url_of(arena, &own_state, "/sleep");
    assert_false(http_fetch(arena, &request, &response, &body, &err));
    assert_non_null(strstr(err.text, "/sleep: no data for 1 seconds (timeout)"));
    server_stop(&own_state);
}

static bool refuse_write(void *data, const char *bytes, size_t length, struct error *err)
{
    (void)bytes;
    *(size_t *)data += length;
    return error_set(err, "the disk is full");
}

static void test_limits_and_sinks(void **state)
{
    ARENA_SCOPED arena = arena_new();
    size_t written = 0;
    struct http_sink sink = { .write = refuse_write, .data = &written };
    struct http_request request = { .url = url_of(arena, state, "/hello"), .limit_bytes = 4 };
    struct http_response response;
    struct error err = ERROR_INIT;
    char *body = NULL;

    assert_false(http_fetch(arena, &request, &response, &body, &err));
    assert_int_equal(err.kind, ERROR_LIMIT);
    assert_non_null(strstr(err.text, "/hello: the answer is larger than the 4 bytes that are accepted"));
    request.limit_bytes = 5;
    assert_true(http_fetch(arena, &request, &response, &body, &err));
    assert_false(http_download(arena, &request, &sink, &response, &err));
    assert_string_equal(err.text, "the disk is full");
    assert_int_equal(written, 5);
    assert_true(http_download(arena, &request, NULL, &response, &err));
    assert_int_equal(response.size_bytes, 5);
}

static void test_headers_cannot_smuggle(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct http_header headers[] = { { "X-A", "b\r\nX-Evil: 1" } };
    struct http_request request = { .url = url_of(arena, state, "/echo"), .headers = headers, .header_count = 1 };
    struct http_response response;
    struct error err = ERROR_INIT;
    char *body = NULL;

    assert_false(http_fetch(arena, &request, &response, &body, &err));
    assert_non_null(strstr(err.text, "header 'X-A' holds a line break or colon"));
}

static void test_unix_socket_and_file(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct server own = { 0 };
    struct http_request request = { .url = "http://localhost/hello" };
    struct http_response response;
    struct error err = ERROR_INIT;
    char *body = NULL;
    void *own_state = &own;

    (void)state;
    own.child = serve_in_child(listen_unix(own.socket_path, sizeof(own.socket_path)));
    request.unix_socket = own.socket_path;
    assert_true(http_fetch(arena, &request, &response, &body, &err));
    assert_string_equal(body, "hello");
    server_stop(&own_state);
    unlink(own.socket_path);
    request = (struct http_request){ .url = "file:///proc/self/comm" };
    assert_true(http_fetch(arena, &request, &response, &body, &err));
    assert_int_equal(response.status, 0);
}

static void test_a_time_as_http_writes_it(void **state)
{
    struct arena *arena = arena_new();

    (void)state;
    assert_string_equal(http_date(arena, 784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_a_time_as_http_writes_it),
        cmocka_unit_test(test_an_error_status_is_a_response),
        cmocka_unit_test(test_request_as_sent),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_redirects),
        cmocka_unit_test(test_login),
        cmocka_unit_test(test_passwords_in_urls_are_not_shown),
        cmocka_unit_test(test_failures_are_sentences),
        cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_limits_and_sinks),
        cmocka_unit_test(test_headers_cannot_smuggle),
        cmocka_unit_test(test_unix_socket_and_file),
    };

    setenv("no_proxy", "*", 1); /* whatever proxy the machine has: these are our own servers */
    return cmocka_run_group_tests(tests, server_start, server_stop);
}
