/* SPDX-License-Identifier: Apache-2.0 */
/* The server with a table of its own, asked over loopback by common/http and by bare sockets. */
#include "controller/api/server.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/limits.h"
#include "common/base/text.h"
#include "common/http/http.h"
#include "common/json/json.h"

/* --- routes --- */

struct item_query {
    int64_t limit;
    const char *order;
};
struct item_body {
    const char *name;
    int64_t size;
};

static const struct arg_spec item_query_args[] = {
    ARG(item_query, limit, ARG_INT, .default_text = "50", .help = "how many"),
    ARG(item_query, order, ARG_STRING, .choices = ARG_NAMES("up", "down"), .help = "which way"),
    ARG_END,
};
static const struct task_spec item_query_spec = { .name = "items",
                                                  .args = item_query_args,
                                                  .args_size = sizeof(struct item_query) };
static const struct arg_spec item_body_args[] = {
    ARG(item_body, name, ARG_STRING, .required = true, .help = "the name"),
    ARG(item_body, size, ARG_INT, .help = "bytes"),
    ARG_END,
};
static const struct task_spec item_body_spec = { .name = "item",
                                                 .args = item_body_args,
                                                 .args_size = sizeof(struct item_body) };

struct world {
    struct api_server *server;
    struct arena *arena;
    struct api_call *lent;
    pthread_t helper;
    int streamed;
};

static void items_list(struct api_call *call)
{
    const struct item_query *query = call->query;
    struct value *out = value_map(call->arena);

    if (api_not_modified(call, "v7"))
        return;
    value_map_put_int(call->arena, out, "limit", query->limit);
    value_map_put_string(call->arena, out, "who", call->identity.name);
    api_reply(call, 200, out);
}

static void items_add(struct api_call *call)
{
    const struct item_body *body = call->body;
    struct value *out = value_map(call->arena);

    value_map_put_string(call->arena, out, "name", body->name);
    value_map_put_string(call->arena, out, "group", api_path_value(call, "group"));
    api_reply(call, 201, out);
}

static void wait_run(struct api_call *call)
{
    struct world *world = call->context;
    struct value *out = value_map(call->arena);
    int64_t timeout_ms = 0;

    assert_true(text_to_int(api_path_value(call, "ms"), &timeout_ms));
    api_watch(call, api_topic("work", 1));
    if (!call->timed_out && call->state == NULL) {
        call->state = world;
        api_wait(call, timeout_ms);
        return;
    }
    value_map_put_bool(call->arena, out, "timed_out", call->timed_out);
    api_reply(call, 200, out);
}

static void await_done(struct api_call *call)
{
    api_reply(call, 200, call->state);
}

static void *await_thread(void *data)
{
    struct world *world = data;
    struct api_call *call = world->lent;

    call->state = value_string(call->arena, "from another thread");
    api_resume(call);
    return NULL;
}

static void await_run(struct api_call *call)
{
    struct world *world = call->context;

    world->lent = call;
    api_await(call, await_done);
    pthread_create(&world->helper, NULL, await_thread, world);
}

static long stream_next(struct api_call *call, char *buffer, size_t size)
{
    struct world *world = call->context;

    if (world->streamed >= 3)
        return -1;
    return snprintf(buffer, size, "id: %d\n\n", ++world->streamed);
}

static void stream_run(struct api_call *call)
{
    api_reply_stream(call, &(struct api_stream){ .content_type = "text/event-stream",
                                                 .topic = api_topic("run", 1),
                                                 .keep_alive_ms = 15000,
                                                 .next = stream_next });
}

static void silent_run(struct api_call *call)
{
    (void)call;
}

static const struct api_route routes[] = {
    API_ROUTE(API_VIEWER, "GET", "/api/v1/items", items_list, .query = &item_query_spec),
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/groups/{group}/items", items_add, .body = &item_body_spec),
    API_ROUTE(API_PUBLIC, "GET", "/wait/{ms}", wait_run),
    API_ROUTE(API_PUBLIC, "GET", "/await", await_run),
    API_ROUTE(API_PUBLIC, "GET", "/stream", stream_run),
    API_ROUTE(API_PUBLIC, "GET", "/silent", silent_run),
    API_ROUTE(API_NODE, "GET", "/agent/v1/bundle", silent_run),
    API_ROUTE(API_ADMIN, "DELETE", "/api/v1/items", silent_run),
};
static const struct api_resource resource = { .name = "items",
                                              .routes = routes,
                                              .count = sizeof(routes) / sizeof(routes[0]) };
static const struct api_resource *const resources[] = { &resource };

/* Tokens are the names of roles. */
static bool identify(void *data, struct arena *arena, const struct api_credentials *credentials,
                     struct api_identity *out, struct error *err)
{
    (void)data;
    (void)arena;
    if (credentials->bearer == NULL)
        return true;
    if (strcmp(credentials->bearer, "broken") == 0)
        return error_set(err, "the store is away");
    *out = (struct api_identity){ .kind = API_IS_OPERATOR, .name = credentials->bearer };
    if (strcmp(credentials->bearer, "viewer") == 0)
        out->role = API_VIEWER;
    else if (strcmp(credentials->bearer, "operator") == 0)
        out->role = API_OPERATOR;
    else if (strcmp(credentials->bearer, "node") == 0)
        out->kind = API_IS_NODE;
    else
        out->kind = API_NOBODY;
    return true;
}

/* --- asking --- */

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct error err = ERROR_INIT;
    struct api_server_options options = { .listen = "127.0.0.1:0",
                                          .table = { resources, 1 },
                                          .authenticator = { .identify = identify, .data = world },
                                          .context = world };

    world->arena = arena_new();
    if (!api_server_start(&options, &world->server, &err))
        fail_msg("%s", err.text);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    if (world->server != NULL)
        api_server_stop(world->server);
    arena_free(world->arena);
    free(world);
    return 0;
}

struct answer {
    struct http_response response;
    char *body;
};

struct asked {
    const char *method, *token, *body, *type, *known;
};

static struct answer ask(struct world *world, const char *path, struct asked asked)
{
    struct answer out = { .body = NULL };
    struct error err = ERROR_INIT;
    struct http_header headers[3];
    struct http_request request = { .url = arena_printf(world->arena, "http://127.0.0.1:%d%s",
                                                        api_server_port(world->server), path),
                                    .method = asked.method,
                                    .headers = headers,
                                    .body = asked.body,
                                    .body_length = asked.body == NULL ? 0 : strlen(asked.body),
                                    .no_proxy = true };

    if (asked.token != NULL)
        headers[request.header_count++] =
            (struct http_header){ "Authorization", arena_printf(world->arena, "Bearer %s", asked.token) };
    if (asked.body != NULL)
        headers[request.header_count++] =
            (struct http_header){ "Content-Type", asked.type == NULL ? "application/json" : asked.type };
    if (asked.known != NULL)
        headers[request.header_count++] = (struct http_header){ "If-None-Match", asked.known };
    if (!http_fetch(world->arena, &request, &out.response, &out.body, &err))
        fail_msg("%s %s: %s", asked.method, path, err.text);
    return out;
}

static void expect_error(struct world *world, const char *path, struct asked asked, int status, const char *text)
{
    struct answer answer = ask(world, path, asked);

    assert_int_equal(answer.response.status, status);
    if (strstr(answer.body, text) == NULL)
        fail_msg("%s: '%s' is not in: %s", path, text, answer.body);
    assert_non_null(strstr(answer.body, "{\"error\":{\"code\":\""));
}

/* --- tests --- */

static void answers_by_the_table(void **state)
{
    struct answer answer = ask(*state, "/api/v1/items?limit=7", (struct asked){ .token = "viewer" });

    assert_int_equal(answer.response.status, 200);
    assert_string_equal(answer.body, "{\"limit\":7,\"who\":\"viewer\"}\n");
    assert_string_equal(http_header_get(&answer.response, "Content-Type"), "application/json");
    assert_string_equal(http_header_get(&answer.response, "ETag"), "\"v7\"");
    answer = ask(*state, "/api/v1/items", (struct asked){ .token = "viewer", .known = "\"v7\"" });
    assert_int_equal(answer.response.status, 304);
    answer = ask(*state, "/api/v1/items", (struct asked){ .token = "viewer", .method = "HEAD" });
    assert_int_equal(answer.response.status, 200);
    assert_string_equal(answer.body, "");
    answer = ask(*state, "/api/v1/groups/rack%201/items",
                 (struct asked){ .token = "operator", .body = "{\"name\": \"x\"}" });
    assert_int_equal(answer.response.status, 201);
    assert_string_equal(answer.body, "{\"name\":\"x\",\"group\":\"rack 1\"}\n");
}

static void refuses_strangers_and_small_roles(void **state)
{
    expect_error(*state, "/api/v1/items", (struct asked){ .token = NULL }, 401, "no valid token was shown");
    expect_error(*state, "/api/v1/items", (struct asked){ .token = "wrong" }, 401, "unauthenticated");
    expect_error(*state, "/agent/v1/bundle", (struct asked){ .token = NULL }, 401, "no valid node certificate");
    expect_error(*state, "/agent/v1/bundle", (struct asked){ .token = "operator" }, 403, "operator is operator");
    expect_error(*state, "/api/v1/items", (struct asked){ .token = "node" }, 403, "node is a node");
    expect_error(*state, "/api/v1/groups/a/items", (struct asked){ .token = "viewer", .body = "{}" }, 403,
                 "is for operator; viewer is viewer");
    expect_error(*state, "/api/v1/items", (struct asked){ .token = "operator", .method = "DELETE" }, 403, "for admin");
    expect_error(*state, "/api/v1/items", (struct asked){ .token = "broken" }, 503, "the store is away");
}

static void refuses_what_is_not_declared(void **state)
{
    struct asked viewer = { .token = "viewer" };
    struct asked body = { .token = "operator" };

    expect_error(*state, "/api/v1/item", viewer, 404,
                 "there is no /api/v1/item, did you mean /api/v1/items?; there are");
    expect_error(*state, "/api/v1/items", (struct asked){ .token = "viewer", .method = "PUT" }, 405,
                 "it takes GET, HEAD, DELETE");
    expect_error(*state, "/api/v1/items?limt=7", viewer, 400, "did you mean limit?");
    expect_error(*state, "/api/v1/items?limit=x", viewer, 400, "bad_member");
    expect_error(*state, "/api/v1/items?order=left", viewer, 400, "up, down");
    expect_error(*state, "/api/v1/items?limit=1&limit=2", viewer, 400, "given twice");
    expect_error(*state, "/api/v1/items?limit=%00", viewer, 400, "NUL byte");
    expect_error(*state, "/wait/1?x=1", viewer, 400, "none is taken");
    body.body = "{\"name\": \"x\", \"colour\": 1}";
    expect_error(*state, "/api/v1/groups/a/items", body, 400, "no member 'colour'");
    body.body = "{\"size\": 3}";
    expect_error(*state, "/api/v1/groups/a/items", body, 400, "member missing: name");
    body.body = "{\"name\": ";
    expect_error(*state, "/api/v1/groups/a/items", body, 400, "no JSON: 1:10");
    body.body = "[1]";
    expect_error(*state, "/api/v1/groups/a/items", body, 400, "must be an object");
    body.body = "name=x";
    body.type = "application/x-www-form-urlencoded";
    expect_error(*state, "/api/v1/groups/a/items", body, 415, "must be JSON");
    expect_error(*state, "/await", (struct asked){ .method = "GET", .body = "{}" }, 400, "takes no body");
}

static void bounds_the_body(void **state)
{
    struct world *world = *state;
    size_t size = LIMIT_API_BODY + 1;
    char *body = arena_alloc(world->arena, size + 1);

    memset(body, ' ', size);
    expect_error(world, "/api/v1/groups/a/items", (struct asked){ .token = "operator", .body = body }, 413,
                 "more than 1048576 bytes");
    body[0] = '{';
    body[size - 2] = '}';
    body[size - 1] = '\0';
    expect_error(world, "/api/v1/groups/a/items", (struct asked){ .token = "operator", .body = body }, 400, "missing");
}

static void a_function_without_an_answer_is_a_defect(void **state)
{
    expect_error(*state, "/silent", (struct asked){ .token = NULL }, 500, "gave no answer");
}

static void waits_end_by_time_or_by_a_wake(void **state)
{
    struct world *world = *state;
    int64_t start = clock_monotonic_ms();
    struct answer answer = ask(world, "/wait/30", (struct asked){ .token = NULL });

    assert_string_equal(answer.body, "{\"timed_out\":true}\n");
    assert_true(clock_monotonic_ms() - start >= 30);
}

struct asking {
    struct world *world;
    pthread_t thread;
    struct arena *arena;
    char *body;
};

static void *ask_waiting(void *data)
{
    struct asking *asking = data;
    struct world own = *asking->world;

    own.arena = asking->arena;
    asking->body = ask(&own, "/wait/600000", (struct asked){ .token = NULL }).body;
    return NULL;
}

static void until_waiting(struct world *world, unsigned count)
{
    struct api_server_counters counters;

    do {
        usleep(1000);
        api_server_counters(world->server, &counters);
    } while (counters.waiting < count);
}

static void a_wake_reaches_all_who_wait(void **state)
{
    struct world *world = *state;
    struct asking asking[8];

    for (size_t i = 0; i < 8; i++) {
        asking[i] = (struct asking){ .world = world, .arena = arena_new() };
        pthread_create(&asking[i].thread, NULL, ask_waiting, &asking[i]);
    }
    until_waiting(world, 8);
    api_wake(world->server, api_topic("work", 2)); /* another's */
    api_wake(world->server, api_topic("work", 1));
    for (size_t i = 0; i < 8; i++) {
        pthread_join(asking[i].thread, NULL);
        assert_string_equal(asking[i].body, "{\"timed_out\":false}\n");
        arena_free(asking[i].arena);
    }
}

/* Bytes that no client would send; the answer, when it is waited for. */
static const char *raw(struct world *world, const char *bytes, size_t length, bool reads)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)api_server_port(world->server)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char *answer = arena_alloc(world->arena, 4096);

    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    for (size_t at = 0; at < length;) {
        ssize_t sent = send(fd, bytes + at, length - at, MSG_NOSIGNAL);

        if (sent <= 0)
            break;
        at += (size_t)sent;
    }
    for (size_t got = 0; reads && got < 4000;) {
        ssize_t received = recv(fd, answer + got, 4000 - got, 0);

        if (received <= 0)
            break;
        got += (size_t)received;
    }
    close(fd);
    return answer;
}

/* A client that goes while its call waits: nothing is left of it, which the leak check of the ASan build sees. */
static void a_client_that_went_is_forgotten(void **state)
{
    struct world *world = *state;
    static const char text[] = "GET /wait/600000 HTTP/1.1\r\nHost: x\r\n\r\n";
    struct api_server_counters counters;

    for (int i = 0; i < 8; i++)
        raw(world, text, sizeof(text) - 1, false);
    until_waiting(world, 8);
    api_wake(world->server, api_topic("work", 1));
    do {
        usleep(1000);
        api_server_counters(world->server, &counters);
    } while (counters.waiting > 0 || counters.connections > 0);
}

static void stopping_lets_go_who_waits(void **state)
{
    struct world *world = *state;
    struct asking asking = { .world = world, .arena = arena_new() };

    pthread_create(&asking.thread, NULL, ask_waiting, &asking);
    until_waiting(world, 1);
    api_server_stop(world->server);
    world->server = NULL;
    pthread_join(asking.thread, NULL);
    assert_string_equal(asking.body, "{\"timed_out\":true}\n");
    arena_free(asking.arena);
}

/* The same when the client has gone before: nothing is left of it. */
static void stopping_forgets_who_went(void **state)
{
    struct world *world = *state;
    static const char text[] = "GET /wait/600000 HTTP/1.1\r\nHost: x\r\n\r\n";

    for (int i = 0; i < 8; i++)
        raw(world, text, sizeof(text) - 1, false);
    until_waiting(world, 8);
    api_server_stop(world->server);
    world->server = NULL;
}

static void another_thread_answers(void **state)
{
    struct world *world = *state;
    struct answer answer = ask(world, "/await", (struct asked){ .token = NULL });

    pthread_join(world->helper, NULL);
    assert_string_equal(answer.body, "\"from another thread\"\n");
}

static void streams_until_their_end(void **state)
{
    struct answer answer = ask(*state, "/stream", (struct asked){ .token = NULL });

    assert_string_equal(answer.body, "id: 1\n\nid: 2\n\nid: 3\n\n");
    assert_string_equal(http_header_get(&answer.response, "Content-Type"), "text/event-stream");
}

static void survives_what_is_no_http(void **state)
{
    struct world *world = *state;
    size_t size = 256 * 1024;
    char *header = arena_alloc(world->arena, size);
    static const char *const texts[] = {
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\x16\x03\x01\x02",
        "GET /silent HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "GET /silent HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /api/v1/groups/a/items HTTP/1.1\r\nContent-Length: 99\r\n\r\n{",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        raw(world, texts[i], strlen(texts[i]), false);
    memset(header, 'a', size);
    memcpy(header, "GET /silent HTTP/1.1\r\nX: ", 25);
    assert_non_null(strstr(raw(world, header, size, true), "HTTP/1.1 4"));
    answers_by_the_table(state);
}

static const struct value *deep(const struct value *value, const char *const *keys)
{
    for (; *keys != NULL; keys++)
        value = value_map_get(value, *keys);
    return value;
}

static void describes_itself(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct api_table table = { resources, 1 };
    const struct value *document = api_openapi(arena, &table, "1.0");
    const struct value *get = deep(document, ARG_NAMES("paths", "/api/v1/items", "get"));
    const struct value *post = deep(document, ARG_NAMES("paths", "/api/v1/groups/{group}/items", "post"));

    (void)state;
    assert_string_equal(value_map_text(document, "openapi"), "3.1.0");
    assert_string_equal(json_text(arena, value_map_get(get, "security"), JSON_COMPACT), "[{\"token\":[]}]");
    assert_string_equal(value_map_text(get, "x-access"), "viewer");
    assert_string_equal(json_text(arena, value_map_get(get, "parameters"), JSON_COMPACT),
                        "[{\"name\":\"limit\",\"in\":\"query\",\"required\":false,\"schema\":{\"type\":\"integer\","
                        "\"description\":\"how many\",\"x-default\":\"50\"}},{\"name\":\"order\",\"in\":\"query\","
                        "\"required\":false,\"schema\":{\"type\":\"string\",\"description\":\"which way\","
                        "\"enum\":[\"up\",\"down\"]}}]");
    assert_non_null(deep(document, ARG_NAMES("paths", "/api/v1/items", "delete")));
    assert_string_equal(
        json_text(arena, deep(post, ARG_NAMES("requestBody", "content", "application/json", "schema", "required")),
                  JSON_COMPACT),
        "[\"name\"]");
    assert_string_equal(
        json_text(arena, value_map_get(value_item(value_map_get(post, "parameters"), 0), "in"), JSON_COMPACT),
        "\"path\"");
}

static void listens_where_it_may(void **state)
{
    struct sockaddr_in6 address;
    struct error err = ERROR_INIT;
    struct api_server *server = NULL;
    struct api_server_options options = { .listen = "0.0.0.0:0" };
    bool is_loopback = false;

    (void)state;
    assert_false(api_server_start(&options, &server, &err));
    assert_string_equal(err.text, "without TLS the controller listens on loopback only, not on 0.0.0.0:0");
    assert_true(api_listen_address("[::1]:80", &address, &is_loopback, &err) && is_loopback);
    assert_true(api_listen_address("localhost:80", &address, &is_loopback, &err) && is_loopback);
    assert_true(api_listen_address("192.0.2.1:80", &address, &is_loopback, &err) && !is_loopback);
    assert_true(api_listen_address("*:80", &address, &is_loopback, &err) && !is_loopback);
    assert_false(api_listen_address("192.0.2.1", &address, &is_loopback, &err));
    assert_false(api_listen_address("host.example:80", &address, &is_loopback, &err));
    assert_string_equal(err.text, "'host.example' is no IPv4 or IPv6 address; names are not looked up here");
    assert_false(api_listen_address("[::1]:65536", &address, &is_loopback, &err));
}

/* Closed in any moment of its thread's first round, which takes the listening socket into its set. */
static void stops_at_once(void **state)
{
    struct api_server_options options = { .listen = "127.0.0.1:0" };

    (void)state;
    for (int i = 0; i < 500; i++) {
        struct error err = ERROR_INIT;
        struct api_server *server = NULL;

        assert_true(api_server_start(&options, &server, &err));
        api_server_stop(server);
    }
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(answers_by_the_table),
        WITH_SERVER(refuses_strangers_and_small_roles),
        WITH_SERVER(refuses_what_is_not_declared),
        WITH_SERVER(bounds_the_body),
        WITH_SERVER(a_function_without_an_answer_is_a_defect),
        WITH_SERVER(waits_end_by_time_or_by_a_wake),
        WITH_SERVER(a_wake_reaches_all_who_wait),
        WITH_SERVER(a_client_that_went_is_forgotten),
        WITH_SERVER(stopping_lets_go_who_waits),
        WITH_SERVER(stopping_forgets_who_went),
        WITH_SERVER(another_thread_answers),
        WITH_SERVER(streams_until_their_end),
        WITH_SERVER(survives_what_is_no_http),
        cmocka_unit_test(describes_itself),
        cmocka_unit_test(listens_where_it_may),
        cmocka_unit_test(stops_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
