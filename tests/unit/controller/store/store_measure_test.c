/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of engines and their growth, energy with who stood there, sums, what a node takes without work, forgetting. */
#include "controller/store/store_measure.h"

#include <math.h>

#include "controller/store/store_piece.h"
#include "controller/store/store_retention.h"
#include "controller/store/store_sample.h"
#include "controller/store/store_setting.h"
#include "store_fixture.h"

#define SECOND INT64_C(1000000)
#define NOW (INT64_C(1795260000) * SECOND) /* a slot begins there */

static void sample_new(struct fixture *fixture, int64_t attempt, int64_t at_s, double out, double seconds)
{
    const struct store_workload_sample sample = {
        "chat", 7, attempt, NOW + at_s * SECOND, 2 * out, out, (double)NAN, seconds, 1, 0, 4
    };

    OK(store_workload_sample_add(fixture->writer, &sample, &fixture->err));
}

static struct store_workload_sum sum_of(struct fixture *fixture, int64_t from_us, int64_t to_us)
{
    const struct store_sum_range range = { .from_us = from_us, .to_us = to_us, .workload = "chat" };
    struct store_workload_sum *sums = NULL;
    size_t count = 0;

    OK(store_workload_sum_read(fixture->writer, fixture->arena, &range, &sums, &count, &fixture->err));
    assert_int_equal(count, 1);
    return sums[0];
}

static void test_growth(void **state)
{
    struct fixture *fixture = *state;
    struct store_workload_sum sum;
    struct store_workload_sample *samples = NULL;
    const struct store_workload_sample_filter filter = { NULL, 7, NOW + 6 * SECOND, NOW + 9 * SECOND, 0, true };
    size_t count = 0;

    sample_new(fixture, 1, 0, 100, 10); /* its life began with 0 */
    sample_new(fixture, 1, 5, 150, 12);
    sample_new(fixture, 1, 5, 999, 99); /* the same again changes nothing */
    sample_new(fixture, 2, 10, 30, 1);  /* started again */
    sample_new(fixture, 2, 310, 40, 2);
    sample_new(fixture, 2, 320, 41, 2.000001); /* of a probe */
    sum = sum_of(fixture, NOW, NOW + STORE_MEASURE_SLOT_US);
    assert_true(sum.tokens_out == 180 && sum.tokens_in == 360 && sum.seconds_out == 13 && sum.seconds_in == 0);
    assert_true(sum_of(fixture, NOW + STORE_MEASURE_SLOT_US, INT64_MAX).tokens_out == 10);
    assert_true(sum_of(fixture, 0, 1).tokens_out == 190); /* since ever */
    OK(store_workload_sample_read(fixture->writer, fixture->arena, &filter, &samples, &count, &fixture->err));
    assert_int_equal(count, 2); /* none within, one on each side */
    assert_true(samples[0].at_us == NOW + 5 * SECOND && samples[1].attempt == 2 && samples[1].tokens_out == 30);
    assert_true(isnan(samples[0].seconds_in));
}

static void piece_new(struct fixture *fixture, int64_t node, const char *name, const char *kind, const char *state)
{
    const struct store_piece piece = { .node_id = node,
                                       .name = name,
                                       .instance_id = 12,
                                       .role = "head",
                                       .body = arena_printf(fixture->arena, "{\"kind\":\"%s\"}", kind) };
    const struct store_piece_told told = { node, name, state, "{}", 1 };

    OK(store_piece_add(fixture->writer, &piece, 1, &fixture->err));
    if (state != NULL)
        OK(store_piece_tell(fixture->writer, &told, &fixture->err));
}

static void energy_new(struct fixture *fixture, int64_t node, int64_t at_s, double joules)
{
    const struct store_energy energy = { .node_id = node,
                                         .from_us = NOW + at_s * SECOND,
                                         .to_us = NOW + (at_s + 10) * SECOND,
                                         .joules = joules,
                                         .watts_min = (double)NAN,
                                         .watts_max = 9,
                                         .source = "rapl" };

    OK(store_energy_add(fixture->writer, &energy, &fixture->err));
}

static void test_energy(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "ai-1", 1), other = node_new(fixture, "ai-2", 2);
    const struct store_energy_share shares[] = { { "chat", 60, 10, 0 }, { "", 0, 0, 30 } };
    struct store_sum_range range = { .from_us = NOW, .to_us = INT64_MAX };
    struct store_energy *rows = NULL;
    struct store_energy_sum *sums = NULL;
    double pending = 0;
    size_t count = 0;

    piece_new(fixture, node, "chat.0.head", "service", "running");
    piece_new(fixture, node, "chat.0.worker", "service", "running");
    piece_new(fixture, node, "hpl.0", "job", "running");
    piece_new(fixture, node, "old.0", "service", "failed");
    piece_new(fixture, node, "new.0", "service", NULL);
    piece_new(fixture, other, "far.0", "service", "running");
    energy_new(fixture, node, 0, 100);
    energy_new(fixture, node, 0, 5555); /* told already */
    energy_new(fixture, node, 10, 50);
    OK(store_energy_open(fixture->writer, fixture->arena, &(struct store_energy_filter){ node, NOW + 15 * SECOND, 0 },
                         &rows, &count, &fixture->err));
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].workloads,
                        "{\"chat\":{\"instances\":[12],\"job\":false},\"hpl\":{\"instances\":[12],\"job\":true}}");
    assert_true(rows[0].joules == 100 && isnan(rows[0].watts_min));
    OK(store_energy_settle(fixture->writer, &rows[0], 5, shares, 2, &fixture->err));
    OK(store_energy_settle(fixture->writer, &rows[0], 5, shares, 2, &fixture->err)); /* once */
    OK(store_energy_pending(fixture->writer, NOW, INT64_MAX, &pending, &fixture->err));
    assert_true(pending == 50);
    OK(store_energy_sum_read(fixture->writer, fixture->arena, &range, &sums, &count, &fixture->err));
    assert_int_equal(count, 2);
    assert_string_equal(sums[0].workload, "");
    assert_true(sums[0].unattributed == 30 && sums[1].active == 60 && sums[1].idle == 10 && sums[1].seconds == 10);
    assert_true(fabs(sums[1].watts - 7) < 1e-9);
    range.by = STORE_ENERGY_BY_NODE;
    OK(store_energy_sum_read(fixture->writer, fixture->arena, &range, &sums, &count, &fixture->err));
    assert_int_equal(count, 1);
    assert_string_equal(sums[0].node, "ai-1");
    assert_true(sums[0].active == 60 && sums[0].unattributed == 30 && sums[0].seconds == 10);
    assert_true(fabs(sums[0].watts - 10) < 1e-9);
}

/* Days and slots together are what slots alone are, wherever a time begins and ends. */
static void test_long_times(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "ai-1", 1), midnight = NOW - NOW % STORE_DAY_US + STORE_DAY_US;
    const int64_t hour = INT64_C(3600) * SECOND;
    const struct store_energy_share share = { "chat", 1, 0, 0 };
    const struct {
        int64_t from_us, to_us;
        double hours;
    } times[] = {
        { midnight, midnight + 4 * STORE_DAY_US, 96 },
        { midnight - hour, midnight + 4 * STORE_DAY_US + hour, 98 },
        { midnight + hour, midnight + STORE_DAY_US, 23 },
        { midnight, midnight + STORE_DAY_US, 24 },
        { midnight + STORE_DAY_US, midnight + STORE_DAY_US + 5 * hour, 5 },
        { midnight + 5 * hour, midnight + 3 * STORE_DAY_US + 2 * hour, 69 },
        { 1, INT64_MAX, 100 },
        { 0, 1, 100 },
    };
    struct store_energy_sum *sums = NULL;
    struct store_workload_sum *tokens = NULL;
    size_t count = 0;

    for (int64_t i = 0; i < 100; i++) { /* from two hours before midnight on, one an hour */
        const struct store_energy energy = { .node_id = node,
                                             .from_us = midnight + (i - 2) * hour,
                                             .to_us = midnight + (i - 2) * hour + SECOND };

        OK(store_energy_add(fixture->writer,
                            &(struct store_energy){ node, energy.from_us, energy.to_us, 1, 1, 1, "rapl", NULL },
                            &fixture->err));
        OK(store_energy_settle(fixture->writer, &energy, 1, &share, 1, &fixture->err));
        sample_new(fixture, 1, (energy.from_us - NOW) / SECOND, (double)i + 1, (double)i + 1);
    }
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        const struct store_sum_range range = { .from_us = times[i].from_us, .to_us = times[i].to_us };

        OK(store_energy_sum_read(fixture->writer, fixture->arena, &range, &sums, &count, &fixture->err));
        assert_true(count == 1 && fabs(sums[0].active - times[i].hours) < 1e-9 &&
                    fabs(sums[0].seconds - times[i].hours) < 1e-9);
        OK(store_workload_sum_read(fixture->writer, fixture->arena, &range, &tokens, &count, &fixture->err));
        assert_true(count == 1 && fabs(tokens[0].tokens_out - times[i].hours) < 1e-9);
    }
}

static void test_idle(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "ai-1", 1);
    struct store_sample sample = { .at_us = NOW };
    struct store_energy *rows = NULL;
    double watts = 0;
    bool found = true;
    size_t count = 0;

    for (int i = 0; i < STORE_SAMPLE_FIGURES; i++)
        sample.figures[i] = (double)NAN;
    OK(store_energy_idle_find(fixture->writer, node, NOW, &watts, &fixture->err));
    assert_true(isnan(watts)); /* nothing was seen */
    for (int i = 0; i < 20; i++) {
        sample.at_us = NOW + i;
        sample.figures[STORE_SAMPLE_WATTS] = 40 - i;
        OK(store_sample_add(fixture->writer, node, &sample, &fixture->err));
    }
    OK(store_energy_idle_find(fixture->writer, node, NOW, &watts, &fixture->err));
    assert_true(fabs(watts - 23) < 1e-9); /* 21 is the lowest */
    for (int i = 0; i < 10; i++)
        energy_new(fixture, node, i * 10, 60 + i);
    OK(store_energy_open(fixture->writer, fixture->arena, &(struct store_energy_filter){ node, INT64_MAX, 0 }, &rows,
                         &count, &fixture->err));
    for (size_t i = 0; i < count; i++)
        OK(store_energy_settle(fixture->writer, &rows[i], i == 0 ? 3 : 0, NULL, 0, &fixture->err));
    OK(store_energy_idle_find(fixture->writer, node, NOW + 100 * SECOND, &watts, &fixture->err));
    assert_true(fabs(watts - 6.1) < 1e-9); /* the first was busy */
    OK(store_energy_idle_get(fixture->writer, node, NOW, &watts, &found, &fixture->err));
    assert_true(found && fabs(watts - 6.1) < 1e-9);
    OK(store_energy_idle_get(fixture->writer, node, NOW + 101 * SECOND, &watts, &found, &fixture->err));
    assert_false(found);
}

static int64_t rows_of(struct fixture *fixture, const char *table)
{
    int64_t rows = 0;

    OK(connection_number(fixture->writer, arena_printf(fixture->arena, "SELECT count(*) FROM %s", table), &rows,
                         &fixture->err));
    return rows;
}

static void test_forgetting(void **state)
{
    struct fixture *fixture = *state;
    int64_t node = node_new(fixture, "ai-1", 1);
    const struct store_energy_share share = { "chat", 1, 2, 3 };
    struct store_retention retention = { .copies_us = STORE_DAY_US, .samples_us = 3 * STORE_DAY_US };
    struct store_retention_result result;
    struct store_energy *rows = NULL;
    size_t count = 0;

    sample_new(fixture, 1, 0, 100, 10);
    energy_new(fixture, node, 0, 100);
    OK(store_energy_open(fixture->writer, fixture->arena, &(struct store_energy_filter){ node, INT64_MAX, 0 }, &rows,
                         &count, &fixture->err));
    OK(store_energy_settle(fixture->writer, rows, 0, &share, 1, &fixture->err));
    retention.now_us = NOW + 2 * STORE_DAY_US;
    OK(store_retention_step(fixture->writer, &retention, &result, &fixture->err));
    assert_int_equal(result.samples, 2); /* as told; the sums stay */
    assert_int_equal(rows_of(fixture, "energy") + rows_of(fixture, "workload_sample"), 0);
    assert_int_equal(rows_of(fixture, "energy_sum") + rows_of(fixture, "workload_sum"), 6);
    retention.now_us = NOW + 4 * STORE_DAY_US;
    OK(store_retention_step(fixture->writer, &retention, &result, &fixture->err));
    assert_int_equal(rows_of(fixture, "energy_sum") + rows_of(fixture, "workload_sum"), 2); /* since ever */
}

static void test_setting(void **state)
{
    struct fixture *fixture = *state;
    struct store_setting setting = { "energy", "{}", "ops", 5 }, *out = NULL;

    OK(store_setting_get(fixture->writer, fixture->arena, "energy", &out, &fixture->err));
    assert_null(out);
    OK(store_setting_put(fixture->writer, &setting, &fixture->err));
    setting.value = "{\"a\":1}";
    OK(store_setting_put(fixture->writer, &setting, &fixture->err));
    OK(store_setting_get(fixture->writer, fixture->arena, "energy", &out, &fixture->err));
    assert_string_equal(out->value, "{\"a\":1}");
    assert_string_equal(out->changed_by, "ops");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(test_growth), TEST(test_energy),     TEST(test_long_times),
                                        TEST(test_idle),   TEST(test_forgetting), TEST(test_setting) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
