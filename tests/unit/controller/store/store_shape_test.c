/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes of models and their peaks. */
#include "controller/store/store_shape.h"

#include "store_fixture.h"

static void test_shapes(void **state)
{
    struct fixture *fixture = *state;
    struct store_shape shape = { .key = "d1", .bytes = 5, .shape = "{}", .at_us = 7 }, *found = NULL;

    OK(store_shape_get(fixture->writer, fixture->arena, "d1", &found, &fixture->err));
    assert_null(found);
    OK(store_shape_set(fixture->writer, &shape, &fixture->err));
    shape.bytes = 6;
    OK(store_shape_set(fixture->writer, &shape, &fixture->err));
    OK(store_shape_get(fixture->writer, fixture->arena, "d1", &found, &fixture->err));
    assert_int_equal(found->bytes, 6);
    assert_string_equal(found->shape, "{}");
    assert_int_equal(found->at_us, 7);
    OK(store_shape_remove(fixture->writer, "d1", &fixture->err));
    OK(store_shape_get(fixture->writer, fixture->arena, "d1", &found, &fixture->err));
    assert_null(found);
}

/* What is old gives way to what is seen now. */
static void test_peaks_age(void **state)
{
    struct fixture *fixture = *state;
    struct store_peak peak = {
        .digest = "d", .build = "b1", .kv = "f16", .options = "{}", .nodes = 1, .gpu = 63, .host = 62
    };
    const int64_t week_us = (int64_t)7 * 24 * 3600 * 1000000;
    struct store_peak *found = NULL;
    size_t count = 0;

    OK(store_peak_learn(fixture->writer, &peak, &fixture->err));
    peak.gpu = 61, peak.host = 2, peak.at_us = week_us;
    OK(store_peak_learn(fixture->writer, &peak, &fixture->err));
    OK(store_peak_list(fixture->writer, fixture->arena, "d", &found, &count, &fixture->err));
    assert_int_equal(found[0].host, 62);
    peak.at_us = week_us + 1;
    OK(store_peak_learn(fixture->writer, &peak, &fixture->err));
    OK(store_peak_list(fixture->writer, fixture->arena, "d", &found, &count, &fixture->err));
    assert_int_equal(found[0].gpu, 61);
    assert_int_equal(found[0].host, 2);
}

/* The most of each counts, whatever came first. */
static void test_peaks(void **state)
{
    struct fixture *fixture = *state;
    struct store_peak peak = {
        .digest = "d", .build = "b1", .kv = "f16", .options = "{}", .context = 8192, .slots = 2, .nodes = 1
    };
    struct store_peak *found = NULL;
    size_t count = 0;

    peak.gpu = 10, peak.host = 5, peak.at_us = 1;
    OK(store_peak_learn(fixture->writer, &peak, &fixture->err));
    peak.gpu = 8, peak.host = 7, peak.at_us = 2;
    OK(store_peak_learn(fixture->writer, &peak, &fixture->err));
    peak.gpu = 1, peak.host = 1, peak.at_us = 3;
    OK(store_peak_learn(fixture->writer, &peak, &fixture->err));
    OK(store_peak_list(fixture->writer, fixture->arena, "d", &found, &count, &fixture->err));
    assert_int_equal(count, 1);
    assert_int_equal(found[0].gpu, 10);
    assert_int_equal(found[0].host, 7);
    assert_int_equal(found[0].at_us, 2);
    peak.options = "{\"batch\":\"4096\"}";
    OK(store_peak_learn(fixture->writer, &peak, &fixture->err));
    OK(store_peak_list(fixture->writer, fixture->arena, "d", &found, &count, &fixture->err));
    assert_int_equal(count, 2); /* other options take other memory */
    assert_string_equal(found[0].options, "{\"batch\":\"4096\"}");
    peak.options = "{}";
    peak.nodes = 2;
    OK(store_peak_learn(fixture->writer, &peak, &fixture->err));
    peak.digest = "other";
    OK(store_peak_learn(fixture->writer, &peak, &fixture->err));
    OK(store_peak_list(fixture->writer, fixture->arena, "d", &found, &count, &fixture->err));
    assert_int_equal(count, 3);
    assert_int_equal(found[0].nodes + found[1].nodes, 3);
    assert_string_equal(found[2].kv, "f16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_shapes, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_peaks, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(test_peaks_age, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
