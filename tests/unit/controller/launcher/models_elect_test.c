/* SPDX-License-Identifier: Apache-2.0 */
/* Who fetches from the origin: one, never none while somebody could, nobody while somebody has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "controller/launcher/models_elect.h"

#define NOW ((int64_t)1000 * 1000000)
#define SECOND ((int64_t)1000000)

static struct store_fetch row(int64_t id, const char *state, int64_t done)
{
    return (struct store_fetch){ .node_id = id,
                                 .node = "ai",
                                 .source = "hf://a/b",
                                 .by = "test",
                                 .state = state,
                                 .done_bytes = done,
                                 .at_us = NOW - SECOND,
                                 .node_is_active = true,
                                 .key = "k" };
}

static int seed_of(const struct store_fetch *rows, size_t count)
{
    int seed = -1;

    for (size_t i = 0; i < count; i++) {
        assert_true(seed == -1 || !rows[i].is_seed); /* never two */
        seed = rows[i].is_seed ? (int)i : seed;
    }
    return seed;
}

static int elected(struct store_fetch *rows, size_t count, bool is_young)
{
    ARENA_SCOPED arena = arena_new();
    bool changed[8];

    models_elect(arena, rows, count, NOW, is_young, changed);
    return seed_of(rows, count);
}

static void test_first_and_stays(void **state)
{
    struct store_fetch rows[] = { row(1, "wanted", 0), row(2, "wanted", 0), row(3, "wanted", 0) };

    (void)state;
    assert_int_equal(elected(rows, 3, false), 0);
    rows[2].done_bytes = 99;
    assert_int_equal(elected(rows, 3, false), 0);
    assert_true(models_is_authority(rows, 3, 0));
    assert_false(models_is_authority(rows, 3, 2));
}

static void test_the_one_with_the_most_follows(void **state)
{
    struct store_fetch rows[] = { row(1, "fetching", 500), row(2, "fetching", 300), row(3, "fetching", 400) };

    (void)state;
    rows[0].is_seed = true;
    rows[0].at_us = NOW - MODELS_SILENT_US - SECOND;
    assert_int_equal(elected(rows, 3, true), 0); /* the controller is young: silence proves nothing */
    assert_int_equal(elected(rows, 3, false), 2);
    rows[2].origin_failed = true;
    assert_int_equal(elected(rows, 3, false), 1);
    rows[1].is_bad = true;
    rows[0].at_us = NOW;
    assert_int_equal(elected(rows, 3, false), 0);
}

static void test_nobody_heard_changes_nothing(void **state)
{
    struct store_fetch rows[] = { row(1, "fetching", 5), row(2, "fetching", 3) };

    (void)state;
    rows[0].is_seed = true;
    rows[0].at_us = rows[1].at_us = 0;
    assert_int_equal(elected(rows, 2, false), 0);
}

static void test_who_has_it(void **state)
{
    struct store_fetch rows[] = { row(1, "fetching", 5), row(2, "ready", 9), row(3, "ready", 9) };

    (void)state;
    rows[0].is_seed = true;
    assert_int_equal(elected(rows, 3, false), -1);
    assert_true(models_is_authority(rows, 3, 1));
    assert_true(models_is_authority(rows, 3, 2));
    assert_false(models_is_authority(rows, 3, 0));
    /* a bad one and a lost one do not count */
    rows[1].is_bad = true;
    rows[2].node_lost_us = NOW;
    assert_int_equal(elected(rows, 3, false), 0);
    /* one that is said to have it is waited for a moment */
    rows[2] = row(3, "wanted", 0);
    rows[2].by = "holder";
    assert_int_equal(elected(rows, 3, false), -1);
    rows[2].at_us = 0;
    assert_int_equal(elected(rows, 3, false), 0);
}

static void test_all_failed(void **state)
{
    struct store_fetch rows[] = { row(1, "fetching", 5), row(2, "wanted", 0) };

    (void)state;
    rows[0].origin_failed = rows[1].origin_failed = true;
    rows[0].detail = "{\"sentence\":\"status 404\"}";
    assert_int_equal(elected(rows, 2, false), -1);
    assert_string_equal(rows[0].state, "failed");
    assert_string_equal(rows[1].state, "failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_and_stays),
        cmocka_unit_test(test_the_one_with_the_most_follows),
        cmocka_unit_test(test_nobody_heard_changes_nothing),
        cmocka_unit_test(test_who_has_it),
        cmocka_unit_test(test_all_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
