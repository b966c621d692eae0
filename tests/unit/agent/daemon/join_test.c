/* SPDX-License-Identifier: Apache-2.0 */
/* Joining and renewal against the real HTTP server over TLS. */
#include "agent/daemon/join.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "tests/unit/agent/daemon/controller_stub.h"

static int setup(void **state)
{
    *state = stub_new();
    return 0;
}

static int teardown(void **state)
{
    stub_free(*state);
    return 0;
}

static enum join_outcome join(struct stub *stub, const struct join_request *wish, struct error *err)
{
    struct join_string string = stub_join_string(stub);
    struct join_request request = *wish;
    struct node_identity node;

    request.state = stub->state;
    if (request.string == NULL)
        request.string = &string;
    if (request.controller == NULL && request.string == &string)
        request.controller = stub->address;
    if (request.name == NULL)
        request.name = "ai-1";
    error_clear(err);
    return join_run(stub->arena, &request, &node, err);
}

static void assert_join(struct stub *stub, const struct join_request *wish, enum join_outcome expected,
                        const char *sentence)
{
    struct error err = ERROR_INIT;
    enum join_outcome outcome = join(stub, wish, &err);

    if (outcome != expected || strstr(err.text, sentence) == NULL)
        fail_msg("outcome %d, expected %d with '%s': %s", outcome, expected, sentence, err.text);
}

static const struct join_request plain = { 0 };

static bool leftover(const struct stub *stub, const char *name)
{
    char path[160];

    snprintf(path, sizeof(path), "%s/%s", stub->state, name);
    return path_exists(path);
}

static void test_joins(void **state)
{
    struct stub *stub = *state;
    struct identity identity;
    struct error err = ERROR_INIT;
    struct stat info;
    bool missing = false;

    assert_join(stub, &plain, JOIN_DONE, "");
    if (!identity_load(stub->arena, stub->state, &identity, &missing, &err) || missing)
        fail_msg("%s", err.text);
    assert_string_equal(identity.node.name, "ai-1");
    assert_int_equal(identity.node.generation, 1);
    assert_string_equal(identity.controller, stub->address);
    assert_int_equal(stat(stub->state, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    assert_int_equal(stat(identity.paths.key, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_true(path_exists(identity.paths.ca) && path_exists(identity.paths.signing_key));
    assert_false(leftover(stub, "joining.key") || leftover(stub, "joining.ca") || leftover(stub, "identity.new"));
}

static void test_already(void **state)
{
    struct stub *stub = *state;
    char first[PUBLIC_KEY_FINGERPRINT + 1];

    assert_join(stub, &plain, JOIN_DONE, "");
    assert_join(stub, &plain, JOIN_ALREADY, "this node has joined the controller at 127.0.0.1:");
    assert_int_equal(stub->joins, 1);
    memcpy(first, stub->joined_key, sizeof(first));
    assert_join(stub, &(struct join_request){ .again = true }, JOIN_DONE, "");
    assert_string_not_equal(stub->joined_key, first);
}

static void test_wrong_ca(void **state)
{
    struct stub *stub = *state;

    stub->shown_ca = stub->other_ca;
    assert_join(stub, &plain, JOIN_WRONG_CA, private_key_public(stub->ca_key)->fingerprint);
    assert_join(stub, &plain, JOIN_WRONG_CA, private_key_public(stub->other_ca_key)->fingerprint);
    assert_int_equal(stub->joins, 0);
}

/* The right key in a certificate that somebody else has made of it. */
static void test_borrowed_key(void **state)
{
    struct stub *stub = *state;
    const struct certificate_authority other = { stub->other_ca, stub->other_ca_key };
    const struct certificate_wish wish = { private_key_public(stub->ca_key), clock_wall_us(), 7 * 86400 };
    struct error err = ERROR_INIT;

    if (!certificate_make_node(stub->arena, &other, &wish, &(struct node_identity){ "ai-1", 1 }, &stub->shown_ca, &err))
        fail_msg("%s", err.text);
    assert_join(stub, &plain, JOIN_WRONG_CA, "what answers at 127.0.0.1:");
    assert_int_equal(stub->joins, 0);
    assert_false(leftover(stub, "joining.ca"));
}

/* Someone in between who hands out the right CA, but has no certificate of it. */
static void test_wrong_server_certificate(void **state)
{
    struct stub *stub = *state;

    api_server_stop(stub->server);
    stub_listen(stub, &(struct certificate_authority){ stub->other_ca, stub->other_ca_key }, 0);
    assert_join(stub, &plain, JOIN_WRONG_CA, "but no certificate signed by it for the name 'roost-controller'");
    assert_int_equal(stub->joins, 0);
}

static void test_token(void **state)
{
    static const struct {
        const char *code, *sentence;
        enum join_outcome outcome;
    } cases[] = {
        { "token_unknown", "does not know this token", JOIN_TOKEN },
        { "token_expired", "the token's time is over", JOIN_TOKEN },
        { "token_used", "the token has brought in another machine", JOIN_TOKEN },
        { "name_refused", "the token is not for this name", JOIN_NAME },
        { "join_refused", "an operator has refused this machine", JOIN_REFUSED },
        { "else", "the controller refuses with status 403: because of else", JOIN_FAILED },
    };
    struct stub *stub = *state;

    stub->refuse_status = 403;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        stub->refuse_code = cases[i].code;
        assert_join(stub, &plain, cases[i].outcome, cases[i].sentence);
    }
    assert_string_equal(stub->first_key, stub->joined_key);
}

static void count_progress(void *data, const char *sentence)
{
    assert_non_null(strstr(sentence, "waiting for an operator to approve 'ai-1'"));
    ++*(int *)data;
}

static void test_pending(void **state)
{
    struct stub *stub = *state;
    int told = 0;

    stub->pending = 2;
    assert_join(stub, &(struct join_request){ .progress = count_progress, .data = &told }, JOIN_DONE, "");
    assert_int_equal(told, 2);
    assert_int_equal(stub->joins, 3);
}

static void interrupt(void *data, const char *sentence)
{
    (void)sentence;
    *(int *)data = 1;
}

static void test_interrupted(void **state)
{
    struct stub *stub = *state;
    int interrupted = 0;

    stub->pending = 1;
    assert_join(stub,
                &(struct join_request){ .progress = interrupt, .data = &interrupted, .interrupted = &interrupted },
                JOIN_INTERRUPTED, "the same join string goes on");
    assert_true(leftover(stub, "joining.key"));
    assert_false(leftover(stub, "identity"));
    assert_join(stub, &plain, JOIN_DONE, "");
    assert_string_equal(stub->first_key, stub->joined_key);
}

static void test_unreachable(void **state)
{
    struct stub *stub = *state;

    assert_join(stub, &(struct join_request){ .controller = "127.0.0.1:1" }, JOIN_UNREACHABLE,
                "not joined: the controller at 127.0.0.1:1");
    assert_join(stub, &(struct join_request){ .controller = "nonsense" }, JOIN_OPTIONS, "expected HOST:PORT");
    assert_join(stub, &(struct join_request){ .name = "a/b" }, JOIN_OPTIONS, "--name");
}

static void test_clock(void **state)
{
    struct stub *stub = *state;
    struct error err = ERROR_INIT;

    stub->certificate_shift_us = 3 * DAY_US;
    assert_join(stub, &plain, JOIN_CLOCK, "set the clock, then join again");
    stub->certificate_shift_us = -10 * DAY_US;
    assert_join(stub, &plain, JOIN_CLOCK, "set the clock, then join again");
    must(certificate_make_ca(stub->arena, stub->ca_key, clock_wall_us() + 3 * DAY_US, &stub->shown_ca, &err), &err);
    assert_join(stub, &plain, JOIN_CLOCK, "the CA is valid from");
}

/* A day is no reason to stay out: certificates begin early enough, and live long enough. */
static void test_clock_of_a_day(void **state)
{
    struct stub *stub = *state;
    struct error err = ERROR_INIT;
    bool renewed = false;

    for (int days = -1; days <= 1; days += 2) {
        api_server_stop(stub->server);
        stub->clock_shift_us = days * DAY_US;
        stub_listen(stub, &stub->authority, 0);
        assert_join(stub, &(struct join_request){ .again = true }, JOIN_DONE, "");
        if (!join_renew(stub->arena, stub->state, false, &renewed, &err))
            fail_msg("%s", err.text);
    }
}

static void test_open_folder(void **state)
{
    struct stub *stub = *state;

    assert_int_equal(mkdir(stub->state, 0755), 0);
    assert_int_equal(chmod(stub->state, 0755), 0);
    assert_join(stub, &plain, JOIN_FAILED, "is open to others (mode 0755): chmod 700");
}

static void test_renew(void **state)
{
    struct stub *stub = *state;
    struct identity identity;
    struct error err = ERROR_INIT;
    char *before = NULL, *after = NULL;
    size_t length = 0;
    bool missing = false, renewed = false;

    assert_false(join_renew(stub->arena, stub->state, false, &renewed, &err));
    assert_non_null(strstr(err.text, "has not joined"));
    assert_join(stub, &plain, JOIN_DONE, "");
    must(identity_load(stub->arena, stub->state, &identity, &missing, &err), &err);
    must(file_read(stub->arena, identity.paths.certificate, 65536, &before, &length, &err), &err);
    if (!join_renew(stub->arena, stub->state, false, &renewed, &err))
        fail_msg("%s", err.text);
    must(file_read(stub->arena, identity.paths.certificate, 65536, &after, &length, &err), &err);
    assert_string_not_equal(before, after);
    assert_int_equal(stub->renewals, 1);
    must(join_renew(stub->arena, stub->state, true, &renewed, &err), &err);
    assert_false(renewed);
    assert_int_equal(stub->renewals, 1);
    stub->refuse_node = true;
    assert_false(join_renew(stub->arena, stub->state, false, &renewed, &err));
    assert_non_null(strstr(err.text, "the certificate is not renewed: the controller refuses with status 40"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_joins),        TEST(test_already), TEST(test_wrong_ca),       TEST(test_wrong_server_certificate),
        TEST(test_borrowed_key), TEST(test_token),   TEST(test_pending),        TEST(test_interrupted),
        TEST(test_unreachable),  TEST(test_clock),   TEST(test_clock_of_a_day), TEST(test_open_folder),
        TEST(test_renew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
