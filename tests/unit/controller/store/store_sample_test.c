/* SPDX-License-Identifier: Apache-2.0 */
/* Samples, as they are and in steps. */
#include "controller/store/store_sample.h"

#include <math.h>

#include "store_fixture.h"

static void sample_new(struct fixture *fixture, int64_t node, int64_t at_us, double watts, double celsius)
{
    struct store_sample sample = { .at_us = at_us };

    for (int i = 0; i < STORE_SAMPLE_FIGURES; i++)
        sample.figures[i] = (double)NAN;
    sample.figures[STORE_SAMPLE_WATTS] = watts;
    sample.figures[STORE_SAMPLE_CELSIUS] = celsius;
    sample.figures[STORE_SAMPLE_LOAD] = (double)at_us;
    OK(store_sample_add(fixture->writer, node, &sample, &fixture->err));
}

static void test_samples(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "a", 1);
    struct store_sample_range range = { .node_id = node, .from_us = 10, .to_us = 60 };
    struct store_sample *samples = NULL;
    size_t count = 0;

    for (int64_t i = 0; i < 100; i++)
        sample_new(fixture, node, i, (double)(i % 10), i % 2 == 0 ? (double)NAN : 50.0);
    sample_new(fixture, node_new(fixture, "b", 2), 30, 900, 90);
    OK(store_sample_read(fixture->writer, fixture->arena, &range, &samples, &count, &fixture->err));
    assert_int_equal(count, 50);
    assert_int_equal(samples[0].at_us, 10);
    assert_true(isnan(samples[0].figures[STORE_SAMPLE_CELSIUS]));
    assert_true(isnan(samples[0].figures[STORE_SAMPLE_GTT_USED]));
    range.step_us = 20;
    OK(store_sample_read(fixture->writer, fixture->arena, &range, &samples, &count, &fixture->err));
    assert_int_equal(count, 3); /* 0 (from 10 on), 20, 40 */
    assert_int_equal(samples[0].count, 10);
    assert_int_equal(samples[1].at_us, 20);
    assert_int_equal(samples[1].count, 20);
    assert_true(fabs(samples[1].figures[STORE_SAMPLE_WATTS] - 4.5) < 1e-9);
    assert_true(fabs(samples[1].figures[STORE_SAMPLE_CELSIUS] - 50) < 1e-9); /* of what was measured */
    assert_true(fabs(samples[1].peak_watts - 9) < 1e-9);
    assert_true(isnan(samples[1].figures[STORE_SAMPLE_VRAM_USED]));
    sample_new(fixture, node, 99, 77, 1);
    OK(store_sample_last(fixture->writer, fixture->arena, node, &samples, &fixture->err));
    assert_true(fabs(samples->figures[STORE_SAMPLE_WATTS] - 77) < 1e-9);
    assert_true(fabs(samples->figures[STORE_SAMPLE_LOAD] - 99) < 1e-9);
    OK(store_sample_last(fixture->writer, fixture->arena, 77, &samples, &fixture->err));
    assert_null(samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_samples, fixture_setup, fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
