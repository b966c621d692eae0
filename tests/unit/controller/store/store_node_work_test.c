/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes' queues. */
#include "controller/store/store_node_work.h"

#include "store_fixture.h"

static void test_work(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = node_new(fixture, "a", 1), other = node_new(fixture, "b", 2), number = 0;
    struct store_node_work work = { .kind = "check", .body = "{}" }, brief = { .kind = "session", .expires_us = 100 };
    struct store_node_work_range range = { .node_id = id, .now_us = 99 };
    struct store_node_work *works = NULL;
    struct store_enrollment again = { "a", fingerprint(fixture, 3), 5000, 3000 };
    enum store_enroll outcome;
    size_t count = 0;

    OK(store_node_work_add(fixture->writer, id, &work, &number, &fixture->err));
    OK(store_node_work_add(fixture->writer, id, &brief, &number, &fixture->err));
    OK(store_node_work_add(fixture->writer, other, &work, &number, &fixture->err));
    assert_int_equal(number, 1);
    OK(store_node_work_read(fixture->writer, fixture->arena, &range, &works, &count, &fixture->err));
    assert_int_equal(count, 2);
    assert_string_equal(works[1].kind, "session");
    range.now_us = 100;
    OK(store_node_work_read(fixture->writer, fixture->arena, &range, &works, &count, &fixture->err));
    assert_int_equal(count, 1);
    OK(store_node_work_acknowledge(fixture->writer, id, 2, &fixture->err));
    OK(store_node_work_add(fixture->writer, id, &work, &number, &fixture->err));
    assert_int_equal(number, 3);
    OK(store_node_enroll(fixture->writer, &again, &outcome, &other, &number, &fixture->err)); /* a new generation */
    OK(store_node_work_read(fixture->writer, fixture->arena, &range, &works, &count, &fixture->err));
    assert_int_equal(count, 0);
    OK(connection_execute(fixture->writer, "BEGIN", &fixture->err));
    for (int i = 0; i < LIMIT_STORE_WORK; i++)
        OK(store_node_work_add(fixture->writer, id, &work, &number, &fixture->err));
    assert_int_equal(number, 3 + LIMIT_STORE_WORK);
    assert_false(store_node_work_add(fixture->writer, id, &work, &number, &fixture->err));
    assert_int_equal(fixture->err.kind, ERROR_LIMIT);
    OK(connection_execute(fixture->writer, "COMMIT", &fixture->err));
    assert_false(store_node_work_add(fixture->writer, 77, &work, &number, &fixture->err));
    assert_string_equal(fixture->err.text, "there is no node 77");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_work, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
