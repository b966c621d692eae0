/* SPDX-License-Identifier: Apache-2.0 */
/* Drift: counted while it lasts, resolved, again. */
#include "controller/store/store_drift.h"

#include "controller/store/store_run.h"
#include "store_fixture.h"

static int64_t seen(struct fixture *fixture, struct store_drift drift, bool expect_new)
{
    int64_t id = 0;
    bool is_new = false;

    OK(store_drift_seen(fixture->writer, &drift, &id, &is_new, &fixture->err));
    assert_int_equal(is_new, expect_new);
    return id;
}

static struct store_drift_page page_of(struct fixture *fixture, struct store_drift_filter filter)
{
    struct store_drift_page page;

    OK(store_drift_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    return page;
}

static int64_t resolve(struct fixture *fixture, int64_t node, const char *resource, enum store_drift_cause cause)
{
    struct store_drift_resolution resolution = { node, resource, cause, 500 };
    int64_t count = 0;

    OK(store_drift_resolve(fixture->writer, &resolution, &count, &fixture->err));
    return count;
}

static void test_life(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "a", 1), id = 0;
    struct store_drift drift = { .node_id = node, .resource = "file /etc/motd", .diff = "-a\n+b", .last_us = 100 };
    struct store_drift_page page;

    id = seen(fixture, drift, true);
    page = page_of(fixture, (struct store_drift_filter){ 0 });
    assert_int_equal(page.rows[0].cause, STORE_DRIFT_UNKNOWN);
    drift.cause = STORE_DRIFT_EXTERNAL;
    drift.reason = "apt install motd";
    drift.last_us = 200;
    drift.diff = NULL;
    drift.run_id = 7;
    assert_int_equal(seen(fixture, drift, false), id);
    drift.cause = STORE_DRIFT_UNKNOWN;
    drift.reason = NULL;
    drift.run_id = 0;
    seen(fixture, drift, false);
    page = page_of(fixture, (struct store_drift_filter){ .node_id = node });
    assert_int_equal(page.count, 1);
    assert_string_equal(page.rows[0].node, "a");
    assert_int_equal(page.rows[0].first_us, 100);
    assert_int_equal(page.rows[0].last_us, 200);
    assert_int_equal(page.rows[0].count, 3);
    assert_int_equal(page.rows[0].cause, STORE_DRIFT_EXTERNAL);
    assert_string_equal(page.rows[0].reason, "apt install motd");
    assert_string_equal(page.rows[0].diff, "-a\n+b");
    assert_int_equal(page.rows[0].run_id, 7);
    assert_int_equal(resolve(fixture, node, "file /etc/motd", STORE_DRIFT_CORRECTIVE), 1);
    assert_int_equal(resolve(fixture, node, "file /etc/motd", 0), 0);
    assert_int_equal(page_of(fixture, (struct store_drift_filter){ 0 }).count, 0);
    page = page_of(fixture, (struct store_drift_filter){ .resolved = true, .without_diff = true });
    assert_int_equal(page.rows[0].resolved_us, 500);
    assert_int_equal(page.rows[0].cause, STORE_DRIFT_CORRECTIVE);
    assert_null(page.rows[0].diff);
    assert_int_not_equal(seen(fixture, drift, true), id); /* again: a row of its own */
}

static void test_filters(void **state)
{
    struct fixture *fixture = *state;
    int64_t nodes[] = { node_new(fixture, "a", 1), node_new(fixture, "b", 2) };
    struct store_drift_page page;

    for (int i = 0; i < 10; i++)
        seen(fixture,
             (struct store_drift){ .node_id = nodes[i % 2],
                                   .resource = arena_printf(fixture->arena, "r%d", i),
                                   .cause = i < 4 ? STORE_DRIFT_EXTERNAL : STORE_DRIFT_INTENTIONAL },
             true);
    assert_int_equal(page_of(fixture, (struct store_drift_filter){ .node_id = nodes[0] }).count, 5);
    assert_int_equal(page_of(fixture, (struct store_drift_filter){ .causes = STORE_DRIFT_EXTERNAL }).count, 4);
    page = page_of(fixture, (struct store_drift_filter){ .limit = 4 });
    assert_string_equal(page.rows[0].resource, "r9");
    page = page_of(fixture, (struct store_drift_filter){ .limit = 10, .before = page.next });
    assert_int_equal(page.count, 6);
    assert_int_equal(page.next, 0);
    assert_int_equal(resolve(fixture, nodes[0], NULL, 0), 5);
    assert_int_equal(page_of(fixture, (struct store_drift_filter){ .node_id = nodes[0] }).count, 0);
    assert_int_equal(page_of(fixture, (struct store_drift_filter){ .node_id = nodes[0], .resolved = true }).count, 5);
    assert_int_equal(page_of(fixture, (struct store_drift_filter){ .node_id = nodes[1] }).count, 5);
}

/* A node that was built anew, or revoked, leaves nothing open behind. */
static void test_generation_ends(void **state)
{
    struct fixture *fixture = *state;
    struct store_run run = { .kind = "check", .title = "t", .actor = "node:a", .state = STORE_RUN_RUNNING };
    struct store_run *read = NULL;
    int64_t id = 0;
    bool known = false, found = false;

    for (int i = 1; i <= 2; i++) {
        run.node_id = node_new(fixture, "a", i);
        seen(fixture, (struct store_drift){ .node_id = run.node_id, .resource = "r", .last_us = 1 }, true);
        OK(store_run_add(fixture->writer, &run, &id, &known, &fixture->err));
        if (i == 1)
            node_new(fixture, "a", 9);
        else
            OK(store_node_revoke(fixture->writer, "a", 5, &found, &fixture->err));
        assert_int_equal(page_of(fixture, (struct store_drift_filter){ .node_id = run.node_id }).count, 0);
        OK(store_run_get(fixture->writer, fixture->arena, id, &read, &fixture->err));
        assert_int_equal(read->state, STORE_RUN_LOST);
    }
}

static bool has_room(struct fixture *fixture, int64_t node, const char *resource)
{
    bool room = false;

    OK(store_drift_has_room(fixture->writer, node, resource, &room, &fixture->err));
    return room;
}

/* A node fills no disk with what it finds, and what is not kept is told. */
static void test_open_ones_are_bounded(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "a", 1), other = node_new(fixture, "b", 2), open = 0;
    struct store_drift beyond = { .node_id = node, .resource = STORE_DRIFT_BEYOND, .last_us = 1 };

    OK(connection_execute(fixture->writer, "BEGIN", &fixture->err));
    for (int i = 0; i < STORE_DRIFT_OPEN_MAX; i++) {
        const char *resource = arena_printf(fixture->arena, "file %d", i);

        if (i % 500 == 0 || i == STORE_DRIFT_OPEN_MAX - 1) /* it counts them each time */
            assert_true(has_room(fixture, node, resource));
        seen(fixture, (struct store_drift){ .node_id = node, .resource = resource, .last_us = 1 }, true);
    }
    assert_false(has_room(fixture, node, "one more"));
    assert_true(has_room(fixture, node, "file 9999")); /* it has its row */
    assert_true(has_room(fixture, other, "one more"));
    seen(fixture, beyond, true);
    seen(fixture, beyond, false);
    resolve(fixture, node, "file 0", 0);
    assert_false(has_room(fixture, node, "one more")); /* not at the first that goes */
    for (int i = 1; i <= STORE_DRIFT_OPEN_MAX / 2; i++)
        resolve(fixture, node, arena_printf(fixture->arena, "file %d", i), 0);
    assert_true(has_room(fixture, node, "one more"));
    OK(connection_execute(fixture->writer, "COMMIT", &fixture->err));
    OK(connection_number(fixture->writer,
                         "SELECT count(*) FROM drift WHERE resource = '" STORE_DRIFT_BEYOND "' AND resolved_us = 0",
                         &open, &fixture->err));
    assert_int_equal(open, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_life, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_open_ones_are_bounded, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_generation_ends, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_filters, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
