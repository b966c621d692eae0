/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet at a glance: what is known last of each node, what is not known stays unknown. */
#include "controller/store/store_fleet.h"

#include <math.h>

#include "store_fixture.h"

#include "controller/store/query.h"
#include "controller/store/store_drift.h"
#include "controller/store/store_model.h"
#include "controller/store/store_run.h"
#include "controller/store/store_run_lane.h"

#define MINUTE (INT64_C(60) * 1000000)
#define NOW (INT64_C(1000000) * MINUTE)

static void sample_put(struct fixture *fixture, int64_t node, int64_t at_us, double watts)
{
    struct store_sample sample = { .at_us = at_us };

    for (int i = 0; i < STORE_SAMPLE_FIGURES; i++)
        sample.figures[i] = (double)NAN;
    sample.figures[STORE_SAMPLE_WATTS] = watts;
    OK(store_sample_add(fixture->writer, node, &sample, &fixture->err));
}

static void drift_put(struct fixture *fixture, int64_t node, const char *resource)
{
    struct store_drift drift = { .node_id = node, .resource = resource, .cause = STORE_DRIFT_UNKNOWN, .last_us = NOW };
    int64_t id = 0;
    bool is_new = false;

    OK(store_drift_seen(fixture->writer, &drift, &id, &is_new, &fixture->err));
}

/* ai-1 has told everything, ai-2 nothing, ai-3 is lost, ai-4 is only expected. */
static void fleet_make(struct fixture *fixture)
{
    const struct store_model models[] = { { .name = "a", .state = "ready", .bytes = 1 },
                                          { .name = "z \"quoted\"", .state = "running", .bytes = 2 } };
    const struct store_drift_resolution mended = { 1, "file /b", (enum store_drift_cause)0, NOW };
    int64_t one = node_new(fixture, "ai-1", 1), three = 0, id = 0;

    node_new(fixture, "ai-2", 2);
    three = node_new(fixture, "ai-3", 3);
    OK(store_node_expect(fixture->writer, "ai-4", NOW, &id, &fixture->err));
    OK(store_node_verdict_set(fixture->writer, one, "drift", "a sentence", NOW, &fixture->err));
    OK(store_node_verdict_set(fixture->writer, three, "ok", NULL, NOW, &fixture->err));
    OK(query_run(fixture->writer, "UPDATE node SET lost_us = 5 WHERE name = 'ai-3'", NULL, &fixture->err));
    sample_put(fixture, one, NOW - 2 * MINUTE, 40);
    sample_put(fixture, one, NOW - MINUTE, 60);
    sample_put(fixture, three, NOW - 20 * MINUTE, 99);
    drift_put(fixture, one, "file /a");
    drift_put(fixture, one, "file /b");
    drift_put(fixture, one, "file /c");
    OK(store_drift_resolve(fixture->writer, &mended, &id, &fixture->err));
    OK(store_model_replace(fixture->writer, one, models, 2, NOW, &fixture->err));
}

static void a_row_has_the_last_of_everything(void **state)
{
    struct fixture *fixture = *state;
    struct store_fleet_page page;

    fleet_make(fixture);
    OK(store_fleet_page(fixture->writer, fixture->arena, &(struct store_fleet_filter){ .limit = 10 }, &page,
                        &fixture->err));
    assert_int_equal(page.count, 4);
    assert_null(page.next);
    assert_string_equal(page.rows[0].name, "ai-1");
    assert_string_equal(page.rows[0].verdict, "drift");
    assert_int_equal(page.rows[0].open_drift, 2);
    assert_int_equal(page.rows[0].sample.at_us, NOW - MINUTE);
    assert_true(page.rows[0].sample.figures[STORE_SAMPLE_WATTS] == 60);
    assert_true(isnan(page.rows[0].sample.figures[STORE_SAMPLE_GTT_USED]));
    assert_string_equal(page.rows[0].models, "[[\"z \\\"quoted\\\"\",\"running\",2],[\"a\",\"ready\",1]]");
    assert_int_equal(page.rows[0].model_count, 2);
}

static void what_is_not_known_is_unknown(void **state)
{
    struct fixture *fixture = *state;
    struct store_fleet_page page;

    fleet_make(fixture);
    OK(store_fleet_page(fixture->writer, fixture->arena, &(struct store_fleet_filter){ .limit = 10 }, &page,
                        &fixture->err));
    assert_string_equal(page.rows[1].verdict, "unknown");
    assert_null(page.rows[1].last_verdict);
    assert_int_equal(page.rows[1].sample.at_us, 0);
    assert_true(isnan(page.rows[1].sample.figures[STORE_SAMPLE_WATTS]));
    assert_string_equal(page.rows[1].models, "[]");
    assert_string_equal(page.rows[2].verdict, "lost");
    assert_string_equal(page.rows[2].last_verdict, "ok");
    assert_string_equal(page.rows[3].verdict, "pending");
}

static void pages_and_filters(void **state)
{
    struct fixture *fixture = *state;
    struct store_fleet_filter filter = { .limit = 2 };
    struct store_fleet_page page;

    fleet_make(fixture);
    OK(store_fleet_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    assert_int_equal(page.count, 2);
    assert_string_equal(page.next, "ai-2");
    filter.after = page.next;
    OK(store_fleet_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    assert_string_equal(page.rows[0].name, "ai-3");
    assert_null(page.next);
    OK(store_fleet_page(fixture->writer, fixture->arena, &(struct store_fleet_filter){ .verdict = "lost" }, &page,
                        &fixture->err));
    assert_int_equal(page.count, 1);
    assert_string_equal(page.rows[0].name, "ai-3");
    OK(store_fleet_page(fixture->writer, fixture->arena, &(struct store_fleet_filter){ .pattern = "*-[24]" }, &page,
                        &fixture->err));
    assert_int_equal(page.count, 2);
}

static void sums_count_what_is_fresh(void **state)
{
    struct fixture *fixture = *state;
    struct store_fleet_sums sums;

    fleet_make(fixture);
    OK(store_fleet_sums(fixture->writer, fixture->arena, NOW, &sums, &fixture->err));
    assert_int_equal(sums.nodes, 4);
    assert_int_equal(sums.count, 4);
    assert_int_equal(sums.open_drift, 2);
    assert_int_equal(sums.drifting, 1);
    assert_true(sums.watts == 60); /* the lost one's figure is 20 minutes old */
    assert_int_equal(sums.watts_nodes, 1);
    assert_int_equal(sums.watts_oldest_us, NOW - MINUTE);
    OK(store_fleet_sums(fixture->writer, fixture->arena, NOW + 60 * MINUTE, &sums, &fixture->err));
    assert_true(isnan(sums.watts)); /* not 0 */
    assert_int_equal(sums.watts_nodes, 0);
}

static void keys_that_end_first_come_first(void **state)
{
    struct fixture *fixture = *state;
    struct store_node_key *keys = NULL;
    size_t count = 0;
    bool found = false;

    fleet_make(fixture);
    OK(query_run(fixture->writer, "UPDATE node_key SET expires_us = 10 WHERE fingerprint = ?1",
                 BINDS(bind_text(fingerprint(fixture, 2))), &fixture->err));
    OK(store_node_revoke(fixture->writer, "ai-3", NOW, &found, &fixture->err));
    OK(store_fleet_keys(fixture->writer, fixture->arena, 10, &keys, &count, &fixture->err));
    assert_int_equal(count, 2);
    assert_string_equal(keys[0].node, "ai-2");
    assert_int_equal(keys[0].expires_us, 10);
}

static void a_run_is_blocks(void **state)
{
    struct fixture *fixture = *state;
    const struct store_run run = { .kind = "apply", .title = "site.yml", .actor = "a", .state = STORE_RUN_RUNNING };
    const struct store_run_event events[] = {
        { .at_us = 1, .kind = "task_start", .body = "{\"name\":\"x\"}" },
        { .at_us = 2, .kind = "result", .host = "ai-1", .body = "{\"name\":\"x\",\"outcome\":\"ok\"}" },
        { .at_us = 3, .kind = "result", .body = "{\"outcome\":\"failed\",\"ignored\":true}" },
        { .at_us = 4, .kind = "result", .host = "ai-1", .body = "no json" },
    };
    struct store_run_lane lane;
    int64_t id = 0;
    bool known = false;

    OK(store_run_add(fixture->writer, &run, &id, &known, &fixture->err));
    OK(store_run_event_append(fixture->writer, id, events, 4, NULL, &fixture->err));
    OK(store_run_blocks(fixture->writer, fixture->arena, id, 0, &lane, &fixture->err));
    assert_int_equal(lane.count, 2);
    assert_int_equal(lane.blocks[0].sequence, 2);
    assert_string_equal(lane.blocks[0].host, "ai-1");
    assert_string_equal(lane.blocks[0].task, "x");
    assert_string_equal(lane.blocks[0].outcome, "ok");
    assert_false(lane.blocks[0].ignored);
    assert_null(lane.blocks[1].host);
    assert_true(lane.blocks[1].ignored);
    OK(store_run_blocks(fixture->writer, fixture->arena, id, 1, &lane, &fixture->err));
    assert_int_equal(lane.count, 1);
    assert_int_equal(lane.blocks[0].sequence, 3); /* the last */
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_row_has_the_last_of_everything),
        WITH_STORE(what_is_not_known_is_unknown),
        WITH_STORE(pages_and_filters),
        WITH_STORE(sums_count_what_is_fresh),
        WITH_STORE(keys_that_end_first_come_first),
        WITH_STORE(a_run_is_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
