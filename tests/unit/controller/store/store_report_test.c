/* SPDX-License-Identifier: Apache-2.0 */
/* Reports: what is known, what is new, what is a gap. */
#include "controller/store/store_report.h"

#include "store_fixture.h"

static struct store_report_result append(struct fixture *fixture, int64_t node_id, int64_t generation, int64_t from,
                                         size_t count)
{
    struct store_report *reports = arena_new_array(fixture->arena, struct store_report, count);
    struct store_report_batch batch = { node_id, generation, 99, reports, count };
    struct store_report_result result;

    for (size_t i = 0; i < count; i++)
        reports[i] =
            (struct store_report){ .sequence = from + (int64_t)i, .kind = i % 2 ? "note" : "facts", .body = "{}" };
    OK(store_report_append(fixture->writer, &batch, &result, &fixture->err));
    return result;
}

static void test_reports(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = node_new(fixture, "a", 1);
    struct store_report_result result = append(fixture, id, 1, 2, 1);
    struct store_report_filter filter = { .node_id = id, .generation = 1, .limit = 4 };
    struct store_report_page page;

    assert_int_equal(result.answer, STORE_REPORT_GAP);
    assert_int_equal(result.expected, 1);
    assert_int_equal(result.first_new, 1);
    result = append(fixture, id, 1, 1, 5);
    assert_int_equal(result.answer, STORE_REPORT_OK);
    assert_int_equal(result.first_new, 0);
    assert_int_equal(result.acknowledged, 5);
    result = append(fixture, id, 1, 3, 5); /* 3 to 5 are known */
    assert_int_equal(result.answer, STORE_REPORT_OK);
    assert_int_equal(result.first_new, 3);
    assert_int_equal(result.acknowledged, 7);
    result = append(fixture, id, 1, 2, 3); /* all known */
    assert_int_equal(result.first_new, 3);
    assert_int_equal(result.acknowledged, 7);
    assert_int_equal(append(fixture, id, 1, 9, 1).expected, 8);
    assert_int_equal(append(fixture, id, 2, 8, 1).answer, STORE_REPORT_GENERATION);
    assert_int_equal(append(fixture, 77, 1, 1, 1).answer, STORE_REPORT_GENERATION);
    OK(store_report_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    assert_int_equal(page.reports[0].sequence, 7);
    filter.before = page.next;
    OK(store_report_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    assert_int_equal(page.count, 3);
    assert_int_equal(page.reports[2].sequence, 1);
    assert_int_equal(page.next, 0);
}

static void test_skip(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = node_new(fixture, "a", 1);
    struct store_report_filter filter = { .node_id = id, .generation = 1, .kind = "gap" };
    struct store_report_page page;

    append(fixture, id, 1, 1, 3);
    OK(store_report_skip(fixture->writer, id, 1, 4, 5, &fixture->err));
    OK(store_report_skip(fixture->writer, id, 1, 10, 5, &fixture->err));
    assert_int_equal(append(fixture, id, 1, 10, 2).acknowledged, 11);
    OK(store_report_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    assert_int_equal(page.count, 1);
    assert_string_equal(page.reports[0].body, "{\"from\":4,\"to\":9}");
    assert_false(store_report_skip(fixture->writer, id, 2, 20, 5, &fixture->err));
}

/* Numbers within a batch that jump. */
static void test_jump(void **state)
{
    struct fixture *fixture = *state;
    int64_t id = node_new(fixture, "a", 1);
    struct store_report reports[] = { { .sequence = 1, .kind = "note", .body = "{}" },
                                      { .sequence = 3, .kind = "note", .body = "{}" } };
    struct store_report_batch batch = { id, 1, 9, reports, 2 };
    struct store_report_result result;

    OK(store_report_append(fixture->writer, &batch, &result, &fixture->err));
    assert_int_equal(result.answer, STORE_REPORT_GAP);
    assert_int_equal(result.expected, 1);
    assert_int_equal(append(fixture, id, 1, 1, 1).acknowledged, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reports, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_skip, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_jump, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
