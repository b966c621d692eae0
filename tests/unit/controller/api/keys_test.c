/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway's keys as operators make, list and revoke them; what was used with them. */
#include "center_fixture.h"

#include "controller/store/store_gateway.h"

struct told {
    char name[64];
    int64_t revoked_us;
    int count;
};

static void told_of(struct gateway *gateway, const struct store_gateway_key *key)
{
    struct told *told = (struct told *)gateway; /* a gateway of this test */

    snprintf(told->name, sizeof(told->name), "%s", key->name);
    told->revoked_us = key->revoked_us;
    told->count++;
}

static void figures_of(struct gateway *gateway, struct text *out)
{
    (void)gateway;
    text_add(out, "roost_gateway_running{model=\"m\"} 3\n");
}

static struct asked post(struct fixture *fixture, const char *body)
{
    return (struct asked){ .token = fixture->tokens[API_OPERATOR], .method = "POST", .body = body };
}

static bool usage_put(struct store_connection *writer, void *data, struct error *err)
{
    const struct store_gateway_usage usage = { .key_id = data,
                                               .model = "chat",
                                               .hour_us = clock_wall_us() / STORE_HOUR_US * STORE_HOUR_US,
                                               .requests = 7,
                                               .failed = 1,
                                               .cancelled = 2,
                                               .refused = 1,
                                               .tokens_in = 70,
                                               .tokens_out = 21 };

    return store_gateway_usage_add(writer, &usage, clock_wall_us(), err);
}

static void keys_live_and_end(void **state)
{
    struct fixture *fixture = *state;
    struct asked operator= { .token = fixture->tokens[API_OPERATOR] };
    struct asked drop = { .token = fixture->tokens[API_OPERATOR], .method = "DELETE" };
    struct told told = { .count = 0 };
    const struct gateway_link link = { .gateway = (struct gateway *)&told,
                                       .key_changed = told_of,
                                       .metrics = figures_of };
    struct answer answer;
    const char *key = NULL;

    fixture->center.gateway = &link;
    answer = expect(fixture, "/api/v1/keys",
                    post(fixture, "{\"name\":\"laptop\",\"models\":[\"chat\",\"embed\"],\"requests_per_minute\":60,"
                                  "\"tokens_per_minute\":1000,\"ttl_s\":3600}"),
                    201);
    key = value_map_text(answer.body, "key");
    assert_true(text_starts(key, "roost_"));
    assert_string_equal(told.name, "laptop");
    assert_int_equal(told.revoked_us, 0);
    expect_code(fixture, "/api/v1/keys", post(fixture, "{\"name\":\"laptop\"}"), 409, "key_exists");
    answer = expect(fixture, "/api/v1/keys", operator, 200);
    assert_non_null(strstr(answer.text, "\"models\":[\"chat\",\"embed\"],\"requests_per_minute\":60"));
    assert_null(strstr(answer.text, key + 23)); /* its secret */
    answer = expect(fixture, "/api/v1/audit", operator, 200);
    assert_non_null(strstr(answer.text, "\"key.add\""));
    assert_null(strstr(answer.text, key + 23));
    /* an operator's token it is not */
    expect(fixture, "/api/v1/keys", (struct asked){ .token = key }, 401);
    assert_non_null(strstr(expect(fixture, "/metrics", operator, 200).text, "roost_gateway_running{model=\"m\"} 3"));
    answer = expect(fixture, "/api/v1/keys/lptop", drop, 404);
    assert_non_null(strstr(answer.text, "there is no key 'lptop'; the nearest is 'laptop'"));
    expect(fixture, "/api/v1/keys/laptop", drop, 200);
    assert_int_equal(told.count, 2);
    assert_true(told.revoked_us > 0);
    expect_code(fixture, "/api/v1/keys/nobody", drop, 404, "key_unknown");
    assert_int_equal(told.count, 2);
    fixture->center.gateway = NULL;
}

static void what_is_refused(void **state)
{
    struct fixture *fixture = *state;
    static const char *const bodies[] = {
        "{\"name\":\"\"}",
        "{\"name\":\"a b\"}",
        "{\"name\":\"a/b\"}",
        "{\"name\":\"a\",\"models\":[]}",
        "{\"name\":\"a\",\"models\":[\"x\\\"y\"]}",
        "{\"name\":\"a\",\"requests_per_minute\":-1}",
        "{\"name\":\"a\",\"tokens_per_minute\":9999999999}",
        "{\"name\":\"a\",\"ttl_s\":0}",
        "{\"name\":\"a\",\"modells\":[\"x\"]}",
    };

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        expect(fixture, "/api/v1/keys", post(fixture, bodies[i]), 400);
    expect(fixture, "/api/v1/keys",
           (struct asked){ .token = fixture->tokens[API_VIEWER], .method = "POST", .body = "{\"name\":\"a\"}" }, 403);
}

static void usage_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct asked viewer = { .token = fixture->tokens[API_VIEWER] };
    struct error err = ERROR_INIT;
    struct answer answer;
    const struct value *row = NULL;
    char id[] = "operator:lee";

    must(store_write_wait(fixture->center.store, usage_put, id, &err), &err);
    answer = expect(fixture, "/api/v1/usage", viewer, 200);
    row = value_item(value_map_get(answer.body, "items"), 0);
    assert_string_equal(value_map_text(row, "key"), "operator:lee");
    assert_int_equal(number(row, "requests"), 7);
    assert_int_equal(number(row, "done"), 3);
    assert_int_equal(number(row, "tokens_out"), 21);
    assert_null(value_map_get(row, "hour"));
    answer = expect(fixture, "/api/v1/usage?by_hour=true&key=operator:lee", viewer, 200);
    assert_non_null(value_map_text(value_item(value_map_get(answer.body, "items"), 0), "hour"));
    answer = expect(fixture, "/api/v1/usage?key=kim", viewer, 200);
    assert_int_equal(value_count(value_map_get(answer.body, "items")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_live_and_end, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(usage_is_told, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
