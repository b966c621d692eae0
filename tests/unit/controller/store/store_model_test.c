/* SPDX-License-Identifier: Apache-2.0 */
/* Models on nodes. */
#include "controller/store/store_model.h"

#include "store_fixture.h"

static void test_models(void **state)
{
    struct fixture *fixture = *state;
    int64_t a = node_new(fixture, "a", 1), b = node_new(fixture, "b", 2);
    struct store_model models[] = { { .name = "llama", .state = "ready", .bytes = 5 },
                                    { .name = "qwen", .state = "running", .digest = "d", .bytes = 6 } };
    struct store_model_filter filter = { .name = "llama" };
    struct store_model_page page;

    OK(store_model_replace(fixture->writer, a, models, 2, 10, &fixture->err));
    OK(store_model_replace(fixture->writer, b, models, 2, 20, &fixture->err));
    OK(store_model_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    assert_int_equal(page.count, 2);
    assert_string_equal(page.models[1].node, "b");
    assert_int_equal(page.models[1].seen_us, 20);
    filter = (struct store_model_filter){ .limit = 3 };
    OK(store_model_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    assert_int_equal(page.count, 3);
    filter.after_name = page.next_name;
    filter.after_node_id = page.next_node_id;
    OK(store_model_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    assert_int_equal(page.count, 1);
    assert_string_equal(page.models[0].name, "qwen");
    assert_int_equal(page.models[0].node_id, b);
    assert_null(page.next_name);
    OK(store_model_replace(fixture->writer, a, models, 1, 30, &fixture->err));
    filter = (struct store_model_filter){ .node_id = a };
    OK(store_model_page(fixture->writer, fixture->arena, &filter, &page, &fixture->err));
    assert_int_equal(page.count, 1);
    assert_string_equal(page.models[0].name, "llama");
    assert_null(page.models[0].digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_models, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
