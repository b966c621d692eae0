/* SPDX-License-Identifier: Apache-2.0 */
/* The chain, and what breaks it. */
#include "controller/store/store_audit.h"

#include "common/base/hash.h"
#include "store_fixture.h"

static void rows_new(struct fixture *fixture, int count)
{
    for (int i = 1; i <= count; i++) {
        struct store_audit_row row = { .at_us = i,
                                       .actor = i % 2 == 0 ? "kim" : "lee",
                                       .action = "token.add",
                                       .object = "x",
                                       .detail = i % 3 == 0 ? "{}" : NULL };
        int64_t id = 0;

        OK(store_audit_add(fixture->writer, &row, &id, &fixture->err));
        assert_int_equal(id, i);
    }
}

static struct store_audit_verdict verdict_of(struct fixture *fixture)
{
    struct store_audit_verdict verdict;

    OK(store_audit_verify(fixture->writer, &verdict, &fixture->err));
    return verdict;
}

/* The hash as docs and other programs would compute it. */
static void test_form(void **state)
{
    struct fixture *fixture = *state;
    static const char first[] = "1:1,1:1,3:lee,9:token.add,1:x,-,-,64:0000000000000000000000000000000000000000000000000"
                                "000000000000000,";
    struct store_audit_page page;
    char hash[HASH_HEX_MAX];

    assert_int_equal(verdict_of(fixture).rows, 0);
    rows_new(fixture, 2);
    OK(store_audit_page(fixture->writer, fixture->arena, &(struct store_audit_filter){ 0 }, &page, &fixture->err));
    assert_int_equal(page.count, 2);
    assert_string_equal(page.rows[1].hash, hash_hex_of(HASH_SHA256, first, strlen(first), hash));
    assert_string_equal(page.rows[0].previous, hash);
    assert_string_equal(verdict_of(fixture).hash, page.rows[0].hash);
}

static void expect_bad(struct fixture *fixture, const char *sql, int64_t row, const char *reason)
{
    struct store_audit_verdict verdict;

    OK(connection_execute(fixture->writer, "BEGIN", &fixture->err));
    OK(connection_execute(fixture->writer, sql, &fixture->err));
    verdict = verdict_of(fixture);
    OK(connection_execute(fixture->writer, "ROLLBACK", &fixture->err));
    assert_int_equal(verdict.first_bad, row);
    assert_non_null(strstr(verdict.reason, reason));
}

static void test_broken(void **state)
{
    struct fixture *fixture = *state;

    rows_new(fixture, 20);
    assert_int_equal(verdict_of(fixture).first_bad, 0);
    assert_int_equal(verdict_of(fixture).rows, 20);
    expect_bad(fixture, "UPDATE audit SET actor = 'eve' WHERE id = 7", 7, "it was changed");
    expect_bad(fixture, "UPDATE audit SET detail = NULL WHERE id = 9", 9, "it was changed");
    expect_bad(fixture, "UPDATE audit SET at_us = 0 WHERE id = 1", 1, "it was changed");
    expect_bad(fixture, "DELETE FROM audit WHERE id = 5", 6, "row 5 was expected");
    expect_bad(fixture, "DELETE FROM audit WHERE id = 1", 2, "row 1 was expected");
    expect_bad(fixture, "DELETE FROM audit WHERE id = 5; UPDATE audit SET id = id - 1 WHERE id > 5", 5,
               "hash of row 4");
    expect_bad(fixture, "UPDATE audit SET hash = previous WHERE id = 20", 20, "it was changed");
}

static void test_audit_pages(void **state)
{
    struct fixture *fixture = *state;
    struct store_audit_filter filter = { .actor = "kim", .limit = 6 };
    struct store_audit_page page;

    rows_new(fixture, 20);
    OK(store_audit_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    assert_int_equal(page.count, 6);
    assert_int_equal(page.rows[0].id, 20);
    filter.before = page.next;
    OK(store_audit_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    assert_int_equal(page.count, 4);
    assert_int_equal(page.rows[3].id, 2);
    assert_int_equal(page.next, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_form, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_broken, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_audit_pages, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
