/* SPDX-License-Identifier: Apache-2.0 */
/* Sharing out: the parts and the rest are the whole, whatever comes; how busy an engine was, by what it tells late. */
#include "controller/energy/energy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define SECOND INT64_C(1000000)
#define PARTS 9

static double random_to(uint64_t *seed, double most)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (double)(*seed >> 11) / 9007199254740992.0 * most;
}

/* Ten thousand stretches of all kinds. */
static void test_parts_are_the_whole(void **state)
{
    uint64_t seed = 20261121;

    (void)state;
    for (int round = 0; round < 10000; round++) {
        struct energy_stretch stretch = { random_to(&seed, 2000), 0.5 + random_to(&seed, 20), random_to(&seed, 150) };
        struct energy_part parts[PARTS];
        struct energy_rest rest;
        size_t count = (size_t)random_to(&seed, PARTS);
        double sum = 0;

        if (random_to(&seed, 1) < 0.1)
            stretch.idle_watts = (double)NAN;
        for (size_t i = 0; i < count; i++) {
            double kind = random_to(&seed, 1);

            parts[i].busy = kind < 0.15 ? (double)NAN : kind < 0.4 ? 0 : random_to(&seed, 40);
        }
        energy_split(&stretch, parts, count, &rest);
        for (size_t i = 0; i < count; i++) {
            assert_true(parts[i].active >= 0 && parts[i].idle >= 0);
            sum += parts[i].active + parts[i].idle;
        }
        assert_true(rest.idle >= 0 && rest.unattributed >= 0 && (count == 0 || rest.idle == 0));
        sum += rest.idle + rest.unattributed;
        if (fabs(sum - stretch.joules) > 1e-6)
            fail_msg("round %d: %g of %g J", round, sum, stretch.joules);
    }
}

static void test_split(void **state)
{
    const struct energy_stretch stretch = { 1000, 10, 10 };
    struct energy_part parts[2] = { { .busy = 9 }, { .busy = 3 } };
    struct energy_rest rest;

    (void)state;
    energy_split(&stretch, parts, 2, &rest);
    assert_true(fabs(parts[0].active - 675) < 1e-9 && fabs(parts[1].active - 225) < 1e-9);
    assert_true(fabs(parts[0].idle - 50) < 1e-9 && fabs(parts[1].idle - 50) < 1e-9);
    assert_true(rest.unattributed == 0 && rest.idle == 0 && fabs(rest.busy - 12) < 1e-9);
    /* nobody worked: what is above idle is nobody's */
    parts[0].busy = parts[1].busy = 0;
    energy_split(&stretch, parts, 2, &rest);
    assert_true(fabs(rest.unattributed - 900) < 1e-9 && parts[0].active == 0);
    /* one of two tells nothing: who worked cannot be said */
    parts[0].busy = 5;
    parts[1].busy = (double)NAN;
    energy_split(&stretch, parts, 2, &rest);
    assert_true(fabs(rest.unattributed - 900) < 1e-9 && parts[0].active == 0 && fabs(parts[1].idle - 50) < 1e-9);
    /* alone it was the one */
    energy_split(&stretch, parts + 1, 1, &rest);
    assert_true(fabs(parts[1].active - 900) < 1e-9 && rest.unattributed == 0);
    /* an empty node */
    energy_split(&stretch, NULL, 0, &rest);
    assert_true(fabs(rest.idle - 100) < 1e-9 && fabs(rest.unattributed - 900) < 1e-9);
}

static struct energy_counters at(double second, double seconds_out, double running)
{
    return (struct energy_counters){ (int64_t)(second * 1e6) + SECOND, (double)NAN, seconds_out, running, 1 };
}

static double busy(const struct energy_counters *counters, size_t count, double from, double to)
{
    return energy_busy(counters, count, (int64_t)(from * 1e6) + SECOND, (int64_t)(to * 1e6) + SECOND);
}

static void test_busy(void **state)
{
    const struct energy_counters brief[] = { at(0, 10, 0), at(5, 11, 0), at(10, 11, 0) };
    /* a request of a minute is counted when it is over; it was seen running before */
    struct energy_counters late[] = { at(0, 0, 1), at(5, 0, 1), at(10, 60, 0), at(15, 60, 0) };
    const struct energy_counters mute[] = { at(0, (double)NAN, (double)NAN), at(5, (double)NAN, (double)NAN) };

    (void)state;
    assert_true(fabs(busy(brief, 3, 0, 10) - 1) < 1e-9);
    assert_true(fabs(busy(brief, 3, 2.5, 5) - 0.5) < 1e-9); /* spread evenly */
    assert_true(fabs(busy(brief, 3, 5, 10)) < 1e-9);
    assert_true(fabs(busy(late, 4, 0, 5) - 5) < 1e-9);
    assert_true(fabs(busy(late, 4, 5, 10) - 5) < 1e-9); /* not 60 */
    assert_true(fabs(busy(late, 4, 10, 15)) < 1e-9);
    assert_true(isnan(busy(mute, 2, 0, 5)));
    assert_true(isnan(busy(brief, 3, 20, 30)));
    assert_true(isnan(busy(brief, 0, 0, 10)));
    /* another life of the engine: its counter begins at 0 */
    late[2].attempt = 2;
    late[2].seconds_out = 1;
    assert_true(fabs(busy(late, 3, 5, 10) - 2.5) < 1e-9); /* seen running at one of the two ends */
}

static void test_figures(void **state)
{
    const struct energy_account account = { 1000, 500, 2, 25, 3000, 600 };
    struct energy_figures figures = energy_figures_of(&account, 400, 1.25);
    const struct energy_account embeddings = { 1000, 0, 2, 0, 500, 0 }, nothing = { 0, 0, 0, 0, 0, 0 },
                                brief = { 20, 1, 0.001, 1e-6, 500, 0 };

    (void)state;
    assert_true(fabs(figures.prefill_per_second - 500) < 1e-9 && fabs(figures.decode_per_second - 20) < 1e-9);
    assert_true(fabs(figures.joules_per_token - 6) < 1e-9 && fabs(figures.joules_per_token_all - 7.2) < 1e-9);
    assert_true(fabs(figures.wall_wh - 1.25) < 1e-9 && fabs(figures.wh_per_1000 - 2.5) < 1e-9);
    assert_true(fabs(figures.grams - 0.5) < 1e-9);
    assert_true(isnan(energy_figures_of(&account, (double)NAN, 1).grams));
    assert_true(fabs(energy_figures_of(&embeddings, 400, 1).joules_per_token - 0.5) < 1e-9);
    assert_true(isnan(energy_figures_of(&nothing, 400, 1).joules_per_token));
    assert_true(isnan(energy_figures_of(&brief, 400, 1).decode_per_second)); /* not a million */
    assert_true(isnan(energy_figures_of(&brief, 400, 1).prefill_per_second));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_parts_are_the_whole), cmocka_unit_test(test_split),
                                        cmocka_unit_test(test_busy), cmocka_unit_test(test_figures) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
