/* SPDX-License-Identifier: Apache-2.0 */
/* Operators' tokens. */
#include "controller/store/store_api_token.h"

#include "store_fixture.h"

static void test_api_tokens(void **state)
{
    struct fixture *fixture = *state;
    struct store_api_token token = {
        .id = "i1", .hash = "h1", .name = "kim", .role = "admin", .created_by = "console", .created_us = 5
    };
    struct store_api_token *got = NULL;
    struct store_api_token_page page;
    bool flag = true;

    OK(store_api_token_add(fixture->writer, &token, &flag, &fixture->err));
    assert_false(flag);
    token.id = "i2";
    OK(store_api_token_add(fixture->writer, &token, &flag, &fixture->err));
    assert_true(flag);
    token.name = "lee";
    token.role = "root";
    assert_false(store_api_token_add(fixture->writer, &token, &flag, &fixture->err));
    token.role = "viewer";
    OK(store_api_token_add(fixture->writer, &token, &flag, &fixture->err));
    OK(store_api_token_revoke(fixture->writer, "kim", 7, &flag, &fixture->err));
    assert_true(flag);
    OK(store_api_token_revoke(fixture->writer, "nobody", 7, &flag, &fixture->err));
    assert_false(flag);
    OK(store_api_token_used(fixture->writer, "i1", 60000000, &fixture->err));
    OK(store_api_token_get(fixture->writer, fixture->arena, "i1", &got, &fixture->err));
    assert_int_equal(got->revoked_us, 7);
    assert_string_equal(got->role, "admin");
    assert_false(store_api_token_is_stale(got, 119999999));
    assert_true(store_api_token_is_stale(got, 120000000));
    OK(store_api_token_get(fixture->writer, fixture->arena, "i3", &got, &fixture->err));
    assert_null(got);
    OK(store_api_token_page(fixture->writer, fixture->arena, NULL, 1, &page, &fixture->err));
    assert_string_equal(page.tokens[0].name, "kim");
    assert_string_equal(page.next, "kim");
    OK(store_api_token_page(fixture->writer, fixture->arena, page.next, 1, &page, &fixture->err));
    assert_string_equal(page.tokens[0].name, "lee");
    assert_null(page.next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_api_tokens, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
