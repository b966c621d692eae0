/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet's log: numbers without gaps whatever fails, forgetting from the front, webhooks that are told with it. */
#include "controller/store/store_event.h"

#include "controller/store/store_retention.h"
#include "controller/store/store_run.h"
#include "controller/store/store_webhook.h"
#include "controller/store/store_writer.h"
#include "store_fixture.h"

static int64_t event_add(struct fixture *fixture, const char *kind, int64_t at_us)
{
    const struct store_event event = { .at_us = at_us, .kind = kind, .node_id = 1, .node = "ai-1" };
    int64_t id = 0;

    OK(store_event_add(fixture->writer, &event, &id, &fixture->err));
    return id;
}

static bool fails_after_it(struct store_connection *writer, void *data, struct error *err)
{
    const struct store_event event = { .at_us = 1, .kind = "lie" };

    (void)data;
    return store_event_add(writer, &event, NULL, err) && error_set(err, "changed my mind");
}

static bool adds_one(struct store_connection *writer, void *data, struct error *err)
{
    const struct store_event event = { .at_us = 1, .kind = "truth" };

    return store_event_add(writer, &event, data, err);
}

static void count_call(void *data)
{
    ++*(int *)data;
}

static void test_no_gaps(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = NULL;
    struct error ignored = ERROR_INIT;
    int64_t id = 0;
    int told = 0;

    OK(store_open(fixture->folder, &store, &fixture->err));
    store_events_watch(store, count_call, &told);
    for (int64_t expected = 1; expected <= 5; expected++) {
        assert_false(store_write_wait(store, fails_after_it, NULL, &ignored));
        OK(store_write_wait(store, adds_one, &id, &fixture->err));
        assert_int_equal(id, expected);
    }
    store_close(store);
    assert_true(told >= 5);
}

static void test_forgotten_from_the_front(void **state)
{
    struct fixture *fixture = *state;
    struct store_retention retention = { .events_us = 100, .now_us = 1000 };
    struct store_retention_result removed;
    int64_t oldest = 0, newest = 0;

    OK(store_event_bounds(fixture->writer, &oldest, &newest, &fixture->err));
    assert_int_equal(newest, 0);
    event_add(fixture, "a", 100);
    event_add(fixture, "b", 950); /* the clock was set back after it: what is behind it stays, too */
    event_add(fixture, "c", 200);
    OK(store_retention_step(fixture->writer, &retention, &removed, &fixture->err));
    OK(store_event_bounds(fixture->writer, &oldest, &newest, &fixture->err));
    assert_int_equal(oldest, 2);
    assert_int_equal(newest, 3);
    retention.now_us = 5000;
    OK(store_retention_step(fixture->writer, &retention, &removed, &fixture->err));
    OK(store_event_bounds(fixture->writer, &oldest, &newest, &fixture->err));
    assert_int_equal(oldest, 0);
    assert_int_equal(newest, 3);
    assert_int_equal(event_add(fixture, "d", 5000), 4); /* numbers never come back */
}

static void run_ended(struct fixture *fixture, enum store_run_state state, int exit_code)
{
    const struct store_run run = {
        .kind = "apply", .title = "site.yml", .actor = "kim", .state = STORE_RUN_RUNNING, .created_us = 1
    };
    struct store_event event = { .at_us = 10, .kind = "run.ended" };
    struct store_run_change change = { .state = state, .now_us = 5, .exit_code = &exit_code };
    bool known = false, changed = false;

    OK(store_run_add(fixture->writer, &run, &event.run_id, &known, &fixture->err));
    change.id = event.run_id;
    OK(store_run_change(fixture->writer, &change, &changed, &fixture->err));
    OK(store_event_add(fixture->writer, &event, NULL, &fixture->err));
}

static void test_webhooks_are_told(void **state)
{
    struct fixture *fixture = *state;
    const struct store_webhook webhook = { .name = "h",
                                           .url = "https://h/",
                                           .secret = "s",
                                           .kinds = "run_failed,node_lost,drift_found",
                                           .created_by = "kim" };
    const struct store_delivery_filter all = { 0 };
    struct store_delivery *deliveries = NULL;
    size_t count = 0;
    bool taken = false;

    OK(store_webhook_add(fixture->writer, &webhook, &taken, &fixture->err));
    event_add(fixture, "node.joined", 1);
    event_add(fixture, "node.back", 2); /* nobody wants it */
    event_add(fixture, "node.lost", 3000000);
    run_ended(fixture, STORE_RUN_OK, 0);
    run_ended(fixture, STORE_RUN_FAILED, 5); /* its options made no sense */
    run_ended(fixture, STORE_RUN_FAILED, 2);
    OK(store_delivery_read(fixture->writer, fixture->arena, &all, &deliveries, &count, &fixture->err));
    assert_int_equal(count, 2);
    assert_string_equal(deliveries[0].kind, "run_failed");
    assert_string_equal(deliveries[1].kind, "node_lost");
    assert_string_equal(deliveries[1].body, "{\"event\":3,\"kind\":\"node_lost\",\"at\":\"1970-01-01T00:00:03Z\","
                                            "\"node\":\"ai-1\",\"run\":null,\"detail\":null}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_gaps, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_forgotten_from_the_front, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_webhooks_are_told, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
