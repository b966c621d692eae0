/* SPDX-License-Identifier: Apache-2.0 */
/* Questions over one connection that is kept, lost and made anew; and what is there instead of the controller. */
#include "agent/daemon/controller_call.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "common/base/fd.h"
#include "tests/unit/agent/daemon/controller_stub.h"

#define WORK "/agent/v1/work?after=0&wait_s=0"

struct fixture {
    struct stub *stub;
    struct identity identity;
    struct controller_talk *talk;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct error err = ERROR_INIT;
    struct controller_address to;
    bool missing = false;

    fixture->stub = stub_new();
    stub_join_node(fixture->stub, "ai-1");
    must(identity_load(fixture->stub->arena, fixture->stub->state, &fixture->identity, &missing, &err), &err);
    to = controller_address_of(&fixture->identity);
    must(controller_talk_open(&to, &fixture->talk, &err), &err);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    controller_talk_close(fixture->talk);
    stub_free(fixture->stub);
    free(fixture);
    return 0;
}

static void ask(struct fixture *fixture)
{
    struct controller_answer answer;
    struct error err = ERROR_INIT;

    if (!controller_talk_ask(fixture->talk, fixture->stub->arena, WORK, NULL, &answer, &err))
        fail_msg("%s", err.text);
    assert_int_equal(answer.status, 200);
    assert_true(value_is(value_map_get(answer.body, "work"), VALUE_LIST));
    assert_true(answer.clock_behind_s >= -2 && answer.clock_behind_s <= 2);
}

static int64_t connections(struct fixture *fixture)
{
    struct api_server_counters counters;

    api_server_counters(fixture->stub->server, &counters);
    return (int64_t)counters.connections;
}

static void test_kept(void **state)
{
    struct fixture *fixture = *state;
    int64_t before;

    ask(fixture);
    before = connections(fixture);
    for (int i = 0; i < 20; i++)
        ask(fixture);
    assert_int_equal(connections(fixture), before);
}

static void test_made_anew(void **state)
{
    struct fixture *fixture = *state;
    int port = api_server_port(fixture->stub->server);

    ask(fixture);
    stub_stop(fixture->stub);
    stub_listen(fixture->stub, &fixture->stub->authority, port);
    ask(fixture);
}

static void test_refusal_is_an_answer(void **state)
{
    struct fixture *fixture = *state;
    const struct controller_fetch fetch = { .path = "/agent/v1/nothing", .etag = "\"7\"" };
    struct controller_answer answer;
    struct error err = ERROR_INIT;

    must(controller_talk_fetch(fixture->talk, fixture->stub->arena, &fetch, &answer, &err), &err);
    assert_int_equal(answer.status, 404);
    assert_string_not_equal(answer.code, "");
    ask(fixture);
}

static size_t descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t count = 0;

    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static void expect_no_answer(struct fixture *fixture, const char *address, const char *sentence)
{
    struct controller_address to = controller_address_of(&fixture->identity);
    struct controller_answer answer;
    struct error err = ERROR_INIT;

    to.address = address;
    assert_false(controller_ask(fixture->stub->arena, &to, WORK, NULL, &answer, &err));
    if (strstr(err.text, "the controller at ") != err.text || strstr(err.text, sentence) == NULL)
        fail_msg("%s", err.text);
}

static void test_nobody(void **state)
{
    size_t before = descriptors();

    expect_no_answer(*state, "127.0.0.1:1", "the controller at 127.0.0.1:1: no connection: Connection refused");
    expect_no_answer(*state, "no-such-host.invalid:1", "the host name cannot be resolved (");
    expect_no_answer(*state, "127.0.0.1", "this is no address: expected HOST:PORT");
    assert_int_equal(descriptors(), before);
}

/* By its name, of which the first address may have nobody. */
static void test_by_name(void **state)
{
    struct fixture *fixture = *state;
    struct controller_address to = controller_address_of(&fixture->identity);
    struct controller_answer answer;
    struct error err = ERROR_INIT;

    to.address = arena_printf(fixture->stub->arena, "localhost:%d", api_server_port(fixture->stub->server));
    if (!controller_ask(fixture->stub->arena, &to, WORK, NULL, &answer, &err))
        fail_msg("%s", err.text);
    assert_int_equal(answer.status, 200);
}

struct impostor {
    int fd, port;
    const char *words; /* NULL: closes at once */
    pthread_t thread;
};

static void *impostor_run(void *data)
{
    const struct impostor *impostor = data;
    int fd = accept(impostor->fd, NULL, NULL);
    char byte;

    if (impostor->words != NULL) {
        assert_true(write(fd, impostor->words, strlen(impostor->words)) > 0);
        while (read(fd, &byte, 1) > 0)
            ;
    }
    close(fd);
    return NULL;
}

static void expect_impostor(struct fixture *fixture, const char *words, const char *sentence)
{
    struct impostor impostor = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .words = words };
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t length = sizeof(address);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(impostor.fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(impostor.fd, 1), 0);
    assert_int_equal(getsockname(impostor.fd, (struct sockaddr *)&address, &length), 0);
    assert_int_equal(pthread_create(&impostor.thread, NULL, impostor_run, &impostor), 0);
    expect_no_answer(fixture, arena_printf(fixture->stub->arena, "127.0.0.1:%d", ntohs(address.sin_port)), sentence);
    pthread_join(impostor.thread, NULL);
    close(impostor.fd);
}

static void test_impostors(void **state)
{
    expect_impostor(*state, NULL, "the TLS handshake failed (");
    expect_impostor(*state, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "the TLS handshake failed (");
}

/* Signed by another CA, and for another name by the right one. */
static void test_wrong_certificates(void **state)
{
    struct fixture *fixture = *state;
    struct stub *stub = fixture->stub;
    int port = api_server_port(stub->server);

    stub_stop(stub);
    stub_listen(stub, &(struct certificate_authority){ stub->other_ca, stub->other_ca_key }, port);
    expect_no_answer(fixture, stub->address, "the server's certificate is not trusted: certificate");
    expect_no_answer(fixture, stub->address, "it is not signed by");
    assert_int_equal(stub->works, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_kept),    TEST(test_made_anew), TEST(test_refusal_is_an_answer), TEST(test_nobody),
        TEST(test_by_name), TEST(test_impostors), TEST(test_wrong_certificates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
