/* SPDX-License-Identifier: Apache-2.0 */
/* The gateway's keys, and sums by hour. */
#include "controller/store/store_gateway.h"

#include "store_fixture.h"

static void keys(void **state)
{
    struct fixture *fixture = *state;
    struct store_gateway_key key = { .id = "i1",
                                     .hash = "h1",
                                     .name = "kim",
                                     .models = "[\"chat\"]",
                                     .requests_per_minute = 60,
                                     .tokens_per_minute = 1000,
                                     .created_us = 5,
                                     .created_by = "console",
                                     .expires_us = 90 };
    struct store_gateway_key *revoked = NULL;
    struct store_gateway_key_page page;
    bool taken = true;

    OK(store_gateway_key_add(fixture->writer, &key, &taken, &fixture->err));
    assert_false(taken);
    key.id = "i2";
    OK(store_gateway_key_add(fixture->writer, &key, &taken, &fixture->err));
    assert_true(taken);
    key.name = "lee";
    key.models = NULL;
    OK(store_gateway_key_add(fixture->writer, &key, &taken, &fixture->err));
    OK(store_gateway_key_revoke(fixture->writer, fixture->arena, "nobody", 7, &revoked, &fixture->err));
    assert_null(revoked);
    OK(store_gateway_key_revoke(fixture->writer, fixture->arena, "kim", 7, &revoked, &fixture->err));
    assert_int_equal(revoked->revoked_us, 7);
    OK(store_gateway_key_revoke(fixture->writer, fixture->arena, "kim", 8, &revoked, &fixture->err));
    assert_int_equal(revoked->revoked_us, 7); /* the first time counts */
    OK(store_gateway_key_page(fixture->writer, fixture->arena, NULL, 1, &page, &fixture->err));
    assert_string_equal(page.keys[0].name, "kim");
    assert_string_equal(page.keys[0].models, "[\"chat\"]");
    assert_int_equal(page.keys[0].requests_per_minute, 60);
    assert_int_equal(page.keys[0].expires_us, 90);
    assert_string_equal(page.next, "kim");
    OK(store_gateway_key_page(fixture->writer, fixture->arena, page.next, 1, &page, &fixture->err));
    assert_string_equal(page.keys[0].name, "lee");
    assert_null(page.keys[0].models);
    assert_null(page.next);
}

static void used(struct fixture *fixture, const char *key_id, const char *model, int64_t hour)
{
    const struct store_gateway_usage usage = { .key_id = key_id,
                                               .model = model,
                                               .hour_us = hour * STORE_HOUR_US,
                                               .requests = 4,
                                               .failed = 1,
                                               .cancelled = 1,
                                               .refused = 1,
                                               .tokens_in = 10,
                                               .tokens_out = 20 };

    OK(store_gateway_usage_add(fixture->writer, &usage, hour * STORE_HOUR_US + 5, &fixture->err));
}

static void usage(void **state)
{
    struct fixture *fixture = *state;
    const struct store_gateway_key key = { .id = "i1", .hash = "h", .name = "kim", .created_by = "console" };
    struct store_gateway_usage_filter filter = { .since_us = 0 };
    struct store_gateway_usage_page page;
    struct store_gateway_key_page keys_page;
    bool taken = false;

    OK(store_gateway_key_add(fixture->writer, &key, &taken, &fixture->err));
    used(fixture, "i1", "chat", 100);
    used(fixture, "i1", "chat", 100);
    used(fixture, "i1", "chat", 101);
    used(fixture, "operator:lee", "chat", 101);
    OK(store_gateway_usage_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    assert_int_equal(page.count, 2);
    assert_string_equal(page.rows[0].key, "kim");
    assert_int_equal(page.rows[0].requests, 12);
    assert_int_equal(page.rows[0].tokens_out, 60);
    assert_string_equal(page.rows[1].key, "operator:lee");
    filter = (struct store_gateway_usage_filter){ .key = "kim", .by_hour = true, .limit = 1 };
    OK(store_gateway_usage_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    assert_int_equal(page.count, 1);
    assert_true(page.more);
    assert_true(page.rows[0].hour_us == 101 * STORE_HOUR_US);
    assert_int_equal(page.rows[0].requests, 4);
    filter.skip = 1;
    OK(store_gateway_usage_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    assert_int_equal(page.rows[0].requests, 8);
    assert_int_equal(page.rows[0].refused, 2);
    assert_false(page.more);
    filter = (struct store_gateway_usage_filter){ .since_us = 101 * STORE_HOUR_US + 7, .key = "kim" }; /* whole hours */
    OK(store_gateway_usage_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    assert_int_equal(page.rows[0].requests, 4);
    OK(store_gateway_key_page(fixture->writer, fixture->arena, NULL, 0, &keys_page, &fixture->err));
    assert_true(keys_page.keys[0].used_us == 101 * STORE_HOUR_US + 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(usage, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
