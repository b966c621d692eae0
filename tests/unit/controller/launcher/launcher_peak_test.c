/* SPDX-License-Identifier: Apache-2.0 */
/* What is learned of what pieces took: theirs, of this start, and no page cache. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "controller/launcher/launcher_peak.h"

#define BOX                                                                                                            \
    "{\"memory_peak\": 66571993088, \"rss_peak\": 62277025792, \"anon_peak\": 1073741824, \"gtt_peak\": 67645734912, " \
    "\"vram_peak\": 1048576}"

static struct store_peak peak;

static bool sum_of(const struct store_piece *rows, size_t count)
{
    struct arena *arena = arena_new();
    const struct store_piece *list[4];
    bool ok;

    for (size_t i = 0; i < count; i++)
        list[i] = &rows[i];
    ok = peak_sum(arena, list, count, 3, &peak);
    arena_free(arena);
    return ok;
}

static void test_own_memory(void **state)
{
    const struct store_piece rows[] = { { .attempt = 3, .is_wanted = true, .gpu = 1, .told = BOX } };

    (void)state;
    assert_true(sum_of(rows, 1));
    assert_int_equal(peak.gpu, 67645734912 + 1048576);
    assert_int_equal(peak.host, 1073741824); /* neither the page cache, nor the mapped file that is in GTT now */
}

static void test_on_processors(void **state)
{
    const struct store_piece rows[] = {
        { .attempt = 3, .is_wanted = true, .told = "{\"memory_peak\": 70, \"rss_peak\": 60, \"anon_peak\": 2}" },
        { .attempt = 3, .is_wanted = true, .told = "{\"memory_peak\": 50}" }, /* a node that tells no more */
    };

    (void)state;
    assert_true(sum_of(rows, 2));
    assert_int_equal(peak.gpu, 0);
    assert_int_equal(peak.host, 60 + 50);
}

static void test_this_start(void **state)
{
    const struct store_piece rows[] = {
        { .attempt = 2, .is_wanted = false, .gpu = 1, .told = BOX }, /* of a lost node */
        { .attempt = 3, .is_wanted = false, .gpu = 1, .told = BOX },
        { .attempt = 2, .is_wanted = true, .gpu = 1, .told = BOX },
        { .attempt = 3, .is_wanted = true, .gpu = 1, .told = "{\"anon_peak\": 5, \"gtt_peak\": 7}" },
    };

    (void)state;
    assert_true(sum_of(rows, 4));
    assert_int_equal(peak.gpu, 7);
    assert_int_equal(peak.host, 5);
    assert_false(sum_of(rows, 3)); /* none of this start */
}

static void test_not_whole(void **state)
{
    const struct store_piece rows[] = {
        { .attempt = 3, .is_wanted = true, .gpu = 1, .told = BOX },
        { .attempt = 3, .is_wanted = true, .gpu = 1, .told = NULL },
    };
    const struct store_piece hidden = { .attempt = 3, .is_wanted = true, .gpu = 1, .told = "{\"rss_peak\": 5}" };

    (void)state;
    assert_false(sum_of(rows, 2));
    assert_false(sum_of(&hidden, 1)); /* what it has on the GPU nobody sees */
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_own_memory), cmocka_unit_test(test_on_processors),
                                        cmocka_unit_test(test_this_start), cmocka_unit_test(test_not_whole) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
