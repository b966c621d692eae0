/* SPDX-License-Identifier: Apache-2.0 */
/* The uplink against the real HTTP server with client certificates. */
#include "agent/daemon/uplink.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/agent/daemon/controller_stub.h"

struct fixture {
    struct stub *stub;
    struct identity identity;
    struct spool *spool;
    struct uplink *uplink;
    int works, told;
    bool no_room;
    char work[256], sentence[512];
};

static bool take_work(void *data, const struct value *work)
{
    struct fixture *fixture = data;

    if (fixture->no_room)
        return false;
    fixture->works++;
    snprintf(fixture->work, sizeof(fixture->work), "%s", value_map_text(work, "kind"));
    return true;
}

static void take_sentence(void *data, const char *sentence)
{
    struct fixture *fixture = data;

    fixture->told++;
    snprintf(fixture->sentence, sizeof(fixture->sentence), "%s", sentence);
}

static void uplink_begin(struct fixture *fixture)
{
    struct error err = ERROR_INIT;
    struct uplink_options options = { .identity = &fixture->identity,
                                      .spool = fixture->spool,
                                      .work = take_work,
                                      .tell = take_sentence,
                                      .data = fixture };

    must(uplink_open(&options, &fixture->uplink, &err), &err);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct error err = ERROR_INIT;
    bool missing = false;

    fixture->stub = stub_new();
    stub_join_node(fixture->stub, "ai-1");
    must(identity_load(fixture->stub->arena, fixture->stub->state, &fixture->identity, &missing, &err), &err);
    must(spool_open(fixture->identity.paths.spool, 0, &fixture->spool, &err), &err);
    uplink_begin(fixture);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    uplink_close(fixture->uplink);
    spool_close(fixture->spool);
    stub_free(fixture->stub);
    free(fixture);
    return 0;
}

static void report(struct fixture *fixture, int count)
{
    struct error err = ERROR_INIT;

    for (int i = 0; i < count; i++)
        must(spool_add(fixture->spool, "note", clock_wall_us(), NULL, &err), &err);
}

/* Steps until `condition` or the time is over. */
#define step_until(fixture, condition, limit_ms)                                                                       \
    do {                                                                                                               \
        int64_t end_ms_ = clock_monotonic_ms() + ((limit_ms) < 1000 ? (limit_ms) : patient_ms(limit_ms));              \
        struct error err_ = ERROR_INIT;                                                                                \
        while (!(condition) && clock_monotonic_ms() < end_ms_)                                                         \
            must(uplink_step((fixture)->uplink, NULL, 0, 50, &err_), &err_);                                           \
    } while (0)

static void test_reports(void **state)
{
    struct fixture *fixture = *state;

    report(fixture, 1200);
    step_until(fixture, spool_acknowledged(fixture->spool) == 1200, 10000);
    assert_int_equal(spool_acknowledged(fixture->spool), 1200);
    assert_int_equal(fixture->stub->reports, 1200);
    assert_int_equal(fixture->stub->posts, 3);
    assert_true(uplink_is_connected(fixture->uplink));
    assert_non_null(strstr(fixture->sentence, "connected to the controller at 127.0.0.1:"));
    assert_int_equal(fixture->told, 1);
}

static void test_work(void **state)
{
    struct fixture *fixture = *state;

    step_until(fixture, uplink_is_connected(fixture->uplink), 5000);
    step_until(fixture, false, 200);
    stub_work_set(fixture->stub, "[{\"number\": 3, \"kind\": \"check\", \"body\": null}]");
    step_until(fixture, fixture->works > 0, 5000);
    assert_string_equal(fixture->work, "check");
    step_until(fixture, fixture->stub->asked_after == 3, 5000);
    assert_int_equal(fixture->stub->asked_after, 3);
}

static void test_no_room(void **state)
{
    struct fixture *fixture = *state;

    fixture->no_room = true;
    stub_work_set(fixture->stub, "[{\"number\": 1, \"kind\": \"check\", \"body\": null}]");
    step_until(fixture, fixture->stub->works > 0, 5000);
    step_until(fixture, false, 200);
    assert_int_equal(fixture->stub->works, 1);
    fixture->no_room = false;
    uplink_work_again(fixture->uplink);
    stub_work_set(fixture->stub, "[{\"number\": 1, \"kind\": \"check\", \"body\": null}]");
    step_until(fixture, fixture->works > 0, 5000);
    assert_int_equal(fixture->works, 1);
}

static void test_away_and_back(void **state)
{
    struct fixture *fixture = *state;
    int port = api_server_port(fixture->stub->server);

    api_server_stop(fixture->stub->server);
    fixture->stub->server = NULL;
    report(fixture, 3);
    step_until(fixture, fixture->told > 0, 5000);
    assert_false(uplink_is_connected(fixture->uplink));
    assert_non_null(strstr(fixture->sentence, "no connection"));
    assert_non_null(strstr(fixture->sentence, "; 3 reports wait"));
    stub_listen(fixture->stub, &fixture->stub->authority, port);
    step_until(fixture, spool_acknowledged(fixture->spool) == 3, 15000);
    assert_int_equal(fixture->stub->reports, 3);
    step_until(fixture, uplink_is_connected(fixture->uplink), 5000);
    assert_string_equal(uplink_trouble(fixture->uplink), "");
}

static void test_failure_is_repeated(void **state)
{
    struct fixture *fixture = *state;

    fixture->stub->fail_reports = 2;
    report(fixture, 1);
    step_until(fixture, spool_acknowledged(fixture->spool) == 1, 15000);
    assert_int_equal(fixture->stub->posts, 3);
    assert_int_equal(fixture->stub->reports, 1);
}

/* The controller knows more than the node remembers after its restart, and less after its own restore. */
static void test_numbers(void **state)
{
    struct fixture *fixture = *state;

    fixture->stub->acknowledged = 2;
    report(fixture, 4);
    step_until(fixture, spool_acknowledged(fixture->spool) == 4, 5000);
    assert_int_equal(fixture->stub->reports, 2);
    fixture->stub->acknowledged = 1; /* what is still on the disk is told again */
    report(fixture, 1);
    step_until(fixture, fixture->stub->acknowledged == 5, 5000);
    assert_int_equal(fixture->stub->acknowledged, 5);
    step_until(fixture, spool_acknowledged(fixture->spool) == 5, 5000);
    assert_null(strstr(fixture->stub->kinds, "gap"));
    fixture->stub->acknowledged = 100;
    report(fixture, 1);
    step_until(fixture, !uplink_is_connected(fixture->uplink), 5000);
    assert_non_null(strstr(uplink_trouble(fixture->uplink), "its disk was set back"));
}

/* For what is gone from the disk too stands a gap. */
static void test_what_is_gone(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    ARENA_SCOPED arena = arena_new();
    size_t length = SPOOL_SEGMENT_BYTES;
    char *big = arena_alloc(arena, length + 1);
    struct value *body = value_map(arena);

    memset(big, 'x', length);
    big[length] = '\0';
    value_map_put_string(arena, body, "x", big);
    report(fixture, 2);
    assert_true(spool_add(fixture->spool, "note", 1, body, &err));
    report(fixture, 2); /* 4, 5: in a segment of their own */
    step_until(fixture, spool_acknowledged(fixture->spool) == 5, 10000);
    fixture->stub->acknowledged = 1;
    report(fixture, 1);
    step_until(fixture, spool_acknowledged(fixture->spool) == 6, 10000);
    assert_int_equal(fixture->stub->acknowledged, 6);
    assert_non_null(strstr(fixture->stub->kinds, "gap note note note"));
    assert_non_null(strstr(fixture->stub->last_body, "{\"from\":2,\"to\":3}"));
}

/* A record that the disk has damaged costs itself only. */
static void test_damaged(void **state)
{
    struct fixture *fixture = *state;
    char path[200];
    int fd;

    report(fixture, 6); /* none of them is on its way before the next step */
    snprintf(path, sizeof(path), "%s/reports.%020d", fixture->identity.paths.spool, 1);
    fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "####", 4, 100), 4); /* in the second of them */
    close(fd);
    step_until(fixture, spool_acknowledged(fixture->spool) == 6, 10000);
    assert_int_equal(fixture->stub->acknowledged, 6);
    assert_string_equal(fixture->stub->kinds, "note gap note note note note ");
    assert_non_null(strstr(fixture->stub->last_body, "{\"from\":2,\"to\":2,"));
}

/* This machine's clock is far off, until somebody sets it. */
static void test_clock(void **state)
{
    struct fixture *fixture = *state;
    int port = api_server_port(fixture->stub->server);

    api_server_stop(fixture->stub->server);
    fixture->stub->clock_shift_us = 3 * DAY_US;
    stub_listen(fixture->stub, &fixture->stub->authority, port);
    report(fixture, 1);
    step_until(fixture, fixture->told > 0, 5000);
    assert_non_null(strstr(fixture->sentence, "the server's certificate is not trusted: certificate"));
    assert_non_null(strstr(fixture->sentence, "and the clock says"));
    stub_stop(fixture->stub);
    fixture->stub->clock_shift_us = DAY_US;
    stub_listen(fixture->stub, &fixture->stub->authority, port);
    step_until(fixture, spool_acknowledged(fixture->spool) == 1, 15000);
    assert_int_equal(spool_acknowledged(fixture->spool), 1);
}

/* A certificate that cannot be read keeps the daemon from nothing else, and is taken when it is there again. */
static void test_no_certificate(void **state)
{
    struct fixture *fixture = *state;
    const char *path = fixture->identity.paths.certificate, *aside = arena_printf(fixture->stub->arena, "%s.x", path);

    assert_int_equal(rename(path, aside), 0);
    report(fixture, 1);
    step_until(fixture, fixture->told > 0, 5000);
    assert_non_null(strstr(fixture->sentence, "certificate.pem"));
    assert_false(uplink_is_connected(fixture->uplink));
    assert_int_equal(rename(aside, path), 0);
    step_until(fixture, spool_acknowledged(fixture->spool) == 1, 10000);
    assert_int_equal(spool_acknowledged(fixture->spool), 1);
}

/* Two reasons that take turns are said once each. */
static void test_said_once(void **state)
{
    struct fixture *fixture = *state;

    fixture->stub->fail_reports = 4;
    fixture->stub->refuse_work = 4;
    report(fixture, 1);
    step_until(fixture, spool_acknowledged(fixture->spool) == 1 && uplink_is_connected(fixture->uplink), 40000);
    assert_true(uplink_is_connected(fixture->uplink));
    assert_int_equal(fixture->told, 3); /* reports refused, work refused, connected */
}

static void test_refused(void **state)
{
    struct fixture *fixture = *state;

    fixture->stub->refuse_node = true;
    report(fixture, 1);
    step_until(fixture, fixture->told > 0, 5000);
    assert_non_null(strstr(uplink_trouble(fixture->uplink), "refuses with status 401"));
    assert_int_equal(spool_acknowledged(fixture->spool), 0);
}

static void test_descriptors(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    struct pollfd other = { .events = POLLIN };
    int64_t begin_ms;
    int ends[2];

    step_until(fixture, uplink_is_connected(fixture->uplink), 5000);
    step_until(fixture, false, 200);
    assert_int_equal(pipe(ends), 0);
    other.fd = ends[0];
    assert_int_equal(write(ends[1], "x", 1), 1);
    begin_ms = clock_monotonic_ms();
    must(uplink_step(fixture->uplink, &other, 1, 5000, &err), &err);
    assert_int_equal(other.revents, POLLIN);
    assert_true(clock_monotonic_ms() - begin_ms < 1000);
    close(ends[0]);
    close(ends[1]);
}

/* A long poll under way wakes nobody up. */
static void test_idle(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    int64_t begin_ms;

    step_until(fixture, uplink_is_connected(fixture->uplink), 5000);
    step_until(fixture, false, 300);
    begin_ms = clock_monotonic_ms();
    must(uplink_step(fixture->uplink, NULL, 0, 3000, &err), &err);
    assert_true(clock_monotonic_ms() - begin_ms >= 2900);
}

static void test_reconnect(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;

    report(fixture, 1);
    step_until(fixture, spool_acknowledged(fixture->spool) == 1, 5000);
    must(uplink_reconnect(fixture->uplink, &err), &err);
    report(fixture, 1);
    step_until(fixture, spool_acknowledged(fixture->spool) == 2, 5000);
    assert_int_equal(fixture->stub->reports, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_reports),      TEST(test_work),        TEST(test_no_room),        TEST(test_away_and_back),
        TEST(test_numbers),      TEST(test_refused),     TEST(test_idle),           TEST(test_failure_is_repeated),
        TEST(test_what_is_gone), TEST(test_descriptors), TEST(test_reconnect),      TEST(test_damaged),
        TEST(test_said_once),    TEST(test_clock),       TEST(test_no_certificate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
