/* SPDX-License-Identifier: Apache-2.0 */
/* A run's end of its controller: sessions of nodes, being held, questions. The test is the controller and the agents. */
#include "controller/transport/session.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "common/protocol/frame.h"

struct fixture {
    struct arena *arena;
    int controller; /* the other end */
    struct run_control *control;
    struct connection_factory *factory;
    struct connection_target target;
    struct connection *connection;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct error err = ERROR_INIT;
    int ends[2];

    fixture->arena = arena_new();
    assert_true(control_pair(ends, &err));
    fixture->controller = ends[0];
    fixture->control = run_control_new(fixture->arena, ends[1]);
    fixture->factory = session_factory_new(fixture->arena, fixture->control);
    fixture->target = (struct connection_target){ .host = "n1", .kind = "ssh", .timeout_s = 5 };
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    if (fixture->connection != NULL)
        fixture->connection->ops->close(fixture->connection);
    run_control_close(fixture->control);
    close(fixture->controller);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static void open_it(struct fixture *fixture)
{
    struct error err = ERROR_INIT;

    if (!fixture->factory->open(fixture->factory, &fixture->target, &fixture->connection, &err))
        fail_msg("%s", err.text);
}

/* What the run said last. */
static const struct value *heard(struct fixture *fixture)
{
    struct control_message message;

    assert_int_equal(control_receive(fixture->controller, fixture->arena, &message), CONTROL_READY);
    return message.body;
}

static void answer(struct fixture *fixture, const char *text, const int *fds, size_t count)
{
    struct control_message message = { .fd_count = count };
    struct error err = ERROR_INIT;

    for (size_t i = 0; i < count; i++)
        message.fds[i] = fds[i];
    assert_true(json_read(fixture->arena, text, strlen(text), NULL, &message.body, &err));
    assert_true(control_send(fixture->controller, &message, &err));
}

static enum connection_event take(struct fixture *fixture, struct connection_reply *out)
{
    int64_t until = clock_monotonic_ms() + 10000;
    enum connection_event event = CONNECTION_NOTHING;

    while (event == CONNECTION_NOTHING && clock_monotonic_ms() < until) {
        struct pollfd list[4];
        size_t count = fixture->connection->ops->descriptors(fixture->connection, list);
        int64_t wait_ms = fixture->connection->ops->wait_ms(fixture->connection);

        assert_true(count <= 4);
        poll(list, (nfds_t)count, wait_ms < 0 || wait_ms > 100 ? 100 : (int)wait_ms);
        event = fixture->connection->ops->take(fixture->connection, fixture->arena, out);
    }
    return event;
}

static void lost_with(struct fixture *fixture, const char *sentence)
{
    struct connection_reply reply = { 0 };

    assert_int_equal(take(fixture, &reply), CONNECTION_LOST);
    if (strstr(reply.message, sentence) == NULL)
        fail_msg("'%s' does not hold '%s'", reply.message, sentence);
}

static void a_node_answers_and_hangs_up(void **state)
{
    static const char hello[] = "{\"protocol\":1,\"build\":\"x\"}";
    struct fixture *fixture = *state;
    const struct module_call call = { .module = "ping", .args = value_map(fixture->arena), .receive_fd = -1 };
    struct connection_reply reply = { 0 };
    struct error err = ERROR_INIT;
    uint32_t number = 0;
    int session[2], watch[2];
    char byte = 0;

    open_it(fixture);
    assert_string_equal(json_text(fixture->arena, heard(fixture), JSON_COMPACT),
                        "{\"ask\":\"session\",\"number\":1,\"node\":\"n1\"}");
    assert_true(fixture->connection->ops->submit(fixture->connection, &call, &number, &err)); /* waits for the node */
    answer(fixture, "{\"do\":\"waiting\",\"number\":1,\"seen_us\":5}", NULL, 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, session), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, watch), 0);
    answer(fixture, "{\"do\":\"session\",\"number\":1}", (const int[]){ session[0], watch[0] }, 2);
    close(session[0]);
    close(watch[0]);
    assert_true(frame_write(session[1], FRAME_HELLO, 0, hello, strlen(hello), &err));
    assert_true(frame_write(session[1], FRAME_RESULT, number, "{\"ping\":\"pong\"}", 15, &err));
    assert_int_equal(take(fixture, &reply), CONNECTION_RESULT);
    assert_string_equal(value_map_text(reply.result, "ping"), "pong");
    assert_true(fixture->connection->ops->submit(fixture->connection, &call, &number, &err));
    close(session[1]); /* the node goes away, and its watch with it */
    shutdown(watch[1], SHUT_WR);
    lost_with(fixture, "The connection to node 'n1' was lost");
    fixture->connection->ops->close(fixture->connection);
    fixture->connection = NULL;
    assert_int_equal(recv(watch[1], &byte, 1, 0), 0); /* the controller sees that the run is done with it */
    close(watch[1]);
}

static void a_node_that_does_not_come(void **state)
{
    struct fixture *fixture = *state;

    fixture->target.timeout_s = 1;
    open_it(fixture);
    answer(fixture, "{\"do\":\"waiting\",\"number\":1,\"seen_us\":0}", NULL, 0);
    lost_with(fixture, "node 'n1' did not come within 1 seconds; it was never heard");
}

static void what_the_controller_refuses(void **state)
{
    struct fixture *fixture = *state;
    const struct module_call fetching = { .module = "copy", .receive_fd = 1 };
    struct error err = ERROR_INIT;
    uint32_t number = 0;

    fixture->target.kind = "local";
    open_it(fixture);
    assert_true(value_map_true(heard(fixture), "local"));
    assert_false(fixture->connection->ops->submit(fixture->connection, &fetching, &number, &err));
    assert_non_null(strstr(err.text, "fetch needs --via ssh"));
    answer(fixture, "{\"do\":\"refused\",\"number\":1,\"message\":\"no such thing\"}", NULL, 0);
    lost_with(fixture, "via the controller: no such thing");
}

static void a_controller_that_dies(void **state)
{
    struct fixture *fixture = *state;

    open_it(fixture);
    shutdown(fixture->controller, SHUT_RDWR);
    lost_with(fixture, "the controller has ended");
    assert_int_equal(run_control_fd(fixture->control), -1);
}

static void other_kinds_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;

    fixture->target.kind = "winrm";
    assert_false(fixture->factory->open(fixture->factory, &fixture->target, &fixture->connection, &err));
    assert_non_null(strstr(err.text, "connection 'winrm' is not one of local, ssh"));
}

/* --- held, asked --- */

static void *resume_thread(void *data)
{
    struct fixture *fixture = data;
    struct pollfd waited = { .fd = fixture->controller, .events = POLLIN };

    poll(&waited, 1, 10000); /* it says that it is held */
    answer(fixture, "{\"do\":\"resume\"}", NULL, 0);
    return NULL;
}

static void held_until_it_may_go_on(void **state)
{
    struct fixture *fixture = *state;
    pthread_t thread;

    run_control_hold(fixture->control); /* nothing was said: goes on */
    answer(fixture, "{\"do\":\"pause\"}", NULL, 0);
    assert_int_equal(pthread_create(&thread, NULL, resume_thread, fixture), 0);
    run_control_hold(fixture->control);
    pthread_join(thread, NULL);
    assert_string_equal(value_map_text(heard(fixture), "is"), "paused");
    assert_string_equal(value_map_text(heard(fixture), "is"), "resumed");
}

static void questions_are_answered(void **state)
{
    struct fixture *fixture = *state;
    const char *out = NULL;
    struct error err = ERROR_INIT;
    int memory = control_memory("red", 3, &err);

    answer(fixture, "{\"do\":\"answer\",\"number\":9}", NULL, 0); /* to nothing that was asked */
    answer(fixture, "{\"do\":\"answer\",\"number\":1}", &memory, 1);
    assert_true(run_control_ask(fixture->control, "Colour: ", true, fixture->arena, &out));
    assert_string_equal(out, "red");
    close(memory);
    assert_string_equal(json_text(fixture->arena, heard(fixture), JSON_COMPACT),
                        "{\"ask\":\"question\",\"number\":1,\"prompt\":\"Colour: \",\"secret\":true}");
    answer(fixture, "{\"do\":\"answer\",\"number\":2}", NULL, 0);
    assert_false(run_control_ask(fixture->control, "More: ", false, fixture->arena, &out)); /* nobody knows */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_node_answers_and_hangs_up, setup, teardown),
        cmocka_unit_test_setup_teardown(a_node_that_does_not_come, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_controller_refuses, setup, teardown),
        cmocka_unit_test_setup_teardown(a_controller_that_dies, setup, teardown),
        cmocka_unit_test_setup_teardown(other_kinds_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(held_until_it_may_go_on, setup, teardown),
        cmocka_unit_test_setup_teardown(questions_are_answered, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
