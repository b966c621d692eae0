/* SPDX-License-Identifier: Apache-2.0 */
/* What is forgotten by age and by size, and what never is. */
#include "controller/store/store_retention.h"

#include "controller/store/store_audit.h"
#include "controller/store/store_drift.h"
#include "controller/store/store_gateway.h"
#include "controller/store/store_report.h"
#include "controller/store/store_run.h"
#include "controller/store/store_sample.h"
#include "store_fixture.h"

static void run_new(struct fixture *fixture, enum store_run_state state, int64_t at_us, int events)
{
    struct store_run run = { .kind = "apply", .title = "t", .actor = "a", .state = state, .created_us = at_us };
    struct store_run_event event = { .kind = "task", .body = "{\"text\": \"some words that take a little room\"}" };
    int64_t id = 0;
    bool known = false;

    OK(store_run_add(fixture->writer, &run, &id, &known, &fixture->err));
    for (int i = 0; i < events; i++)
        OK(store_run_event_append(fixture->writer, id, &event, 1, NULL, &fixture->err));
}

/* One of each at the time. */
static void day_new(struct fixture *fixture, int64_t node, int64_t sequence, int64_t at_us)
{
    struct store_report report = { .sequence = sequence, .kind = "note", .body = "{}" };
    struct store_report_batch batch = { node, 1, at_us, &report, 1 };
    struct store_report_result result;
    struct store_sample sample = { .at_us = at_us };
    struct store_audit_row row = { .at_us = at_us, .actor = "a", .action = "b" };

    OK(store_report_append(fixture->writer, &batch, &result, &fixture->err));
    assert_int_equal(result.answer, STORE_REPORT_OK);
    OK(store_sample_add(fixture->writer, node, &sample, &fixture->err));
    OK(store_audit_add(fixture->writer, &row, NULL, &fixture->err));
    run_new(fixture, STORE_RUN_OK, at_us, 2);
}

static int64_t count(struct fixture *fixture, const char *table)
{
    int64_t number = -1;

    OK(connection_number(fixture->writer, arena_printf(fixture->arena, "SELECT count(*) FROM %s", table), &number,
                         &fixture->err));
    return number;
}

static int steps(struct fixture *fixture, const struct store_retention *retention)
{
    struct store_retention_result result = { .more = true };
    int done = 0;

    for (; result.more && done < 100; done++)
        OK(store_retention_step(fixture->writer, retention, &result, &fixture->err));
    return done;
}

static void test_age(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "a", 1), id = 0, found = 0;
    struct store_retention retention = {
        .runs_us = 50, .reports_us = 50, .samples_us = 50, .drift_us = 50, .now_us = 100
    };
    bool is_new = false;

    for (int64_t i = 1; i <= 100; i++)
        day_new(fixture, node, i, i);
    run_new(fixture, STORE_RUN_RUNNING, 1, 1); /* still runs, however old */
    OK(store_drift_seen(fixture->writer, &(struct store_drift){ .node_id = node, .resource = "old", .last_us = 1 }, &id,
                        &is_new, &fixture->err));
    OK(store_drift_resolve(fixture->writer, &(struct store_drift_resolution){ node, "old", 0, 2 }, &found,
                           &fixture->err));
    OK(store_drift_seen(fixture->writer, &(struct store_drift){ .node_id = node, .resource = "open", .last_us = 1 },
                        &id, &is_new, &fixture->err));
    assert_int_equal(steps(fixture, &retention), 1);
    assert_int_equal(count(fixture, "report"), 50);
    assert_int_equal(count(fixture, "sample"), 50);
    assert_int_equal(count(fixture, "run"), 51);
    assert_int_equal(count(fixture, "run_event"), 101);
    assert_int_equal(count(fixture, "drift"), 1);
    assert_int_equal(count(fixture, "audit"), 100);
    day_new(fixture, node, 101, 101); /* the count goes on */
    retention = (struct store_retention){ .now_us = 1000 };
    steps(fixture, &retention);
    assert_int_equal(count(fixture, "report"), 51); /* 0 is for ever */
}

/* What is kept as a run's event or a sample needs no second row for long; first of all when the store is full. */
static void test_copies_go_first(void **state)
{
    struct fixture *fixture = *state;
    static const char *const kinds[] = { "run_event", "sample", "facts" };
    struct store_retention retention = { .copies_us = STORE_DAY_US, .reports_us = 30 * STORE_DAY_US };
    struct store_report_result result;
    int64_t node = node_new(fixture, "ai-1", 1);

    for (int i = 0; i < 6; i++) {
        struct store_report report = { .sequence = i + 1, .kind = kinds[i % 3], .body = "{}" };
        struct store_report_batch batch = { node, 1, i < 3 ? 1 : 3 * STORE_DAY_US, &report, 1 };

        OK(store_report_append(fixture->writer, &batch, &result, &fixture->err));
    }
    retention.now_us = 3 * STORE_DAY_US;
    steps(fixture, &retention);
    assert_int_equal(count(fixture, "report"), 4); /* the old copies */
    retention.bytes = 1;
    struct store_retention_result removed;
    OK(store_retention_step(fixture->writer, &retention, &removed, &fixture->err));
    assert_true(removed.more);
    assert_int_equal(count(fixture, "report"), 2);
    assert_int_equal(count(fixture, "report WHERE kind = 'facts'"), 2);
}

/* A store that is full forgets what nodes ran by themselves before what an operator began. */
static void test_nodes_runs_go_first(void **state)
{
    struct fixture *fixture = *state;
    struct store_retention retention = { .bytes = 1, .now_us = 9 * STORE_DAY_US };
    struct store_retention_result removed = { .runs = 0 };
    int64_t node = node_new(fixture, "ai-1", 1), id = 0;
    bool known = false;

    run_new(fixture, STORE_RUN_OK, 1, 3);
    for (int i = 0; i < 3; i++) {
        struct store_run run = { .kind = "check", .title = "t", .actor = "node:ai-1", .node_id = node };

        run.state = STORE_RUN_OK;
        run.created_us = i == 2 ? 9 * STORE_DAY_US - 1 : 2 + i;
        OK(store_run_add(fixture->writer, &run, &id, &known, &fixture->err));
    }
    OK(store_retention_step(fixture->writer, &retention, &removed, &fixture->err));
    assert_true(removed.more);
    assert_int_equal(count(fixture, "run WHERE node_id IS NOT NULL"), 1); /* of the last day */
    assert_int_equal(count(fixture, "run WHERE node_id IS NULL"), 1);
    OK(store_retention_step(fixture->writer, &retention, &removed, &fixture->err));
    assert_int_equal(count(fixture, "run WHERE node_id IS NULL"), 0);
}

static void used(struct fixture *fixture, const char *model, int64_t day, int64_t hour)
{
    const struct store_gateway_usage usage = { .key_id = "k",
                                               .model = model,
                                               .hour_us = day * STORE_DAY_US + hour * STORE_HOUR_US,
                                               .requests = 5,
                                               .failed = 1,
                                               .cancelled = 1,
                                               .refused = 2,
                                               .tokens_in = 10,
                                               .tokens_out = 20 };

    OK(store_gateway_usage_add(fixture->writer, &usage, 1, &fixture->err));
}

/* What keys used: by the hour, then by the month, never less of it. Days are those of 1970. */
static void test_usage_becomes_months(void **state)
{
    struct fixture *fixture = *state;
    const struct store_retention retention = { .samples_us = 30 * STORE_DAY_US, .now_us = 95 * STORE_DAY_US };
    const struct store_gateway_usage_filter all = { .by_hour = true };
    struct store_gateway_usage_page page;

    for (int64_t hour = 0; hour < 48; hour++)
        used(fixture, "chat", 29, hour); /* 30 and 31 January */
    for (int64_t hour = 0; hour < 30; hour++)
        used(fixture, "chat", 31, hour); /* February, from its first hour on */
    used(fixture, "embed", 33, 1);
    used(fixture, "chat", 60, 0); /* 2 March: 35 days ago, but its month is not over for so long */
    used(fixture, "chat", 94, 0);
    for (int again = 0; again < 2; again++) {
        steps(fixture, &retention);
        OK(store_gateway_usage_page(fixture->writer, fixture->arena, &all, &page, &fixture->err));
        assert_int_equal(page.count, 5);
        assert_true(page.rows[0].hour_us == 94 * STORE_DAY_US && page.rows[1].hour_us == 60 * STORE_DAY_US);
        assert_true(page.rows[2].hour_us == 31 * STORE_DAY_US && page.rows[2].requests == 150);
        assert_true(page.rows[3].hour_us == 31 * STORE_DAY_US && page.rows[3].requests == 5);
        assert_string_equal(page.rows[3].model, "embed");
        assert_true(page.rows[4].hour_us == 0 && page.rows[4].requests == 240 && page.rows[4].failed == 48 &&
                    page.rows[4].cancelled == 48 && page.rows[4].refused == 96 && page.rows[4].tokens_in == 480 &&
                    page.rows[4].tokens_out == 960);
    }
    used(fixture, "chat", 40, 3); /* told late */
    steps(fixture, &retention);
    OK(store_gateway_usage_page(fixture->writer, fixture->arena, &all, &page, &fixture->err));
    assert_true(page.count == 5 && page.rows[2].requests == 155);
}

static void test_size(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "a", 1);
    struct store_size before, after;
    struct store_retention retention = { .now_us = 1000 };

    OK(connection_execute(fixture->writer, "BEGIN", &fixture->err));
    for (int64_t i = 1; i <= 300; i++)
        day_new(fixture, node, i, i);
    run_new(fixture, STORE_RUN_OK, 150, 9000); /* more than a step */
    run_new(fixture, STORE_RUN_OK, 1000, 10);
    OK(connection_execute(fixture->writer, "COMMIT", &fixture->err));
    OK(store_size(fixture->writer, &before, &fixture->err));
    retention.bytes = before.used / 2;
    assert_in_range(steps(fixture, &retention), 3, 99);
    OK(store_size(fixture->writer, &after, &fixture->err));
    assert_true(after.used <= retention.bytes);
    assert_true(after.bytes < before.bytes);                            /* given back */
    assert_int_equal(count(fixture, "run WHERE created_us = 1000"), 1); /* the newest stays */
    assert_int_equal(count(fixture, "report WHERE received_us < 140"), 0);
    assert_int_equal(count(fixture, "audit"), 300);
    assert_int_equal(count(fixture, "run_event WHERE run_id NOT IN (SELECT id FROM run)"), 0);
    retention.bytes = 1; /* cannot be had: everything goes that may, and it ends */
    assert_in_range(steps(fixture, &retention), 1, 99);
    assert_int_equal(count(fixture, "run"), 0);
    assert_int_equal(count(fixture, "report"), 0);
    assert_int_equal(count(fixture, "node"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_age, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_copies_go_first, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_nodes_runs_go_first, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_usage_becomes_months, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_size, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
