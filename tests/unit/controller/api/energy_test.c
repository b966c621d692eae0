/* SPDX-License-Identifier: Apache-2.0 */
/* Energy over the API: what a node told comes out again, by workload, and adds up; settings; the metrics; the pages of what runs. */
#include <math.h>

#include "center_fixture.h"
#include "controller/store/store_measure.h"
#include "controller/store/store_piece.h"
#include "controller/store/store_workload.h"

#define SECOND INT64_C(1000000)

static double real_of(const struct value *map, const char *key)
{
    const struct value *value = value_map_get(map, key);

    return value_is(value, VALUE_REAL)  ? value->as.real
           : value_is(value, VALUE_INT) ? (double)value->as.integer
                                        : (double)NAN;
}

static void near(const struct value *map, const char *key, double wanted)
{
    double found = real_of(map, key);

    if (!(fabs(found - wanted) <= 1e-6 * fmax(1, fabs(wanted))))
        fail_msg("%s is %.12g, not %.12g", key, found, wanted);
}

/* What stands on the node, and what its engine told: busy for half of the stretch, 100 tokens out. */
static bool chat_put(struct store_connection *writer, void *data, struct error *err)
{
    int64_t from_us = *(const int64_t *)data;
    const struct store_workload workload = { .name = "chat",
                                             .declaration = "{\"kind\":\"inference\",\"engine\":\"llama_cpp\"}",
                                             .is_wanted = true,
                                             .changed_us = 1,
                                             .changed_by = "test" };
    const struct store_piece piece = {
        .node_id = 1, .name = "chat.0.head", .instance_id = 5, .role = "head", .body = "{\"kind\":\"service\"}"
    };
    const struct store_piece_told told = { 1, "chat.0.head", "running", "{}", 1 };
    struct store_workload_sample sample = { .workload = "chat",
                                            .instance_id = 5,
                                            .attempt = 1,
                                            .at_us = from_us - SECOND,
                                            .running = 0,
                                            .waiting = 0,
                                            .slots = 2 };
    int64_t id = 0;

    if (!store_workload_put(writer, &workload, true, &id, err) || !store_piece_add(writer, &piece, 1, err) ||
        !store_piece_tell(writer, &told, err) || !store_workload_sample_add(writer, &sample, err))
        return false;
    sample.at_us = from_us + 11 * SECOND;
    sample.tokens_in = 400;
    sample.tokens_out = 100;
    sample.seconds_in = 1;
    sample.seconds_out = 5;
    return store_workload_sample_add(writer, &sample, err);
}

static void energy_told(struct fixture *fixture)
{
    int64_t from_us = clock_wall_us() - 60 * SECOND;
    struct asked node = { .node = "ai-1" }, operator= { .token = fixture->tokens[API_OPERATOR], .method = "PUT" };
    struct error err = ERROR_INIT;

    node_in(fixture, "ai-1");
    operator.body = "{\"idle_watts\":{\"ai-1\":5},\"intensity\":400,\"wall_factor\":1.25}";
    expect(fixture, "/api/v1/energy/settings", operator, 200);
    must(store_write_wait(fixture->center.store, chat_put, &from_us, &err), &err);
    node.body = arena_printf(
        fixture->arena,
        "{\"reports\":[{\"sequence\":1,\"at_us\":%lld,\"kind\":\"energy\",\"body\":{\"from_us\":%lld,\"to_us\":%lld,"
        "\"joules\":650,\"watts_min\":5,\"watts_max\":120,\"source\":\"rapl\"}},"
        "{\"sequence\":2,\"at_us\":%lld,\"kind\":\"energy\",\"body\":{\"from_us\":%lld,\"to_us\":%lld,\"joules\":70,"
        "\"source\":\"rapl\"}},{\"sequence\":3,\"at_us\":%lld,\"kind\":\"sample\",\"body\":{\"watts\":6}}]}",
        (long long)from_us, (long long)from_us, (long long)(from_us + 10 * SECOND), (long long)(from_us + 50 * SECOND),
        (long long)(from_us + 40 * SECOND), (long long)(from_us + 50 * SECOND), (long long)(from_us + 52 * SECOND));
    expect(fixture, "/agent/v1/reports", node, 200);
}

static void what_was_told_adds_up(void **state)
{
    struct fixture *fixture = *state;
    struct asked viewer = { .token = fixture->tokens[API_VIEWER] };
    const struct value *body, *chat;

    energy_told(fixture);
    body = expect(fixture, "/api/v1/energy", viewer, 200).body;
    chat = value_item(value_map_get(body, "workloads"), 0);
    assert_string_equal(value_map_text(chat, "workload"), "chat");
    near(chat, "active_joules", 600);
    near(chat, "idle_joules", 50);
    near(chat, "tokens_out", 100);
    near(chat, "decode_per_second", 20);
    near(chat, "prefill_per_second", 400);
    near(chat, "joules_per_token", 6);
    near(chat, "joules_per_token_with_idle", 6.5);
    near(chat, "watts", 65);
    near(chat, "wall_wh", 650 * 1.25 / 3600);
    near(chat, "grams_co2e", 650 * 1.25 / 3600 / 1000 * 400);
    near(body, "pending_joules", 70);
    near(body, "joules", 720);
    near(value_item(value_map_get(body, "nodes"), 0), "joules", 650);
    body = expect(fixture, "/api/v1/energy?workload=chat&intensity=0&wall_factor=2", viewer, 200).body;
    near(value_item(value_map_get(body, "workloads"), 0), "wall_wh", 650 * 2.0 / 3600);
    near(body, "grams_co2e", 0);
    expect_code(fixture, "/api/v1/energy?workload=chut", viewer, 404, "workload_unknown");
    expect_code(fixture, "/api/v1/energy?since_s=0", viewer, 400, "bad_range");
    expect_code(fixture, "/api/v1/energy?wall_factor=0.5", viewer, 400, "bad_setting");
}

static void figures_over_time(void **state)
{
    struct fixture *fixture = *state;
    struct asked viewer = { .token = fixture->tokens[API_VIEWER] };
    const struct value *items, *last;

    energy_told(fixture);
    items = value_map_get(expect(fixture, "/api/v1/workloads/chat/samples", viewer, 200).body, "items");
    assert_true(value_count(items) >= 1);
    last = value_item(items, value_count(items) - 1);
    assert_true(real_of(last, "tokens_out") == 100 || value_count(items) == 2); /* the slot may have turned */
    items = value_map_get(expect(fixture, "/api/v1/workloads/chat/samples?raw=true", viewer, 200).body, "items");
    assert_int_equal(value_count(items), 2);
    near(value_item(items, 1), "seconds_out", 5);
    expect_code(fixture, "/api/v1/workloads/chut/samples", viewer, 404, "workload_unknown");
    expect_code(fixture, "/api/v1/workloads/chat/samples?minutes=0", viewer, 400, "bad_range");
}

static void settings_have_bounds(void **state)
{
    struct fixture *fixture = *state;
    static const char *const bad[] = { "{\"intensity\":-1}", "{\"wall_factor\":0.2}", "{\"wall_factor\":99}",
                                       "{\"idle_watts\":{\"ai-1\":-3}}", "{\"idle_watts\":{\"ai-1\":\"x\"}}" };
    struct asked put = { .token = fixture->tokens[API_OPERATOR], .method = "PUT" };
    struct asked viewer = { .token = fixture->tokens[API_VIEWER] };
    const struct value *body;

    node_in(fixture, "ai-1");
    body = expect(fixture, "/api/v1/energy/settings", viewer, 200).body;
    assert_true(value_is(value_map_get(body, "intensity"), VALUE_NULL)); /* nobody has said */
    near(body, "wall_factor", 1);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        put.body = bad[i];
        expect_code(fixture, "/api/v1/energy/settings", put, 400, "bad_setting");
    }
    put.body = "{\"idle_watts\":{\"ai-2\":3}}";
    expect_code(fixture, "/api/v1/energy/settings", put, 404, "node_unknown");
    put.body = "{\"idle_watts\":{\"ai-1\":3.5},\"intensity\":50}";
    expect(fixture, "/api/v1/energy/settings", put, 200);
    put.body = "{\"wall_factor\":1.5}";
    body = expect(fixture, "/api/v1/energy/settings", put, 200).body;
    near(body, "intensity", 50); /* stays */
    near(value_map_get(body, "idle_watts"), "ai-1", 3.5);
    put.body = "{\"idle_watts\":{\"ai-1\":null}}";
    body = expect(fixture, "/api/v1/energy/settings", put, 200).body;
    assert_int_equal(value_map_count(value_map_get(body, "idle_watts")), 0);
    put.token = fixture->tokens[API_VIEWER];
    expect(fixture, "/api/v1/energy/settings", put, 403);
}

static void metrics_have_totals(void **state)
{
    struct fixture *fixture = *state;
    static const char *const lines[] = {
        "\nroost_workload_tokens_total{workload=\"chat\",direction=\"in\"} 400\n",
        "\nroost_workload_tokens_total{workload=\"chat\",direction=\"out\"} 100\n",
        "\nroost_workload_joules_total{workload=\"chat\",share=\"active\"} 600\n",
        "\nroost_workload_joules_total{workload=\"chat\",share=\"idle\"} 50\n",
        "\nroost_energy_joules_total{share=\"unattributed\"} 0\n",
        "\nroost_workload_watts{workload=\"chat\"} 65\n",
    };
    const char *text;

    energy_told(fixture);
    text = expect(fixture, "/metrics", (struct asked){ .token = fixture->tokens[API_VIEWER] }, 200).text;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (strstr(text, lines[i]) == NULL)
            fail_msg("'%s' is not in: %s", lines[i] + 1, text);
    }
}

/* With next to nothing known they are still pages, and unknown is said. */
static void pages_of_what_runs(void **state)
{
    struct fixture *fixture = *state;
    static const char *const paths[][2] = {
        { "/workloads", "never answered a probe" },     { "/workloads/chat", "It has not been placed yet." },
        { "/models", "No node has told of a model." },  { "/memory", "ai-1" },
        { "/bench", "No benchmark has been run yet." }, { "/playground", "without the gateway" }
    };
    struct asked operator= { .token = fixture->tokens[API_OPERATOR] };

    energy_told(fixture);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const char *text = expect(fixture, paths[i][0], operator, 200).text;

        if (strstr(text, paths[i][1]) == NULL)
            fail_msg("%s: '%s' is not in: %s", paths[i][0], paths[i][1], text);
    }
    expect(fixture, "/workloads/chut", operator, 404);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(what_was_told_adds_up), TEST(figures_over_time),
                                        TEST(settings_have_bounds), TEST(metrics_have_totals),
                                        TEST(pages_of_what_runs) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
