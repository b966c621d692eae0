/* SPDX-License-Identifier: Apache-2.0 */
/* Webhooks: who gets what, tries, the end. */
#include "controller/store/store_webhook.h"

#include "controller/store/store_retention.h"
#include "store_fixture.h"

static size_t deliveries(struct fixture *fixture, struct store_delivery_filter filter, struct store_delivery **out)
{
    size_t count = 0;

    OK(store_delivery_read(fixture->writer, fixture->arena, &filter, out, &count, &fixture->err));
    return count;
}

static void hook_new(struct fixture *fixture, const char *name, const char *kinds, bool expect_taken)
{
    struct store_webhook webhook = {
        .name = name, .url = "https://h/", .secret = "s", .kinds = kinds, .created_by = "kim"
    };
    bool taken = !expect_taken;

    OK(store_webhook_add(fixture->writer, &webhook, &taken, &fixture->err));
    assert_int_equal(taken, expect_taken);
}

static void test_life(void **state)
{
    struct fixture *fixture = *state;
    struct store_webhook *webhooks = NULL;
    struct store_delivery *got = NULL;
    struct store_delivery_try later = { .status = 500, .error = "no", .now_us = 10, .next_us = 100 };
    struct store_delivery_try arrived = { .arrived = true, .status = 200, .now_us = 101 };
    struct store_retention retention = { .reports_us = 50, .now_us = 1000 };
    struct store_retention_result removed;
    size_t hooks = 0;
    int64_t count = 0;
    bool found = false;

    hook_new(fixture, "a", "run_failed,node_lost", false);
    hook_new(fixture, "b", "drift_found", false);
    hook_new(fixture, "a", "x", true);
    OK(store_webhook_list(fixture->writer, fixture->arena, &webhooks, &hooks, &fixture->err));
    assert_int_equal(hooks, 2);
    assert_string_equal(webhooks[0].kinds, "run_failed,node_lost");
    OK(store_webhook_fire(fixture->writer, "node_lost", "{}", 10, &count, &fixture->err));
    assert_int_equal(count, 1);
    OK(store_webhook_fire(fixture->writer, "lost", "{}", 10, &count, &fixture->err));
    assert_int_equal(count, 0);
    OK(store_webhook_fire(fixture->writer, "drift_found", "{}", 20, &count, &fixture->err));
    assert_int_equal(deliveries(fixture, (struct store_delivery_filter){ .due = true, .now_us = 10 }, &got), 1);
    assert_string_equal(got[0].webhook, "a");
    assert_string_equal(got[0].secret, "s");
    later.id = arrived.id = got[0].id;
    OK(store_delivery_tried(fixture->writer, &later, &fixture->err));
    assert_int_equal(
        deliveries(fixture, (struct store_delivery_filter){ .due = true, .now_us = 99, .webhook = "a" }, &got), 0);
    assert_int_equal(deliveries(fixture, (struct store_delivery_filter){ .due = true, .now_us = 100 }, &got), 2);
    OK(store_delivery_tried(fixture->writer, &arrived, &fixture->err));
    OK(store_delivery_tried(fixture->writer, &later, &fixture->err)); /* over is over */
    assert_int_equal(deliveries(fixture, (struct store_delivery_filter){ .webhook = "a" }, &got), 1);
    assert_int_equal(got[0].tries, 2);
    assert_int_equal(got[0].delivered_us, 101);
    assert_int_equal(got[0].next_us, 0);
    OK(store_retention_step(fixture->writer, &retention, &removed, &fixture->err));
    assert_int_equal(deliveries(fixture, (struct store_delivery_filter){ 0 }, &got), 1); /* what waits stays */
    OK(store_webhook_remove(fixture->writer, "b", &found, &fixture->err));
    assert_true(found);
    assert_int_equal(deliveries(fixture, (struct store_delivery_filter){ 0 }, &got), 0);
    OK(store_webhook_remove(fixture->writer, "b", &found, &fixture->err));
    assert_false(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_life, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
