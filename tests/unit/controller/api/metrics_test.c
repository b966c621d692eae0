/* SPDX-License-Identifier: Apache-2.0 */
/* /metrics: every node has its series, whatever the size of a page. */
#include "center_fixture.h"

#define NODES 2345

static bool nodes_put(struct store_connection *writer, void *data, struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    int64_t id = 0;

    (void)data;
    for (int i = 0; i < NODES; i++) {
        if (!store_node_expect(writer, arena_printf(arena, "box-%04d", i), clock_wall_us(), &id, err))
            return false;
    }
    return true;
}

static int lines_of(const char *text, const char *start)
{
    int count = 0;

    for (const char *at = text; (at = strstr(at, start)) != NULL; at += strlen(start))
        count++;
    return count;
}

static void all_nodes_have_series(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    const char *text = NULL;

    must(store_write_wait(fixture->center.store, nodes_put, NULL, &err), &err);
    text = expect(fixture, "/metrics", (struct asked){ .token = fixture->tokens[API_VIEWER] }, 200).text;
    assert_int_equal(lines_of(text, "\nroost_node_drift_open{node=\"box-"), NODES);
    assert_int_equal(lines_of(text, "\nroost_node_drift_open{node=\"box-2344\"} 0\n"), 1);
    assert_int_equal(lines_of(text, "\nroost_node_watts{"), 0); /* unknown is no number */
    assert_non_null(strstr(text, "\nroost_nodes_without_series 0\n"));
}

static bool runs_end(struct store_connection *writer, void *data, struct error *err)
{
    const struct store_event events[] = {
        { .at_us = clock_wall_us(), .kind = "run.ended", .body = "{\"outcome\":\"failed\"}" }, /* a node's own */
        { .at_us = clock_wall_us(), .kind = "run.ended", .body = "{\"state\":\"failed\"}" },   /* from the centre */
        { .at_us = clock_wall_us(), .kind = "run.ended", .body = "{\"state\":\"ok\"}" },
    };
    int64_t id = 0;

    (void)data;
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (!store_event_add(writer, &events[i], &id, err))
            return false;
    }
    return true;
}

static void failures_of_all_runs_are_seen(void **state)
{
    struct fixture *fixture = *state;
    struct error err = ERROR_INIT;
    const char *text = NULL;

    must(store_write_wait(fixture->center.store, runs_end, NULL, &err), &err);
    text = expect(fixture, "/metrics", (struct asked){ .token = fixture->tokens[API_VIEWER] }, 200).text;
    assert_non_null(strstr(text, "\nroost_events_hour{kind=\"run.ended\",outcome=\"failed\"} 2\n"));
    assert_non_null(strstr(text, "\nroost_events_hour{kind=\"run.ended\",outcome=\"ok\"} 1\n"));
}

static void what_nodes_tell_is_counted(void **state)
{
    struct fixture *fixture = *state;
    struct asked viewer = { .token = fixture->tokens[API_VIEWER] }, node = { .node = "ai-1" };
    struct asked admin = { .token = fixture->tokens[API_ADMIN], .method = "DELETE" };
    static const char *const lines[] = {
        "\nroost_drift_open 1\n",
        "\nroost_nodes_drifting 1\n",
        "\nroost_node_drift_open{node=\"ai-1\"} 1\n",
        "\nroost_node_watts{node=\"ai-1\"} 61.5\n",
        "\nroost_node_gtt_used_bytes{node=\"ai-1\"} 1024\n",
        "\nroost_node_silent_seconds{node=\"ai-1\"} ",
        "\nroost_events_hour{kind=\"drift.found\",outcome=\"\"} 1\n",
        "\nroost_runs_hour{from=\"node\",kind=\"check\",outcome=\"failed\"} 1\n",
        "\nroost_runs_hour{from=\"node\",kind=\"other\",outcome=\"ok\"} 1\n",
    };
    const char *text = NULL;

    node_in(fixture, "ai-1");
    node.body = arena_printf(
        fixture->arena,
        "{\"reports\":[{\"sequence\":1,\"at_us\":1,\"kind\":\"drift\",\"body\":{\"resource\":\"copy /etc/motd\"}},"
        "{\"sequence\":2,\"at_us\":%lld,\"kind\":\"sample\",\"body\":{\"watts\":61.5,\"gtt_used\":1024}},"
        "{\"sequence\":3,\"at_us\":1,\"kind\":\"run_start\",\"body\":{\"run\":\"r1\",\"kind\":\"check\"}},"
        "{\"sequence\":4,\"at_us\":1,\"kind\":\"run_end\",\"body\":{\"run\":\"r1\",\"outcome\":\"failed\"}},"
        "{\"sequence\":5,\"at_us\":1,\"kind\":\"run_start\",\"body\":{\"run\":\"r2\",\"kind\":\"x\\\"\"}},"
        "{\"sequence\":6,\"at_us\":1,\"kind\":\"run_end\",\"body\":{\"run\":\"r2\",\"outcome\":\"ok\"}},"
        "{\"sequence\":7,\"at_us\":1,\"kind\":\"run_start\",\"body\":{\"run\":\"r3\",\"kind\":\"apply\"}}]}",
        (long long)clock_wall_us());
    expect(fixture, "/agent/v1/reports", node, 200);
    text = expect(fixture, "/metrics", viewer, 200).text;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (strstr(text, lines[i]) == NULL)
            fail_msg("'%s' is not in: %s", lines[i] + 1, text);
    }
    assert_null(strstr(text, "kind=\"apply\"")); /* it has not ended */
    expect(fixture, "/api/v1/nodes/ai-1", admin, 200);
    text = expect(fixture, "/metrics", viewer, 200).text; /* a run that is lost has an end too */
    assert_non_null(strstr(text, "\nroost_runs_hour{from=\"node\",kind=\"apply\",outcome=\"lost\"} 1\n"));
    assert_non_null(strstr(text, "\nroost_drift_open 0\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(all_nodes_have_series, setup, teardown),
                                        cmocka_unit_test_setup_teardown(what_nodes_tell_is_counted, setup, teardown),
                                        cmocka_unit_test_setup_teardown(failures_of_all_runs_are_seen, setup,
                                                                        teardown) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
