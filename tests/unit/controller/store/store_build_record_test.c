/* SPDX-License-Identifier: Apache-2.0 */
/* Records of what was built: kept once, read newest first. */
#include "controller/store/store_build_record.h"

#include "store_fixture.h"

static int64_t add(struct fixture *fixture, const char *node, const char *outcome, const char *told, bool expect_known)
{
    const struct store_build_record row = { .at_us = 5,
                                            .by = "kim",
                                            .rebuild = "r1",
                                            .node = node,
                                            .outcome = outcome,
                                            .record = arena_printf(fixture->arena, "{\"built\":%s,\"node\":1}", told),
                                            .signature = "ab" };
    bool known = !expect_known;
    int64_t id = 0;

    OK(store_build_record_add(fixture->writer, &row, told, &known, &id, &fixture->err));
    assert_int_equal(known, expect_known);
    return id;
}

static void test_kept_once(void **state)
{
    struct fixture *fixture = *state;
    struct store_build_record *rows = NULL;
    size_t count = 0;
    int64_t first = add(fixture, "n1", "built", "{\"a\":1}", false);

    assert_int_equal(add(fixture, "n1", "built", "{\"a\":1}", true), first);
    assert_true(add(fixture, "n1", "built", "{\"a\":2}", false) > first);
    assert_true(add(fixture, "n1", "failed", "{\"a\":1}", false) > first);
    assert_true(add(fixture, NULL, "built", "{\"a\":1}", false) > first);
    add(fixture, NULL, "built", "{\"a\":1}", true);
    OK(store_build_record_read(fixture->writer, fixture->arena, &(struct store_build_record_filter){ .limit = 10 },
                               &rows, &count, &fixture->err));
    assert_int_equal(count, 4);
    assert_null(rows[0].node);
    assert_string_equal(rows[3].record, "{\"built\":{\"a\":1},\"node\":1}");
    OK(store_build_record_read(fixture->writer, fixture->arena,
                               &(struct store_build_record_filter){ .node = "n1", .before = rows[1].id, .limit = 10 },
                               &rows, &count, &fixture->err));
    assert_int_equal(count, 2);
    OK(store_build_record_read(fixture->writer, fixture->arena,
                               &(struct store_build_record_filter){ .id = first, .limit = 1 }, &rows, &count,
                               &fixture->err));
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].signature, "ab");
    OK(store_build_record_read(fixture->writer, fixture->arena,
                               &(struct store_build_record_filter){ .rebuild = "r2", .limit = 1 }, &rows, &count,
                               &fixture->err));
    assert_int_equal(count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(test_kept_once, fixture_setup,
                                                                        fixture_teardown) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
