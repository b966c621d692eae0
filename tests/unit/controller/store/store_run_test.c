/* SPDX-License-Identifier: Apache-2.0 */
/* Runs, their events and hosts. */
#include "controller/store/store_run.h"

#include "store_fixture.h"

static int64_t run_new(struct fixture *fixture, const char *key, int64_t node_id)
{
    struct store_run run = { .key = key,
                             .kind = "apply",
                             .title = "site.yml",
                             .actor = "kim",
                             .node_id = node_id,
                             .state = STORE_RUN_WAITING,
                             .created_us = 10 };
    int64_t id = 0;
    bool known = true;

    OK(store_run_add(fixture->writer, &run, &id, &known, &fixture->err));
    assert_false(known);
    return id;
}

static struct store_run *run_of(struct fixture *fixture, int64_t id)
{
    struct store_run *run = NULL;

    OK(store_run_get(fixture->writer, fixture->arena, id, &run, &fixture->err));
    return run;
}

static bool change(struct fixture *fixture, int64_t id, enum store_run_state state, int64_t now_us)
{
    struct store_run_change change = { id, state, state == STORE_RUN_FAILED ? "2 hosts" : NULL, now_us, NULL };
    bool changed = false;

    OK(store_run_change(fixture->writer, &change, &changed, &fixture->err));
    return changed;
}

static void test_states(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = run_new(fixture, "k", 0), again = 0;
    struct store_run same = { .key = "k", .kind = "check", .title = "t", .actor = "a", .state = STORE_RUN_RUNNING };
    struct store_run *run = NULL;
    bool known = false;

    OK(store_run_add(fixture->writer, &same, &again, &known, &fixture->err));
    assert_true(known);
    assert_int_equal(again, id);
    assert_true(change(fixture, id, STORE_RUN_RUNNING, 20));
    assert_true(change(fixture, id, STORE_RUN_PAUSED, 30));
    assert_true(change(fixture, id, STORE_RUN_RUNNING, 40));
    assert_int_equal(run_of(fixture, id)->started_us, 20);
    assert_int_equal(run_of(fixture, id)->ended_us, 0);
    assert_true(change(fixture, id, STORE_RUN_FAILED, 50));
    assert_false(change(fixture, id, STORE_RUN_OK, 60));
    assert_false(change(fixture, 99, STORE_RUN_OK, 60));
    OK(store_run_by_key(fixture->writer, fixture->arena, "k", &run, &fixture->err));
    assert_int_equal(run->state, STORE_RUN_FAILED);
    assert_int_equal(run->ended_us, 50);
    assert_string_equal(run->reason, "2 hosts");
    OK(store_run_by_key(fixture->writer, fixture->arena, "none", &run, &fixture->err));
    assert_null(run);
}

static size_t events_read(struct fixture *fixture, struct store_run_event_range range, struct store_run_event **out)
{
    size_t count = 0;

    OK(store_run_event_read(fixture->writer, fixture->arena, &range, out, &count, &fixture->err));
    return count;
}

static void test_events(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = run_new(fixture, NULL, 0), other = run_new(fixture, NULL, 0), last = 0;
    struct store_run_event batch[10], *events = NULL;

    for (int i = 0; i < 10; i++)
        batch[i] =
            (struct store_run_event){ .at_us = i, .kind = "task", .host = i % 2 ? "b" : "a", .body = "0123456789" };
    OK(store_run_event_append(fixture->writer, id, batch, 10, &last, &fixture->err));
    OK(store_run_event_append(fixture->writer, other, batch, 3, &last, &fixture->err));
    assert_int_equal(last, 3);
    OK(store_run_event_append(fixture->writer, id, batch, 10, &last, &fixture->err));
    assert_int_equal(last, 20);
    assert_int_equal(run_of(fixture, id)->events, 20);
    assert_int_equal(events_read(fixture, (struct store_run_event_range){ .run_id = id }, &events), 20);
    for (int i = 0; i < 20; i++)
        assert_int_equal(events[i].sequence, i + 1);
    assert_int_equal(events_read(fixture, (struct store_run_event_range){ .run_id = id, .after = 18 }, &events), 2);
    assert_int_equal(events[0].at_us, 8);
    assert_int_equal(events_read(fixture, (struct store_run_event_range){ .run_id = id, .after = 20 }, &events), 0);
    assert_int_equal(events_read(fixture, (struct store_run_event_range){ .run_id = id, .limit = 7 }, &events), 7);
    assert_int_equal(events_read(fixture, (struct store_run_event_range){ .run_id = id, .bytes = 31 }, &events), 4);
    assert_int_equal(events_read(fixture, (struct store_run_event_range){ .run_id = id, .bytes = 1 }, &events), 1);
    assert_int_equal(events_read(fixture, (struct store_run_event_range){ .run_id = id, .host = "b" }, &events), 10);
    assert_int_equal(events[0].sequence, 2);
    assert_false(store_run_event_append(fixture->writer, 99, batch, 1, &last, &fixture->err));
    assert_string_equal(fixture->err.text, "there is no run 99");
}

static void test_pages(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "a", 1), own = 0, central = 0;
    struct store_run_host hosts[] = { { .host = "a", .node_id = node, .state = STORE_RUN_FAILED, .ok = 3, .failed = 1 },
                                      { .host = "b", .state = STORE_RUN_OK, .ok = 4 } };
    struct store_run_filter filter = { .limit = 2 };
    struct store_run_page page;
    struct store_run_host_page host_page;
    struct store_run_host_filter failed = { .states = STORE_RUN_FAILED };

    for (int i = 0; i < 3; i++)
        run_new(fixture, NULL, 0);
    own = run_new(fixture, NULL, node);
    central = run_new(fixture, NULL, 0);
    for (int i = 0; i < 2; i++)
        OK(store_run_host_set(fixture->writer, central, &hosts[i], &fixture->err));
    OK(store_run_host_set(fixture->writer, central, &hosts[0], &fixture->err));
    OK(store_run_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    assert_int_equal(page.runs[0].id, central);
    filter.before = page.next;
    OK(store_run_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    assert_int_equal(page.count, 2);
    assert_int_equal(page.runs[1].id, 2);
    filter = (struct store_run_filter){ .node_id = node };
    OK(store_run_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    assert_int_equal(page.count, 2);
    assert_int_equal(page.runs[1].id, own);
    assert_int_equal(page.runs[1].node_id, node);
    change(fixture, own, STORE_RUN_OK, 1);
    filter.states = STORE_RUN_OK;
    OK(store_run_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    assert_int_equal(page.count, 1);
    failed.run_id = central;
    OK(store_run_host_page(fixture->writer, fixture->arena, &failed, &host_page, &fixture->err));
    assert_int_equal(host_page.count, 1);
    assert_string_equal(host_page.hosts[0].host, "a");
    assert_int_equal(host_page.hosts[0].ok, 3);
    assert_int_equal(host_page.hosts[0].node_id, node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_states, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_events, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_pages, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
