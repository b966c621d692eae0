/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes' agents that come for sessions, over TLS: the upgrade, many at once, and that each ends with its run. */
#include "tests/unit/controller/api/center_fixture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "common/protocol/control.h"
#include "common/trust/tls_stream.h"
#include "controller/runs/run_order.h"
#include "controller/store/store_node_work.h"
#include "controller/store/store_run.h"

#define AGENTS 12
#define PATIENCE_MS 15000

/* --- the run's program: asks for AGENTS sessions, gives back one message on each, waits for the end of those that go, ends --- */

static struct control_message hear(struct arena *arena)
{
    struct pollfd waited = { .fd = RUN_CONTROL_FD, .events = POLLIN };
    struct control_message message;

    if (poll(&waited, 1, PATIENCE_MS) != 1 || control_receive(RUN_CONTROL_FD, arena, &message) != CONTROL_READY)
        _exit(70);
    return message;
}

static int play(void)
{
    ARENA_SCOPED arena = arena_new();
    struct control_message message = hear(arena); /* the order */
    struct error err = ERROR_INIT;
    int going[AGENTS], left = 0;

    for (int i = 0; i < AGENTS; i++) {
        struct value *body = value_map(arena);

        value_map_put_string(arena, body, "ask", "session");
        value_map_put_int(arena, body, "number", i + 1);
        value_map_put_string(arena, body, "node", "n1");
        if (!control_send(RUN_CONTROL_FD, &(struct control_message){ .body = body }, &err))
            return 71;
    }
    for (int open = 0; open < AGENTS;) {
        char text[5];

        message = hear(arena);
        if (!text_equal(value_map_text(message.body, "do"), "session"))
            continue;
        open++;
        fcntl(message.fds[0], F_SETFL, 0);
        if (recv(message.fds[0], text, 5, MSG_WAITALL) != 5 || send(message.fds[0], text, 5, 0) != 5)
            return 72;
        if (memcmp(text, "going", 5) == 0)
            going[left++] = message.fds[0];
    }
    for (int i = 0; i < left; i++) {
        char text[5];

        if (recv(going[i], text, 5, MSG_WAITALL) != 5 || memcmp(text, "last.", 5) != 0)
            return 73;
    }
    for (int i = 0; i < left; i++) {
        char byte;

        if (recv(going[i], &byte, 1, 0) != 0)
            return 74;
    }
    return 0; /* all of them end at once */
}

/* --- an agent --- */

struct agent {
    int fd;
    struct tls_stream *stream;
};

static void wait_for(const struct agent *agent, enum tls_step step, const struct error *err)
{
    struct pollfd waited = { .fd = agent->fd, .events = step == TLS_WANT_WRITE ? POLLOUT : POLLIN };

    if (step == TLS_FAILED)
        fail_msg("%s", err->text);
    assert_int_equal(poll(&waited, 1, PATIENCE_MS), 1);
}

static void agent_say(const struct agent *agent, const char *text)
{
    size_t sent = 0, written = 0;
    struct error err = ERROR_INIT;

    while (sent < strlen(text)) {
        enum tls_step step = tls_stream_write(agent->stream, text + sent, strlen(text) - sent, &written, &err);

        if (step == TLS_DONE)
            sent += written;
        else
            wait_for(agent, step, &err);
    }
}

/* Until `end` has come, or the connection ends (`end` NULL). What came. */
static const char *agent_hear(struct arena *arena, const struct agent *agent, const char *end)
{
    struct text all = text_new(arena);
    struct error err = ERROR_INIT;

    while (end == NULL || strstr(all.data, end) == NULL) {
        char bytes[512];
        size_t got = 0;
        enum tls_step step = tls_stream_read(agent->stream, bytes, sizeof(bytes), &got, &err);

        if (step == TLS_DONE)
            text_add_n(&all, bytes, got);
        else if (step == TLS_ENDED || (step == TLS_FAILED && end == NULL))
            break;
        else
            wait_for(agent, step, &err);
    }
    return all.data;
}

static struct agent agent_dial(struct fixture *fixture, const struct tls_client *client)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)api_server_port(fixture->center.server)) };
    struct agent agent = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
    struct error err = ERROR_INIT;
    enum tls_step step = TLS_WANT_WRITE;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(agent.fd, (struct sockaddr *)&address, sizeof(address)), 0);
    must(fd_set_nonblocking(agent.fd, true, &err), &err);
    must(tls_stream_new(client, agent.fd, &agent.stream, &err), &err);
    while ((step = tls_stream_handshake(agent.stream, &err)) != TLS_DONE)
        wait_for(&agent, step, &err);
    return agent;
}

static void agent_ask(struct fixture *fixture, const struct agent *agent, const char *id, const char *headers)
{
    agent_say(agent,
              arena_printf(fixture->arena, "GET /agent/v1/session/%s HTTP/1.1\r\nHost: roost-controller\r\n%s\r\n", id,
                           headers));
}

#define UPGRADE "Connection: Upgrade\r\nUpgrade: roost-session\r\n"

/* --- the controller --- */

static void ignore_news(void *data, int64_t number_of)
{
    (void)data;
    (void)number_of;
}

static struct tls_client *prepared(struct fixture *fixture)
{
    const struct runs_options options = { .folder = in(fixture, "runs"),
                                          .store = fixture->center.store,
                                          .news = { ignore_news, ignore_news, NULL } };
    struct tls_client_options who = { .server_name = "roost-controller" };
    struct tls_client *client = NULL;
    struct error err = ERROR_INIT;

    must(runs_open(&options, &fixture->center.runs, &err), &err);
    node_in(fixture, "n1");
    chmod(fixture->ca_path, 0600);
    chmod(in(fixture, "n1.pem"), 0600);
    who.ca_path = fixture->ca_path;
    who.certificate_path = in(fixture, "n1.pem");
    who.key_path = in(fixture, "n1.key");
    must(tls_client_open(&who, &client, &err), &err);
    return client;
}

static bool run_add(struct store_connection *writer, void *data, struct error *err)
{
    const struct store_run run = { .kind = "apply", .title = "", .actor = "x", .state = STORE_RUN_WAITING };
    bool known = false;

    return store_run_add(writer, &run, data, &known, err);
}

static int64_t run_begin(struct fixture *fixture)
{
    struct error err = ERROR_INIT;
    int64_t id = 0;

    must(store_write_wait(fixture->center.store, run_add, &id, &err), &err);
    must(runs_start(fixture->center.runs, &(struct runs_start){ id, "apply", "", value_map(fixture->arena) }, &err),
         &err);
    return id;
}

/* The ids that the node was told, all of them. */
static void ids_of(struct fixture *fixture, const char *out[AGENTS])
{
    const struct store_node_work_range range = { .node_id = 1, .limit = 100 };
    struct store_node_work *works = NULL;
    struct error err = ERROR_INIT;
    size_t count = 0;

    for (int i = 0; i < PATIENCE_MS / 5 && count < AGENTS; i++) {
        poll(NULL, 0, 5);
        must(store_node_work_read(fixture->center.reader, fixture->arena, &range, &works, &count, &err), &err);
    }
    assert_int_equal(count, AGENTS);
    for (size_t i = 0; i < count; i++) {
        const struct value *body = NULL;

        must(json_read(fixture->arena, works[i].body, strlen(works[i].body), NULL, &body, &err), &err);
        out[i] = value_map_text(body, "session");
    }
}

static void sessions_begin_and_end_with_their_run(void **state)
{
    struct fixture *fixture = *state;
    struct tls_client *client = prepared(fixture);
    int64_t id = run_begin(fixture);
    struct agent agents[AGENTS];
    const char *ids[AGENTS];
    struct store_run *run = NULL;
    struct error err = ERROR_INIT;

    ids_of(fixture, ids);
    for (size_t i = 0; i < AGENTS; i++) {
        agents[i] = agent_dial(fixture, client);
        agent_ask(fixture, &agents[i], ids[i], UPGRADE);
        assert_non_null(strstr(agent_hear(fixture->arena, &agents[i], "\r\n\r\n"), "HTTP/1.1 101 "));
    }
    for (size_t i = 0; i < AGENTS; i++)
        agent_say(&agents[i], "hello");
    for (size_t i = 0; i < AGENTS; i++)
        assert_string_equal(agent_hear(fixture->arena, &agents[i], NULL), "hello"); /* and then the end */
    for (int i = 0; i < PATIENCE_MS / 5 && (run == NULL || (run->state & STORE_RUN_OPEN) != 0); i++) {
        poll(NULL, 0, 5);
        must(store_run_get(fixture->center.reader, fixture->arena, id, &run, &err), &err);
    }
    assert_int_equal(run->exit_code, 0);
    for (size_t i = 0; i < AGENTS; i++) {
        tls_stream_free(agents[i].stream);
        close(agents[i].fd);
    }
    tls_client_close(client);
}

/* In good order, or not. */
static void agent_go(const struct agent *agent, bool in_order)
{
    const struct linger at_once = { .l_onoff = 1 };

    if (!in_order) {
        setsockopt(agent->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        close(agent->fd);
    }
    tls_stream_free(agent->stream);
    if (in_order)
        close(agent->fd);
}

static void the_end_of_an_agent_reaches_the_run(void **state)
{
    struct fixture *fixture = *state;
    struct tls_client *client = prepared(fixture);
    int64_t id = run_begin(fixture);
    struct agent agents[AGENTS];
    const char *ids[AGENTS];
    struct store_run *run = NULL;
    struct error err = ERROR_INIT;

    ids_of(fixture, ids);
    for (size_t i = 0; i < AGENTS; i++) {
        agents[i] = agent_dial(fixture, client);
        agent_ask(fixture, &agents[i], ids[i], UPGRADE);
        assert_non_null(strstr(agent_hear(fixture->arena, &agents[i], "\r\n\r\n"), "HTTP/1.1 101 "));
        agent_say(&agents[i], "going");
    }
    for (size_t i = 0; i < AGENTS; i++) {
        assert_non_null(agent_hear(fixture->arena, &agents[i], "going"));
        agent_say(&agents[i], "last.");
    }
    poll(NULL, 0, 1000); /* a reset may overtake what is under way */
    for (size_t i = 0; i < AGENTS; i++)
        agent_go(&agents[i], i % 2 == 0);
    for (int i = 0; i < PATIENCE_MS / 5 && (run == NULL || (run->state & STORE_RUN_OPEN) != 0); i++) {
        poll(NULL, 0, 5);
        must(store_run_get(fixture->center.reader, fixture->arena, id, &run, &err), &err);
    }
    assert_int_equal(run->state & STORE_RUN_OPEN, 0);
    assert_int_equal(run->exit_code, 0);
    tls_client_close(client);
}

static void a_revoked_nodes_session_ends_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct tls_client *client = prepared(fixture);
    int64_t from_ms = 0;
    struct agent agent;
    const char *ids[AGENTS];

    run_begin(fixture);
    ids_of(fixture, ids);
    agent = agent_dial(fixture, client);
    agent_ask(fixture, &agent, ids[0], UPGRADE);
    assert_non_null(strstr(agent_hear(fixture->arena, &agent, "\r\n\r\n"), "HTTP/1.1 101 "));
    from_ms = clock_monotonic_ms();
    expect(fixture, "/api/v1/nodes/n1", (struct asked){ .method = "DELETE", .token = fixture->tokens[API_ADMIN] }, 200);
    assert_string_equal(agent_hear(fixture->arena, &agent, NULL), "");
    assert_true(clock_monotonic_ms() - from_ms < 10000);
    tls_stream_free(agent.stream);
    close(agent.fd);
    tls_client_close(client);
}

static void refused(struct fixture *fixture, const struct tls_client *client, const char *id, const char *headers,
                    const char *wanted)
{
    struct agent agent = agent_dial(fixture, client);

    agent_ask(fixture, &agent, id, headers);
    assert_non_null(strstr(agent_hear(fixture->arena, &agent, "\r\n\r\n"), wanted));
    tls_stream_free(agent.stream);
    close(agent.fd);
}

static void nothing_without_a_session(void **state)
{
    struct fixture *fixture = *state;
    struct tls_client *client = prepared(fixture);

    refused(fixture, client, "00000000000000000000000000000000", UPGRADE, "HTTP/1.1 404 ");
    refused(fixture, client, "00000000000000000000000000000000", "", "HTTP/1.1 426 ");
    refused(fixture, client, "00000000000000000000000000000000", "Connection: Upgrade\r\nUpgrade: websocket\r\n",
            "HTTP/1.1 426 ");
    expect_code(fixture, "/agent/v1/session/0", (struct asked){ .token = fixture->tokens[API_ADMIN] }, 403,
                "forbidden");
    tls_client_close(client);
}

static int sessions_teardown(void **state)
{
    struct fixture *fixture = *state;

    runs_free(fixture->center.runs);
    return teardown(state);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sessions_begin_and_end_with_their_run, setup, sessions_teardown),
        cmocka_unit_test_setup_teardown(the_end_of_an_agent_reaches_the_run, setup, sessions_teardown),
        cmocka_unit_test_setup_teardown(a_revoked_nodes_session_ends_at_once, setup, sessions_teardown),
        cmocka_unit_test_setup_teardown(nothing_without_a_session, setup, sessions_teardown),
    };

    if (argc > 2 && strcmp(argv[2], RUN_CONTROLLED) == 0)
        return play();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
